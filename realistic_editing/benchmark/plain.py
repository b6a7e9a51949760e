"""Training steps written the plain way, to compare with: PyTorch in float32, photos read anew at every step, an operator
after the other with a trip through HSV, samples of the critic edited one by one, its real and fake ones scored apart.

They use the project's networks and losses, so that what is compared is how the steps are made.
"""
import random
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from realistic_editing.data.gaze import GazePhoto
from realistic_editing.data.regions import Region
from realistic_editing.data.transforms import zoom_and_flip
from realistic_editing.enhance.loss import Objective, enhancement_loss
from realistic_editing.ops.orders import COLOR_CURVE, EXPOSURE, SATURATION, WHITE_BALANCE
from realistic_editing.ops.sampling import EditPreset, EditRanges
from realistic_editing.realism.loss import critic_loss
from realistic_editing.saliency.losses import saliency_map_loss

Batch = Sequence[torch.Tensor]


class PlainRegions(Dataset):
    """Photo (3, size, size) and mask (1, size, size), float32 in [0, 1]; read from disk each time.

    Args:
        regions: to read.
        size: of the samples.
        augment: the crops and flips that training has.
    """

    def __init__(self, regions: Sequence[Region], size: int, augment: bool = False) -> None:
        self.regions, self.size, self.augment = regions, size, augment

    def __len__(self) -> int:
        return len(self.regions)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        region = self.regions[index]
        photo = cv2.cvtColor(cv2.imread(str(region.photo)), cv2.COLOR_BGR2RGB)
        mask = cv2.imread(str(region.mask), cv2.IMREAD_GRAYSCALE)
        if self.augment:
            photo, mask = (np.ascontiguousarray(pixels) for pixels in zoom_and_flip(photo, mask, np.random.default_rng(index)))
        photo, mask = (cv2.resize(pixels, (self.size, self.size)) for pixels in (photo, mask))
        photo = torch.from_numpy(photo.transpose(2, 0, 1).astype(np.float32) / 255)
        return photo, torch.from_numpy(mask[None].astype(np.float32) / 255)


class PlainGaze(Dataset):
    """Photo (3, H, W), density (1, H, W) and fixations (1, H, W), float32; read from disk each time."""

    def __init__(self, photos: Sequence[GazePhoto], size: tuple[int, int]) -> None:
        self.photos, self.size = photos, size

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        height, width = self.size
        photo = cv2.cvtColor(cv2.imread(str(self.photos[index].photo)), cv2.COLOR_BGR2RGB)
        photo = torch.from_numpy(cv2.resize(photo, (width, height)).transpose(2, 0, 1).astype(np.float32) / 255)
        density, fixations = self.photos[index].maps(self.size)
        return photo, torch.from_numpy(density)[None], torch.from_numpy(fixations)[None]


def endless(data: Dataset, batch_size: int, workers: int, device: torch.device):
    """Batches of a plain loader, epoch after epoch, on the device."""
    # With replacement, so that a batch may be larger than a small set of photos.
    sampler = torch.utils.data.RandomSampler(data, replacement=True, num_samples=10**6)
    for batch in DataLoader(data, batch_size, sampler=sampler, num_workers=workers):
        yield [part.to(device) for part in batch]


def saliency_step(network: nn.Module) -> Callable[[Batch], torch.Tensor]:
    """EML-Net's loss on whole photos."""

    def loss(batch: Batch) -> torch.Tensor:
        photo, density, fixations = batch
        return saliency_map_loss(network(photo), density, fixations)["total"]

    return loss


def critic_step(network: nn.Module, edits: EditPreset, kind: str) -> Callable[[Batch], torch.Tensor]:
    """Eq. 1 on samples made one by one."""

    def samples(photo: torch.Tensor, mask: torch.Tensor, ranges: EditRanges) -> torch.Tensor:
        return torch.cat([random_edit(photo[i : i + 1], mask[i : i + 1], ranges) for i in range(len(photo))])

    def loss(batch: Batch) -> torch.Tensor:
        photo, mask = batch
        real = network(samples(photo, mask, edits.real), mask)
        fake = network(samples(photo, mask, edits.fake), mask)
        human = torch.zeros(len(photo), dtype=torch.bool, device=photo.device)
        return critic_loss(real, fake, human, kind=kind)["total"]

    return loss


def enhancer_step(
    network: nn.Module, critic: nn.Module, saliency: nn.Module, objective: Objective
) -> Callable[[Batch], torch.Tensor]:
    """Eqs. 3 to 6 and what the objective adds, with one random order for the whole batch, and nobody taken for a person."""

    def loss(batch: Batch) -> torch.Tensor:
        photo, mask = batch
        order = random.sample(range(4), 4)
        recipe = network(photo, mask, torch.tensor([order] * len(photo), device=photo.device))
        edited = photo
        for operator in order:
            edited = edit(edited, mask, operator, parameter_of(recipe, operator))
        with torch.no_grad():
            before, realism = saliency(photo), critic(photo, mask)
        change = critic(edited, mask) - realism
        human = torch.zeros(len(photo), dtype=torch.bool, device=photo.device)
        return enhancement_loss(before, saliency(edited), mask, change, human, objective, recipe)["total"].mean()

    return loss


def parameter_of(recipe, operator: int) -> torch.Tensor:
    """An operator's parameter in a recipe."""
    parameters = (recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure)
    return parameters[operator]


def random_edit(photo: torch.Tensor, mask: torch.Tensor, ranges: EditRanges) -> torch.Tensor:
    """A sample of Table 1: (1, 3, H, W) and (1, 1, H, W) -> (1, 3, H, W)."""
    intervals = (ranges.white_balance, ranges.color_curve, ranges.saturation, ranges.exposure)
    shapes = ((1, 3), (1, 3, 8), (1,), (1,))
    for operator in random.sample(ranges.allowed, random.randint(*ranges.edits)):
        low, high = random.choice(intervals[operator])
        parameter = torch.empty(shapes[operator], device=photo.device).uniform_(low, high)
        photo = edit(photo, mask, operator, parameter)
    return photo


def edit(photo: torch.Tensor, mask: torch.Tensor, operator: int, parameter: torch.Tensor) -> torch.Tensor:
    """One operator, clipped and composited: photo (B, 3, H, W), mask (B, 1, H, W), parameter (B, ...)."""
    if operator == WHITE_BALANCE:
        edited = photo * (parameter[:, 1:2] / parameter)[:, :, None, None]
    elif operator == COLOR_CURVE:
        edited = torch.zeros_like(photo)
        for knot in range(8):
            edited = edited + torch.clamp(8 * photo - knot, 0, 1) * parameter[:, :, knot, None, None]
        edited = edited / parameter.sum(dim=2)[:, :, None, None]
    elif operator == SATURATION:
        hue, saturation, value = rgb_to_hsv(photo)
        edited = hsv_to_rgb(hue, torch.clamp(saturation * parameter[:, None, None], 0, 1), value)
    elif operator == EXPOSURE:
        edited = photo * parameter[:, None, None, None]
    else:
        raise ValueError(f"operator is {operator}; expected 0 to 3, as in an order")
    return (1 - mask) * photo + mask * torch.clamp(edited, 0, 1)


def rgb_to_hsv(photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(B, 3, H, W) in [0, 1] -> hue in [0, 6), saturation and value in [0, 1], (B, H, W) each."""
    value, largest = photo.max(dim=1)
    range_ = value - photo.min(dim=1).values
    red, green, blue = photo.unbind(dim=1)
    divisor = torch.where(range_ > 0, range_, torch.ones_like(range_))
    by_largest = torch.stack([(green - blue) / divisor, 2 + (blue - red) / divisor, 4 + (red - green) / divisor], dim=1)
    hue = by_largest.gather(1, largest[:, None]).squeeze(1) % 6
    return hue, range_ / (value + 1e-8), value


def hsv_to_rgb(hue: torch.Tensor, saturation: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The reverse of `rgb_to_hsv`: (B, H, W) each -> (B, 3, H, W)."""
    sector = hue.floor()
    part = hue - sector
    p, q, t = value * (1 - saturation), value * (1 - saturation * part), value * (1 - saturation * (1 - part))
    index = (sector.long() % 6)[:, None]
    red = torch.stack([value, q, p, p, t, value], dim=1).gather(1, index)
    green = torch.stack([t, value, value, q, p, p], dim=1).gather(1, index)
    blue = torch.stack([p, p, t, value, value, q], dim=1).gather(1, index)
    return torch.cat([red, green, blue], dim=1)
