"""The seam that an edit leaves along the border of its mask, measured."""
import torch
from torch.nn import functional as F

from realistic_editing.region_statistics.color_statistics import rgb_to_lab


def seam(
    image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor, width: int = 2, thing: torch.Tensor | None = None
) -> float:
    """How much steeper a photo becomes along the border of a mask: the seam of an edit that ends where no object does.

    Args:
        image, edited: (1, 3, H, W) RGB in [0, 1].
        mask: (1, 1, H, W) in [0, 1]; its border is where it crosses 0.5.
        width: of the band on either side, in pixels.
        thing: (1, 1, H, W), the true mask where the used one is rough: a step along its border is the thing's own, and
            counts 0.

    Returns:
        The mean over the band of how much the size of the gradient grows, where it grows, in units of CIELAB a pixel; 0
        where the mask has no border.
    """
    band = _band(mask, width)
    if not bool(band.any()):
        return 0.0
    before, after = (_steepness(photo) for photo in (image, edited))
    growth = (after - before).relu()
    if thing is not None:
        growth = growth.masked_fill(_band(thing, width), 0)
    return float(growth[band].mean())


def _band(mask: torch.Tensor, width: int) -> torch.Tensor:
    """(1, 1, H, W) -> (H, W) bool: within so many pixels of where a mask crosses 0.5."""
    hard = (mask >= 0.5).float()
    grown, shrunk = (F.max_pool2d(part, 2 * width + 1, stride=1, padding=width) for part in (hard, 1 - hard))
    return (grown * shrunk)[0, 0] > 0


def _steepness(photo: torch.Tensor) -> torch.Tensor:
    """(1, 3, H, W) RGB -> (H, W), the size of the gradient of CIELAB."""
    lab = 100 * rgb_to_lab(photo)[0]
    across, down = F.pad(lab.diff(dim=2), (0, 1)), F.pad(lab.diff(dim=1), (0, 0, 0, 1))
    return (across.square() + down.square()).sum(dim=0).sqrt()
