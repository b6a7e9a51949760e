"""Saliency retargeting: luminance, saturation and sharpness of segments, until their saliency has the order asked for."""
from collections.abc import Callable

import cv2
import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.ndimage import distance_transform_edt

from realistic_editing.baselines.gamut import fit_chroma, lab_to_rgb, rgb_to_lab
from realistic_editing.baselines.method import Baseline
from realistic_editing.data.pixels import resize
from realistic_editing.saliency.distinctness import slic
from realistic_editing.weights import load_network

Model = Callable[[torch.Tensor], torch.Tensor]
Bounds = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

_SEGMENT, _COMPACTNESS = 16, 15.0  # of the SLIC segments that are merged, in pixels of the working size and units of Lab
_APART = 40.0  # units of Lab that weigh as much, when segments are merged, as the whole longest side
_FEATHER = 2.0  # pixels of the working size by which the edits of neighbouring segments run into each other
_MET = 1e-4  # loss at which the order counts as reached: a hundredth of the photo's mean saliency off
_UNEVEN = 0.2  # of the bounds: by how much background segments differ at the start
_BLUR = 0.004  # of the longest side: standard deviation of the Gaussian that takes detail away


class SaliencyOrder(Baseline):
    """WRS: an offset of lightness, a factor of chroma and an amount of sharpening or blurring for the region and for
    each of some segments of the background, such that the region's mean saliency comes first (amplify) or last
    (attenuate); of several such edits the one that looks best by a model of aesthetics. Hue stays.

    Args:
        saliency: (B, 3, H, W) RGB in [0, 1] -> (B, 1, H, W) >= 0; its gradients are used where it has any. None: the
            bundled compact network.
        aesthetics: (B, 3, H, W) RGB in [0, 1] -> (B,), higher is better; such as a NIMA network. None: `plain_aesthetics`.
        segments: of the background.
        restarts: random edits that are looked at.
        kept: of those, the number that are optimised, from the nearest to the order asked for.
        steps: of Adam.
        margin: by which a segment's saliency has to come before the next, in units of the photo's mean saliency.
        smallness: weight of the squared size of an edit, in units of its bounds.
        region_bounds, background_bounds: least and largest offset of lightness (L in [0, 100]), factor of chroma, and
            sharpening (below 0: blurring; at -1 the detail is gone).
        brighten_above: the mean saliency, in units of the photo's, from which a region that is to be amplified is brightened; a
            fainter one is darkened. None: either may be.
        least: the nearest to 0 that its offset of lightness then comes, darkened and brightened; within `region_bounds`.
        side: longest side in pixels at which the edit is looked for.
        seed: of the restarts.

    Raises:
        ValueError: when a count is below 1, or more are kept than there are restarts.
    """

    name = "wrs"
    citation = (
        'L.-K. Wong and K.-L. Low, "Saliency retargeting: An approach to enhance image aesthetics", '
        "Workshop on Applications of Computer Vision (WACV), 2011"
    )
    choices = (
        "The paper's trained model of aesthetics is not public. It is replaced by the sum of two published measures, "
        "colourfulness (Hasler and Suesstrunk, 2003) and RMS contrast, each in logarithms (aesthetics).",
        "The loss, its margin, the solver and the number of segments are ours; segments are merged SLIC.",
        "The bounds of lightness and chroma are about the 10th and 90th percentile of the published results of the photos with "
        "odd numbers, of a region's lightness apart for darkened and brightened ones; those of sharpness are ours. The "
        "published background hardly ever brightens, so ours may only darken: that the two agree in this is by construction "
        "(region_bounds, background_bounds, least).",
        "The published results darken almost as many objects as they brighten, and hardly leave one as it is. Nothing that "
        "the paper's outline names predicts which: neither the lightness around, nor which way saliency, or our replacement of "
        "aesthetics, would rise more. What predicts a little is how salient the object was: published results darken faint "
        "objects and brighten salient ones, and so does ours when it amplifies. That agrees in 65 % of photos; to "
        "brighten always would in 55 % (docs/methods.md). Which cue to use, was seen on all photos.",
        "Only the order of the region against each segment is asked for; that of the others is free.",
        "Background segments start nearly alike, because the published results change the background almost evenly.",
        "Those bounds serve attenuation too: a region is calmed by itself, never by a brighter background, and may become "
        "darker or brighter.",
        "The order's loss is a mean over segments, where a sum was read, so that its weight beside the size of the edit does "
        "not depend on their number; 16 starts, of which the best 4 take 6 steps of Adam, stand for a finer solver's restarts.",
        "A mask that leaves no segment outside asks for no order, and changes nothing.",
        "Saliency is that of the bundled network, not of the model of that time (saliency).",
    )
    background = True

    def __init__(
        self,
        saliency: Model | None = None,
        aesthetics: Model | None = None,
        segments: int = 20,
        restarts: int = 16,
        kept: int = 4,
        steps: int = 6,
        margin: float = 0.1,
        smallness: float = 1e-3,
        region_bounds: Bounds = ((-20.0, 15.0), (0.6, 1.6), (-1.0, 1.0)),
        background_bounds: Bounds = ((-18.0, 0.0), (0.55, 1.3), (-0.5, 0.8)),
        brighten_above: float | None = 1.4,
        least: tuple[float, float] = (-8.0, 5.0),
        side: int = 192,
        seed: int = 0,
    ) -> None:
        if min(segments, restarts, kept, side) < 1 or steps < 0 or kept > restarts:
            raise ValueError(
                f"segments {segments}, restarts {restarts}, kept {kept}, steps {steps}, side {side}: expected numbers from 1, "
                "steps from 0, and no more kept than restarts"
            )
        self.saliency = load_network("compact_saliency", kind="saliency") if saliency is None else saliency
        self.aesthetics = aesthetics or plain_aesthetics
        self.segments, self.restarts, self.kept, self.steps = segments, restarts, kept, steps
        self.margin, self.smallness, self.side, self.seed = margin, smallness, side, seed
        self.bounds = torch.tensor([region_bounds, background_bounds], dtype=torch.float32)  # (2, 3, 2)
        self.bounds[:, 0] /= 100
        self.brighten_above, self.least = brighten_above, (least[0] / 100, least[1] / 100)

    def change(self, image: np.ndarray, mask: np.ndarray, task: str) -> np.ndarray:
        """Edit region and background; see `Baseline.change`."""
        small, small_mask = self._reduced(image, mask)
        if not (small_mask < 0.5).any():
            return image  # nothing to stand before or behind
        weights = segment_weights(small, small_mask, self.segments)
        amounts = self._solve(small, small_mask, weights, task)  # (K + 1, 3)
        around = np.einsum("kc,khw->hwc", amounts[1:].numpy(), weights.numpy())
        around = torch.from_numpy(resize(np.ascontiguousarray(around), mask.shape)).permute(2, 0, 1)
        inside = torch.from_numpy(mask)
        fields = around + inside * (amounts[0][:, None, None] - around)  # (3, H, W)
        return _pixels(lab_to_rgb(fit_chroma(edited(*_parts(image), fields[None])))[0])

    def relative_saliency_of(self, image: np.ndarray, mask: np.ndarray) -> float:
        """A region's mean saliency before any edit, in units of the photo's, to compare to `brighten_above`.

        Args:
            image: (H, W, 3) float32 RGB in [0, 1].
            mask: (H, W) float32 in [0, 1].
        """
        small, small_mask = self._reduced(image, mask)
        return self._relative_saliency(_parts(small)[0], torch.from_numpy(small_mask)[None])[1]

    def _reduced(self, image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both at the working size."""
        scale = min(1.0, self.side / max(mask.shape))
        size = tuple(max(1, round(side * scale)) for side in mask.shape)
        return resize(image, size), resize(mask, size)

    @torch.no_grad()
    def _relative_saliency(self, lab: torch.Tensor, region: torch.Tensor) -> tuple[torch.Tensor, float]:
        """The photo's mean saliency, and the region's (1, H, W) in units of it."""
        saliency = self.saliency(lab_to_rgb(lab).clamp(0, 1))
        unit = saliency.mean().clamp(min=1e-6)
        return unit, float(mean_in(saliency, region) / unit)

    def _solve(self, image: np.ndarray, mask: np.ndarray, weights: torch.Tensor, task: str) -> torch.Tensor:
        """The chosen edit: (K + 1, 3) amounts, the region's first."""
        lab, detail = _parts(image)
        inside = torch.from_numpy(mask)
        zones = torch.cat([inside[None], weights * (1 - inside)])  # (K + 1, h, w)
        bounds = self.bounds[[0] + [1] * len(weights)]  # (K + 1, 3, 2)
        unit, relative_saliency = self._relative_saliency(lab, zones[:1])
        if task == "amplify" and self.brighten_above is not None:
            bright = relative_saliency >= self.brighten_above
            low, high = bounds[0, 0].tolist()
            bounds[0, 0, 0 if bright else 1] = min(max(self.least[bright], low), high)

        def look(share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            """Edits (R, K + 1, 3) in [0, 1] of their bounds -> photos, loss (R,), how far off the order is (R,)."""
            fields = torch.einsum("rkc,khw->rchw", bounds[..., 0] + share * (bounds[..., 1] - bounds[..., 0]), zones)
            photos = lab_to_rgb(edited(lab, detail, fields)).clamp(0, 1)
            off = order_loss(mean_in(self.saliency(photos), zones) / unit, task, self.margin)
            return photos, off + self.smallness * (share - neutral).square().sum(dim=(1, 2)), off

        neutral = ((_NEUTRAL - bounds[..., 0]) / (bounds[..., 1] - bounds[..., 0]).clamp(min=1e-6)).clamp(0, 1)
        share = self._starts(len(weights))
        with torch.no_grad():
            share = share[look(share)[2].argsort(stable=True)[: self.kept]].clone()
        share = self._descend(share, look)
        with torch.no_grad():
            photos, _, off = look(share)
            beauty = self.aesthetics(photos)
        met = off <= _MET
        best = int(torch.where(met, beauty, -torch.inf).argmax() if met.any() else off.argmin())
        return bounds[..., 0] + share[best] * (bounds[..., 1] - bounds[..., 0])

    def _descend(self, share: torch.Tensor, look: Callable) -> torch.Tensor:
        """Improve edits within their bounds; as they are where the saliency model passes no gradients."""
        share.requires_grad_()
        optimiser = torch.optim.Adam([share], lr=0.1)
        for _ in range(self.steps):
            _, loss, off = look(share)
            if not off.requires_grad:
                break
            moving = (off > _MET)[:, None, None]  # what has the order stays: Adam would shrink it by whole steps
            share.grad = torch.autograd.grad(loss.sum(), share)[0]
            before = share.detach().clone()
            optimiser.step()
            with torch.no_grad():
                share.copy_(torch.where(moving, share.clamp(0, 1), before))
        return share.detach()

    def _starts(self, count: int) -> torch.Tensor:
        """(R, K + 1, 3) random edits in [0, 1]."""
        generator = torch.Generator().manual_seed(self.seed)
        region, ground = torch.rand(2, self.restarts, 1, 3, generator=generator)
        apart = _UNEVEN * (torch.rand(self.restarts, count, 3, generator=generator) - 0.5)
        return torch.cat([region, (ground + apart).clamp(0, 1)], dim=1)


_NEUTRAL = torch.tensor([0.0, 1.0, 0.0])  # what changes nothing


def plain_aesthetics(images: torch.Tensor) -> torch.Tensor:
    """How colourful and how rich in contrast photos are: a replacement where there is no trained model of aesthetics.

    Args:
        images: (B, 3, H, W) RGB in [0, 1].

    Returns:
        (B,): the logarithm of colourfulness (Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003)
        plus that of the standard deviation of lightness (RMS contrast).
    """
    red, green, blue = (255 * images).flatten(2).unbind(dim=1)  # (B, H * W) each
    first, second = red - green, (red + green) / 2 - blue
    spread = torch.hypot(first.std(dim=1), second.std(dim=1))
    colourful = spread + 0.3 * torch.hypot(first.mean(dim=1), second.mean(dim=1))
    contrast = 100 * rgb_to_lab(images)[:, 0].flatten(1).std(dim=1)
    return torch.log(colourful + 1) + torch.log(contrast + 1)


def order_loss(saliency: torch.Tensor, task: str, margin: float) -> torch.Tensor:
    """How far the saliency of segments is from the order asked for.

    Args:
        saliency: (B, K + 1), the region's first.
        task: amplify: the region before each other segment; attenuate: behind.
        margin: that it has to keep.

    Returns:
        (B,): the mean over segments of max(0, margin + that segment's - the region's) ** 2, or with the two exchanged.
    """
    behind = saliency[:, 1:] - saliency[:, :1]
    return (margin + (behind if task == "amplify" else -behind)).clamp(min=0).square().mean(dim=1)


def mean_in(saliency: torch.Tensor, zones: torch.Tensor) -> torch.Tensor:
    """Means of maps (B, 1, H, W) weighted by zones (K, H, W): (B, K)."""
    total = torch.einsum("bhw,khw->bk", saliency[:, 0], zones)
    return total / zones.sum(dim=(1, 2)).clamp(min=1e-6)


def edited(lab: torch.Tensor, detail: torch.Tensor, fields: torch.Tensor) -> torch.Tensor:
    """Change lightness, chroma and sharpness.

    Args:
        lab: (1, 3, H, W) CIELAB divided by 100.
        detail: (1, 1, H, W), lightness less its blurred self.
        fields: (B, 3, H, W): offset of lightness, factor of chroma, share of the detail to add; 0, 1, 0 change nothing.

    Returns:
        (B, 3, H, W) CIELAB divided by 100, L in [0, 1].
    """
    offset, factor, sharpening = fields.split(1, dim=1)
    return torch.cat([(lab[:, :1] + offset + sharpening * detail).clamp(0, 1), lab[:, 1:] * factor], dim=1)


def segment_weights(image: np.ndarray, mask: np.ndarray, count: int) -> torch.Tensor:
    """Divide the background into segments of like colour: SLIC, merged by Ward's criterion in colour and place.

    Args:
        image: (H, W, 3) float32 RGB in [0, 1].
        mask: (H, W) in [0, 1], the region, which belongs to no segment.
        count: of segments, at most.

    Returns:
        (K, H, W) float32 that sum to 1 everywhere, under the mask too, where the nearest segment goes on; one segment of
        1 where the mask is everywhere.
    """
    outside = mask < 0.5
    if not outside.any():
        return torch.ones(1, *mask.shape)
    fine, colours = slic(cv2.cvtColor(image, cv2.COLOR_RGB2Lab), _SEGMENT, _COMPACTNESS)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    present, index, size = np.unique(fine[outside], return_inverse=True, return_counts=True)
    place = np.stack([np.bincount(index, axis[outside]) / size for axis in (y, x)], axis=1)
    description = np.hstack([colours[present], place * (_APART / max(mask.shape))])
    merged = fcluster(linkage(description, "ward"), count, "maxclust") - 1 if len(present) > 1 else np.zeros(1, int)
    labels = np.zeros(mask.shape, int)
    labels[outside] = merged[index]
    nearest = distance_transform_edt(~outside, return_distances=False, return_indices=True)
    labels = labels[tuple(nearest)]
    sharp = [(labels == label).astype(np.float32) for label in range(merged.max() + 1)]
    soft = np.stack([cv2.GaussianBlur(part, (0, 0), _FEATHER) for part in sharp])
    return torch.from_numpy(soft / soft.sum(axis=0))


def _parts(image: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """(H, W, 3) RGB -> (1, 3, H, W) CIELAB / 100, and (1, 1, H, W) the detail of its lightness."""
    lab = rgb_to_lab(torch.from_numpy(image).permute(2, 0, 1)[None])
    light = lab[0, 0].numpy()
    blurred = cv2.GaussianBlur(light, (0, 0), max(0.5, _BLUR * max(light.shape)))
    return lab, torch.from_numpy(light - blurred)[None, None]


def _pixels(image: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy())  # (3, H, W) -> (H, W, 3)
