"""Train a saliency network on eye tracking, and on what its teachers expect of photos that nobody was tracked on."""
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from realistic_editing.common.errors import InputError
from realistic_editing.common.progress import validating
from realistic_editing.data.gaze import GazeDataset, GazePhoto
from realistic_editing.data.photos import Joined, UnlabelledPhotos
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import train_and_val
from realistic_editing.saliency import measures
from realistic_editing.saliency.losses import saliency_map_loss
from realistic_editing.saliency.ranking import WithRegions, draw_pairs, ranking_loss


class SaliencyProblem:
    """Eye tracking in, a saliency network out: what `training.fit` needs to know.

    Args:
        network: image (B, 3, H, W) -> map (B, 1, H, W) in [0, 1].
        photos: train and validation photos, by their `split`.
        size: (height, width) of the photos in training.
        weights: keyword weights of `saliency_map_loss`.
        zoom: least share of each side that a random crop keeps; 1 = no crops.
        jitter: greatest relative change of the whole photo's brightness and contrast. Colour is left alone, because the
            network must learn what colour does to attention.
        teachers: trained networks whose mean map the network learns to predict, beside the fixations (distillation).
        teacher_weight: of that part of the loss.
        unlabelled: photos that only the teachers say something about.
        regions: regions of other photos to edit, of which it learns which edit draws more attention; see `ranking`.
        ranked: {"weight": of that part of the loss, "margin": see `ranking_loss`}.

    Raises:
        InputError: when training or validation is left without a photo, or unlabelled photos have no teacher.
    """

    monitor, mode = "cc", "max"

    def __init__(
        self,
        network: nn.Module,
        photos: Sequence[GazePhoto],
        size: tuple[int, int],
        weights: dict[str, float],
        zoom: float = 0.7,
        jitter: float = 0.2,
        teachers: Sequence[nn.Module] = (),
        teacher_weight: float = 1.0,
        unlabelled: Sequence[Path] = (),
        regions: Sequence[Region] = (),
        ranked: Mapping[str, float] = MappingProxyType({"weight": 0.0, "margin": 0.1}),
    ) -> None:
        if len(unlabelled) and not teachers:
            raise InputError(f"{len(unlabelled)} photos without eye tracking and no teacher; set teachers=[weights, ...]")
        self.network, self.weights, self.zoom, self.jitter = network, dict(weights), zoom, jitter
        self.teachers = [teacher.eval().requires_grad_(False) for teacher in teachers]
        self.teacher_weight, self.ranked = teacher_weight, dict(ranked)
        train, val = train_and_val(photos, "photos")
        self.train_data = Joined(GazeDataset(train, tuple(size)), UnlabelledPhotos(unlabelled, tuple(size)))
        if self.ranked["weight"]:
            self.mode = "last"  # CC is best before anything of edits is learned
            self.train_data = WithRegions(self.train_data, [one for one in regions if one.split == "train"], min(size))
        self.val_data = GazeDataset(val, tuple(size))

    def losses(self, network: nn.Module, batch: Sequence[torch.Tensor], generator: torch.Generator) -> dict:
        """KL, CC, NSS and scale on randomly cropped photos; "taught" is that sum against the teachers, "ranked" of edits."""
        image, density, fixations = augment(*batch[:3], generator, self.zoom, self.jitter)
        pictures, (mask, way) = [image], (None, None)
        if self.ranked["weight"]:
            before, after, way = draw_pairs(*batch[3:], generator)
            pictures += [F.interpolate(one, image.shape[-2:], mode="bilinear", antialias=True) for one in (before, after)]
            mask = F.interpolate(batch[4], image.shape[-2:], mode="bilinear", antialias=True)
        predicted, *pair = network(torch.cat(pictures)).split(len(image))
        tracked = (fixations.sum(dim=(1, 2, 3)) > 0).to(predicted.dtype)  # (B,)
        terms = saliency_map_loss(predicted, density, fixations, sample_weight=tracked, **self.weights)
        if self.teachers:
            with torch.no_grad():
                expected = torch.stack([teacher.to(image.device)(image).float() for teacher in self.teachers]).mean(dim=0)
            # A teacher's map is both: how likely a look is at each pixel, and the scale to agree with.
            terms["taught"] = saliency_map_loss(predicted, expected, expected, target=expected, **self.weights)["total"]
            terms["total"] = terms["total"] + self.teacher_weight * terms["taught"]
        if self.ranked["weight"]:
            terms |= ranking_loss(*pair, mask, way, self.ranked["margin"])
            terms["total"] = terms["total"] + self.ranked["weight"] * terms["ranked"]
        return terms

    def evaluate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """CC, NSS, SIM, KL and AUC-Judd, means over the validation photos."""
        return measure(network, self.val_data, device)

    def sheet(self, network: nn.Module, device: torch.device, rows: int = 4) -> np.ndarray:
        """Photo, fixation density and prediction, side by side: H x W x 3 uint8."""
        lines = []
        for index in range(min(rows, len(self.val_data))):
            image, density, _ = self.val_data[index]
            predicted = network(image[None].to(device))[0].float().cpu()
            maps = [(part / part.max()).expand(3, -1, -1) for part in (density, predicted)]
            lines.append(torch.cat([image, *maps], dim=2))
        return (torch.cat(lines, dim=1).permute(1, 2, 0).clamp(0, 1) * 255).byte().numpy()


def augment(
    image: torch.Tensor,
    density: torch.Tensor,
    fixations: torch.Tensor,
    generator: torch.Generator,
    zoom: float,
    jitter: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Crop each sample at random, and change its brightness and contrast.

    Args:
        image: (B, 3, H, W) in [0, 1]; density (B, 1, H, W) and fixations (B, 1, H, W) belong to it.
        generator: on the tensors' device; decides everything.
        zoom, jitter: see `SaliencyProblem`.

    Returns:
        The three, same shapes. A crop that would lose more than half of the density is not taken.
    """
    batch, device = len(image), image.device
    kept = zoom + (1 - zoom) * torch.rand(batch, generator=generator, device=device)
    shift = (1 - kept)[:, None] * (2 * torch.rand(batch, 2, generator=generator, device=device) - 1)

    def crop(tensor: torch.Tensor, kept: torch.Tensor, shift: torch.Tensor, mode: str) -> torch.Tensor:
        theta = torch.zeros(batch, 2, 3, device=device)
        theta[:, 0, 0] = theta[:, 1, 1] = kept
        theta[:, :, 2] = shift
        grid = F.affine_grid(theta, list(tensor.shape), align_corners=False)
        # A crop leaves the frame by half a pixel at most, where reflection is the border; mps does not have "border"
        # before PyTorch 2.13.
        return F.grid_sample(tensor, grid, mode=mode, padding_mode="reflection", align_corners=False)

    cropped = crop(density, kept, shift, "bilinear")
    remains = cropped.sum(dim=(1, 2, 3)) * kept**2 >= 0.5 * density.sum(dim=(1, 2, 3))
    kept = torch.where(remains, kept, torch.ones_like(kept))
    shift = torch.where(remains[:, None], shift, torch.zeros_like(shift))
    image, density = crop(image, kept, shift, "bilinear"), crop(density, kept, shift, "bilinear")
    fixations = crop(fixations, kept, shift, "nearest")
    gain, bias = 1 + jitter * (2 * torch.rand(2, batch, 1, 1, 1, generator=generator, device=device) - 1)
    mean = image.mean(dim=(1, 2, 3), keepdim=True)
    return (((image - mean) * gain + mean) * bias).clamp(0, 1), density, fixations


def measure(network: nn.Module, data: GazeDataset, device: torch.device, batch_size: int = 8) -> dict[str, float]:
    """The measures of `saliency.measures`, means over photos.

    Args:
        network: as for `SaliencyProblem`, in evaluation mode.
        data: photos with fixations.
        device: where the network is.
        batch_size: photos at once.

    Returns:
        {"cc", "nss", "sim", "kl", "auc_judd"}.
    """
    rows: dict[str, list[float]] = {}
    for image, density, fixations in validating(DataLoader(data, batch_size=batch_size)):
        predicted = network(image.to(device)).float().cpu()
        found = {
            "cc": measures.cc(predicted, density),
            "nss": measures.nss(predicted, fixations),
            "sim": measures.sim(predicted, density),
            "kl": measures.kl(predicted, density),
            "auc_judd": torch.tensor(
                [measures.auc_judd(p[0].numpy(), f[0].numpy()) for p, f in zip(predicted, fixations, strict=True)]
            ),
        }
        for name, values in found.items():
            rows.setdefault(name, []).extend(values.tolist())
    return {name: float(np.mean(values)) for name, values in rows.items()}
