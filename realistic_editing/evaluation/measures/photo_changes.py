"""What an edit did to one photo, each a number: to attention, to colours inside and outside the mask, and at its border.

One rule for soft masks (`zone_means`): inside counts a pixel by the mask M, outside by 1 - M. Where a border is needed, or
its surroundings, the rule is said there.
"""
import math

import torch
from torch.nn import functional as F

from realistic_editing.enhance.equations import saliency_drop
from realistic_editing.enhance.seam import seam
from realistic_editing.enhance.terms import log_saliency_ratio
from realistic_editing.evaluation.measures.color_difference import delta_e_2000
from realistic_editing.region_statistics.color_statistics import EMPTY, rgb_to_lab

SALIENCY_CHANGES = ("mean_relative_gain", "gain_of_mean", "difference", "contrast")
MOVED = 1e-4  # a relative change of saliency below this is rounding
WINDOW, SIGMA = 11, 1.5  # of SSIM, as published
_LUMA = (0.299, 0.587, 0.114)
_FAINT = 1e-4  # added to a region's mean saliency before it divides: a map may be 0 all over a region


def zone_means(values: torch.Tensor, mask: torch.Tensor) -> tuple[float, float]:
    """The mean inside, weighted by the mask, and outside, weighted by 1 - mask.

    Args:
        values: (1, 1, H, W).
        mask: (1, 1, H, W) in [0, 1].

    Returns:
        Two numbers; nan for a zone that holds nothing, as the outside of a mask that covers the photo.
    """
    return tuple(_mean(values, weight) for weight in (mask, 1 - mask))


def _mean(values: torch.Tensor, weight: torch.Tensor) -> float:
    weight = weight.double()
    total = float(weight.sum())
    return float((values.double() * weight).sum()) / total if total > EMPTY else math.nan


def saliency_changes(before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor) -> dict[str, float]:
    """How a region's saliency moved, positive = more salient.

    Args:
        before, after: (1, 1, H, W) saliency of a photo and of its edit, >= 0.
        mask: (1, 1, H, W) in [0, 1].

    Returns:
        "mean_relative_gain": the mean relative change of each pixel, -S of eq. 3 (where a map is nearly 0, the division makes
        it huge); "gain_of_mean": the relative change of the region's mean; "difference": that mean after less before;
        "contrast": the mean inside less that outside, after less before.
    """
    (inside, outside), (inside_after, outside_after) = zone_means(before, mask), zone_means(after, mask)
    return {
        "mean_relative_gain": -float(saliency_drop(before, after, mask)),
        "gain_of_mean": math.expm1(-float(log_saliency_ratio(before, after, mask, epsilon=_FAINT))),
        "difference": inside_after - inside,
        "contrast": (inside_after - outside_after) - (inside - outside),
    }


def photo_changes(image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor) -> dict[str, float]:
    """How a photo differs from its edit.

    Args:
        image, edited: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1].

    Returns:
        "delta_e_inside", "delta_e_outside": mean CIEDE2000; "ssim_outside": see `ssim_outside`; "seam": see `seam`.
    """
    difference = delta_e_2000(*(100 * rgb_to_lab(photo) for photo in (image, edited)))[:, None]
    inside, outside = zone_means(difference, mask)
    found = {"delta_e_inside": inside, "delta_e_outside": outside, "ssim_outside": ssim_outside(image, edited, mask)}
    return found | {"seam": seam(image, edited, mask)}


def ssim_outside(image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor) -> float:
    """The structural similarity of two photos outside the mask.

    A window counts by the least of 1 - M in it, so that windows which reach into the region count for nothing, and an
    edit of the region alone gives exactly 1.

    Args:
        image, edited, mask: as for `photo_changes`.

    Returns:
        In [-1, 1]; nan where no window lies outside.
    """
    near = F.max_pool2d(mask, WINDOW, stride=1, padding=WINDOW // 2)
    return zone_means(ssim(image, edited), near)[1]


def ssim(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The structural similarity of each pixel's surroundings (Wang et al., 2004), on luma, K1 = 0.01, K2 = 0.03.

    Args:
        first, second: (B, 3, H, W) RGB in [0, 1], sides of 6 pixels and more; beyond the border they are mirrored.

    Returns:
        (B, 1, H, W) float64 in [-1, 1], 1 where both are the same.
    """
    weights = torch.tensor(_LUMA, dtype=torch.float64, device=first.device).reshape(1, 3, 1, 1)
    x, y = ((photo.double() * weights).sum(dim=1, keepdim=True) for photo in (first, second))
    mean_x, mean_y = _blurred(x), _blurred(y)
    # Never below 0, where a flat window's rounding would take them.
    spread_x, spread_y = (_blurred(z.square()) - m.square() for z, m in ((x, mean_x), (y, mean_y)))
    shared = _blurred(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + 0.01**2) / (mean_x.square() + mean_y.square() + 0.01**2)
    return light * (2 * shared + 0.03**2) / (spread_x.clamp(min=0) + spread_y.clamp(min=0) + 0.03**2)


def _blurred(values: torch.Tensor) -> torch.Tensor:
    """The Gaussian mean of each window: (B, 1, H, W) -> the same."""
    reach = WINDOW // 2
    kernel = torch.exp(-((torch.arange(WINDOW, dtype=values.dtype, device=values.device) - reach) ** 2) / (2 * SIGMA**2))
    kernel = kernel / kernel.sum()
    padded = F.pad(values, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.reshape(1, 1, 1, -1)), kernel.reshape(1, 1, -1, 1))
