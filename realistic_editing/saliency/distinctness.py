"""What makes a patch distinct (Margolin et al., 2013): saliency from a photo's own statistics, with nothing learned."""
import cv2
import numpy as np
import torch
from torch import nn

from realistic_editing.data.pixels import resize

_FADE = 5.0  # pixels of the working size; the published maps rise from black to their level over so many at the border
_TOP = 0.01  # the mean of this share of the highest values becomes 1, so that one pixel does not set the scale
# In units of Lab: no difference that 8 bits can hold is so small, but the rounding of a flat photo is.
_NOISE = 1e-2


class PatchDistinctness(nn.Module):
    """Saliency as patches unlike the average patch, in segments coloured unlike the others (Margolin, Tal and
    Zelnik-Manor, "What makes a patch distinct?", CVPR 2013).

    The structure is the paper's: "Pattern distinctness" and "Color distinctness", each averaged over three scales, and,
    in "Putting it all together", multiplied and weighted by where distinct pixels gather and by the centre. So that the
    maps agree with the published ones of the Mechrez set, a handful of constants was chosen on 56 of its input photos, and
    two steps follow those maps and not the paper's text: closed outlines are filled with their own pattern
    distinctness, and the map fades to 0 at the border. Nothing is trained.

    Args:
        longest_side: of the photo while it is measured, in pixels; the published maps have 256, the paper names 250.
        patch: side of a patch in pixels, odd. The paper has 9; 5 fits the published maps better, and is faster.
        scales: of the photo, as shares of `longest_side`.
        segment: side of a SLIC segment in pixels, at every scale.
        compactness: of the segments: how many units of Lab weigh as much as one `segment` of distance.
        prior_sigma: standard deviation of the prior's Gaussians in pixels, at `longest_side`; None: no prior, as
            the published maps seem to be made: each narrower one that was tried fits them worse.
        centre_weight: of the Gaussian at the photo's centre; those of the clusters weigh their threshold, in (0, 1].

    Raises:
        ValueError: when `patch` is even or below 3, or a size or scale is not positive.
    """

    def __init__(
        self,
        longest_side: int = 256,
        patch: int = 5,
        scales: tuple[float, ...] = (1.0, 0.5, 0.25),
        segment: int = 12,
        compactness: float = 15.0,
        prior_sigma: float | None = None,
        centre_weight: float = 5.0,
    ) -> None:
        super().__init__()
        if patch < 3 or patch % 2 == 0:
            raise ValueError(f"patch is {patch}; expected an odd number of pixels, at least 3")
        if longest_side < 1 or segment < 1 or not scales or min(scales) <= 0:
            raise ValueError(f"longest_side {longest_side}, segment {segment}, scales {scales}: expected numbers above 0")
        self.longest_side, self.patch, self.scales = longest_side, patch, tuple(scales)
        self.segment, self.compactness = segment, compactness
        self.prior_sigma, self.centre_weight = prior_sigma, centre_weight

    @torch.no_grad()
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Measure saliency, without gradients; on the CPU, whatever the device.

        Args:
            image: (B, 3, H, W) float RGB (sRGB) in [0, 1], any size.

        Returns:
            (B, 1, H, W) float32 in [0, 1], at the size and on the device of `image`; 0 all over for a flat photo.

        Raises:
            ValueError: when `image` has another shape.
        """
        if image.ndim != 4 or image.shape[1] != 3:
            raise ValueError(f"image is {tuple(image.shape)}; expected (B, 3, H, W)")
        height, width = image.shape[-2:]
        photos = image.float().permute(0, 2, 3, 1).contiguous().cpu().numpy()  # (B, H, W, 3)
        maps = [np.clip(resize(self._map(photo), (height, width)), 0, 1) for photo in photos]
        return torch.from_numpy(np.stack(maps)[:, None]).to(image.device) if maps else image.new_zeros(0, 1, height, width)

    def _map(self, photo: np.ndarray) -> np.ndarray:
        """(H, W, 3) float32 -> (h, w) float32 in [0, 1], its longest side as asked."""
        photo = _scaled(photo, self.longest_side / max(photo.shape[:2]))
        size = photo.shape[:2]
        pattern, colour = np.zeros(size, np.float32), np.zeros(size, np.float32)
        for scale in self.scales:
            lab = cv2.cvtColor(_scaled(photo, scale), cv2.COLOR_RGB2Lab)
            segments, colours = slic(lab, self.segment, self.compactness)
            pattern += resize(_by_mean(pattern_distinctness(lab, segments, self.patch)), size)
            colour += resize(_by_mean(colour_distinctness(segments, colours)), size)
        distinctness = _by_top(fill_holes(pattern) * colour * _fade(size))
        if self.prior_sigma is not None:
            distinctness = _by_top(distinctness * importance(distinctness, self.prior_sigma, self.centre_weight))
        return distinctness


def slic(lab: np.ndarray, segment: int, compactness: float, iterations: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Segment a photo by k-means in colour and place (SLIC: Achanta et al., PAMI 2012), each pixel among 9 centres.

    Segments need not be connected: only their mean colours and variances are used here.

    Args:
        lab: (H, W, 3) float32, CIELAB.
        segment: side of a segment in pixels, about.
        compactness: Lab units that weigh as much as `segment` pixels.
        iterations: of k-means.

    Returns:
        (H, W) int segment of each pixel, and (K, 3) float32 mean Lab of each; a segment may have no pixel.
    """
    height, width = lab.shape[:2]
    rows, columns = -(-height // segment), -(-width // segment)
    y, x = np.mgrid[: rows * segment, : columns * segment].astype(np.float32) * np.float32(compactness / segment)
    beyond = ((0, rows * segment - height), (0, columns * segment - width), (0, 0))
    features = np.dstack([np.pad(lab, beyond, mode="edge"), y, x])
    # (rows * segment, columns * segment, 5) -> (rows, columns, segment ** 2, 5): the pixels of each starting cell
    cells = features.reshape(rows, segment, columns, segment, 5).swapaxes(1, 2).reshape(rows, columns, -1, 5)
    centres = cells.mean(axis=2).reshape(-1, 5)
    row, column = np.mgrid[:rows, :columns]
    step = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)])
    near = np.clip(row[..., None] + step[:, 0], 0, rows - 1) * columns + np.clip(column[..., None] + step[:, 1], 0, columns - 1)
    for _ in range(iterations):
        candidates = centres[near]  # (rows, columns, 9, 5)
        # |pixel - centre|^2 without |pixel|^2, which is the same for all nine.
        distance = np.square(candidates).sum(axis=-1)[:, :, None] - 2 * cells @ candidates.swapaxes(-1, -2)
        label = np.take_along_axis(near, distance.argmin(axis=-1), axis=-1)  # (rows, columns, segment ** 2)
        segments = label.reshape(rows, columns, segment, segment).swapaxes(1, 2).reshape(rows * segment, -1)[:height, :width]
        count = np.bincount(segments.ravel(), minlength=len(centres))
        inside = features[:height, :width].reshape(-1, 5)
        total = np.stack([np.bincount(segments.ravel(), inside[:, k], len(centres)) for k in range(5)], axis=1)
        centres = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], centres).astype(np.float32)
    return segments, centres[:, :3]


def pattern_distinctness(lab: np.ndarray, segments: np.ndarray, patch: int) -> np.ndarray:
    """How far each patch lies from the average patch along the principal components of patches ("Pattern distinctness").

    The components are those of the patches in the segments that vary most, above the 25th percentile: flat patches
    are many, and would only say what is the same in all. Each channel is measured by itself, and the three are added.

    Args:
        lab: (H, W, 3) float32, CIELAB; beyond the border it repeats its last pixels.
        segments: (H, W) int, from `slic`.
        patch: side of a patch in pixels, odd.

    Returns:
        (H, W) float32, >= 0: the L1 norm in coordinates of the components, in units of Lab.
    """
    around = patch // 2
    padded = cv2.copyMakeBorder(lab, around, around, around, around, cv2.BORDER_REPLICATE)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch), axis=(0, 1))  # (H, W, 3, patch, patch)
    total = np.zeros(segments.size, np.float32)
    for channel in range(3):
        patches = windows[:, :, channel].reshape(segments.size, patch * patch)
        patches = patches - patches.mean(axis=1, keepdims=True)  # the light that falls on a patch is not its pattern
        chosen = patches[_varied(np.square(patches).mean(axis=1), segments)]
        average = chosen.mean(axis=0)
        _, components = np.linalg.eigh((chosen - average).T @ (chosen - average))
        total += np.abs((patches - average) @ components).sum(axis=1)
    return total.reshape(segments.shape)


def _varied(variance: np.ndarray, segments: np.ndarray, percentile: float = 25.0) -> np.ndarray:
    """Which pixels lie in the segments of most variance: (H * W,) of each patch, (H, W) -> (H * W,) bool."""
    label = segments.ravel()
    count = np.bincount(label)
    mean = np.bincount(label, variance) / np.maximum(count, 1)
    return (mean >= np.percentile(mean[count > 0], percentile))[label]


def colour_distinctness(segments: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """How far each segment's colour lies from the others' ("Color distinctness").

    Args:
        segments: (H, W) int, from `slic`.
        colours: (K, 3) mean Lab of each segment.

    Returns:
        (H, W) float32, >= 0: the mean Euclidean distance to all segments, in units of Lab. The paper's sum is that
        times their number.
    """
    present = colours[np.bincount(segments.ravel(), minlength=len(colours)) > 0]
    distance = np.linalg.norm(colours[:, None] - present, axis=-1).mean(axis=1)  # (K,)
    return distance.astype(np.float32)[segments]


def fill_holes(pattern: np.ndarray, levels: int = 48) -> np.ndarray:
    """Raise each pixel to the lowest outline that encloses it: an object's calm inside belongs to its distinct edge.

    Args:
        pattern: (H, W) float32.
        levels: heights at which an outline is looked for, between the lowest value and the highest.

    Returns:
        (H, W) float32, >= `pattern`; equal to it where a way to the border never climbs above it.
    """
    filled = pattern.copy()
    for level in np.linspace(pattern.min(), pattern.max(), levels, endpoint=False):
        above = cv2.copyMakeBorder((pattern > level).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        cv2.floodFill(above, None, (0, 0), 2)
        enclosed = above[1:-1, 1:-1] == 0
        filled[enclosed] = level  # levels rise
    return np.maximum(filled, pattern)


def importance(distinctness: np.ndarray, sigma: float, centre_weight: float, thresholds: int = 10) -> np.ndarray:
    """Where a photo's distinct pixels gather, and its centre (the organisation prior of "Putting it all together").

    Args:
        distinctness: (H, W) float in [0, 1].
        sigma: standard deviation of each Gaussian in pixels.
        centre_weight: of the Gaussian at the centre.
        thresholds: evenly spaced in (0, 1]; the pixels at or above each have a Gaussian at their centre of mass, which
            weighs as much as the threshold.

    Returns:
        (H, W) float32 in (0, 1], 1 at the highest.
    """
    height, width = distinctness.shape
    points = [((height - 1) / 2, (width - 1) / 2, centre_weight)]
    for threshold in np.arange(1, thresholds + 1) / thresholds:
        rows, columns = np.nonzero(distinctness >= threshold)
        if len(rows):
            points.append((rows.mean(), columns.mean(), threshold))
    y, x, weight = np.array(points).T
    down = np.exp(-np.square((np.arange(height)[:, None] - y) / sigma) / 2)  # (H, points)
    across = np.exp(-np.square((np.arange(width)[:, None] - x) / sigma) / 2)
    total = (down * weight) @ across.T
    return (total / total.max()).astype(np.float32)


def _scaled(photo: np.ndarray, scale: float) -> np.ndarray:
    return resize(photo, tuple(max(1, round(side * scale)) for side in photo.shape[:2]))


def _by_mean(values: np.ndarray) -> np.ndarray:
    """In units of the mean: scales, and pattern and colour, then weigh alike. 0 where there is only rounding."""
    mean = values.mean()
    return values / mean if mean > _NOISE else np.zeros_like(values)


def _by_top(values: np.ndarray) -> np.ndarray:
    top = np.sort(values, axis=None)[-max(1, round(values.size * _TOP)) :].mean()
    return np.minimum(values / top, 1) if top > 0 else values


def _fade(size: tuple[int, int]) -> np.ndarray:
    height, width = (np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5 for side in size)
    return np.clip(np.minimum(height[:, None], width) / _FADE, 0, 1).astype(np.float32)
