"""What things a photo shows, in and around a region: features of an ImageNet network, pooled over three zones."""
import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.region_statistics.color_statistics import moments, shares, zones
from realistic_editing.region_statistics.trunk import LiteTrunk

_GRID = 4  # pixels to a cell, along both axes, in which zones are drawn
_RING = 4  # cells, the width of the zone around the mask
_GROWN = 1.5  # side of the square around a region, in sides of its bounding box
_LEAST = 0.25  # of the photo's side, which that square has at least


class ThingFeatures(nn.Module):
    """What a frozen trunk sees in two squares, by zones: in the whole photo, and in the surroundings of the region.

    A small thing is not known by the few pixels that it has in the whole photo.

    Args:
        backbone, pretrained: as for `LiteTrunk`.
        size: side of the squares as the trunk sees them, a multiple of 32.

    Attributes:
        count: how many numbers it gives.
    """

    def __init__(self, backbone: str = "tf_efficientnet_lite0", pretrained: str = "none", size: int = 192) -> None:
        super().__init__()
        if size % 32:
            raise ValueError(f"things_size is {size}; use a multiple of 32")
        self.trunk = LiteTrunk(backbone, pretrained).requires_grad_(False)
        self.size = size
        self.count = 2 * pooled_numbers(self.trunk)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Describe the things of square photos.

        Args:
            image: (B, 3, S, S) RGB in [0, 1].
            mask: (B, 1, S, S) in [0, 1].

        Returns:
            (B, count), float32.
        """
        squares = (_resized(image, mask, self.size), near_region(image, mask, self.size))
        return torch.cat([pooled(self.trunk.features(photo), region) for photo, region in squares], dim=1)


def near_region(image: torch.Tensor, mask: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut out the surroundings of each region.

    Args:
        image, mask: (B, 3, S, S) and (B, 1, S, S) in [0, 1].
        size: side of the result.

    Returns:
        (B, 3, size, size) and (B, 1, size, size).
    """
    cuts = []
    for photo, region in zip(image.split(1), mask.split(1), strict=True):
        top, left, side = surroundings(region[0, 0])
        cuts.append(_resized(*(part[..., top : top + side, left : left + side] for part in (photo, region)), size))
    images, masks = zip(*cuts, strict=True)
    return torch.cat(images), torch.cat(masks)


def _resized(image: torch.Tensor, mask: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    square = [size, size]
    return F.interpolate(image, square, mode="bilinear", antialias=True), F.interpolate(mask, square, mode="area")


def pooled(features: list[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
    """Means and standard deviations of features inside the mask, in a ring around it, and outside.

    Args:
        features: of several strides, (B, C, h, w) each.
        mask: (B, 1, H, W) in [0, 1], as the trunk saw the photo.

    Returns:
        (B, N), float32; N by `pooled_numbers`.
    """
    weights = zones(F.avg_pool2d(mask.float(), _GRID), _RING)
    found = []
    with torch.autocast(mask.device.type, enabled=False):  # sums over a photo need float32
        for level in features:
            share = shares(F.adaptive_avg_pool2d(weights, level.shape[-2:]))
            _, mean, variance = moments(level.float(), share)
            found += [mean.flatten(1), (variance + 1e-5).sqrt().flatten(1)]
    return torch.cat(found, dim=1)


def pooled_numbers(trunk: LiteTrunk) -> int:
    """How many numbers `pooled` makes of a trunk's features: mean and deviation of each channel, in three zones."""
    return 2 * 3 * sum(trunk.taps.values())


def surroundings(mask: torch.Tensor) -> tuple[int, int, int]:
    """The square around a region, inside its photo.

    Args:
        mask: (S, S) in [0, 1].

    Returns:
        Top, left and side, in pixels; the whole photo where the mask is below one half everywhere.
    """
    whole, inside = mask.shape[-1], mask > 0.5
    if not bool(inside.any()):
        return 0, 0, whole
    spans = [along.nonzero().flatten()[[0, -1]].tolist() for along in (inside.any(dim=1), inside.any(dim=0))]
    longest = max(last + 1 - first for first, last in spans)
    side = min(whole, max(round(_LEAST * whole), round(_GROWN * longest)))
    top, left = (min(max(round((first + last + 1 - side) / 2), 0), whole - side) for first, last in spans)
    return top, left, side
