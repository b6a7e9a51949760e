"""Training on a sample of pixels: the statistics of a region need no more, and cost a tenth."""
import torch

from realistic_editing.region_statistics.color_statistics import EMPTY


def sample_points(weights: torch.Tensor, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
    """Draw pixels of each zone in proportion to its weights, with replacement.

    Args:
        weights: (B, Z, H, W) in [0, 1], as `color_statistics.zones` gives them. A zone without weight is drawn from everywhere.
        count: pixels of each zone.
        generator: on the device of `weights`.

    Returns:
        (B, Z, count) int64, each y * W + x.
    """
    flat = weights.flatten(2)  # (B, Z, H W)
    flat = torch.where(flat.sum(dim=2, keepdim=True) < EMPTY, torch.ones_like(flat), flat)
    reached = flat.cumsum(dim=2)
    drawn = torch.rand(*flat.shape[:2], count, generator=generator, device=flat.device) * reached[..., -1:]
    return torch.searchsorted(reached, drawn, right=True).clamp(max=flat.shape[2] - 1)


def on_full_grid(where: torch.Tensor, side: int, full: int, stride: int) -> torch.Tensor:
    """Where points of a grid of every `stride`-th pixel lie in the full picture.

    Args:
        where: int64, y * side + x on the grid, whose first point is pixel stride // 2.
        side, full: widths of the grid and of the picture.
        stride: in pixels.

    Returns:
        y * full + x, same shape.
    """
    y, x = (stride * axis + stride // 2 for axis in (where // side, where % side))
    return y * full + x


def take_points(pixels: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Gather the pixels drawn, and beside each its right and its lower neighbour, from which its detail follows.

    Args:
        pixels: (B, C, H, W).
        where: (B, Z, K) from `sample_points`.

    Returns:
        (B, C, Z, 3 K): the K pixels, then their K right neighbours, then the K below; at the border the pixel itself.
        A picture as far as a pointwise edit is concerned.
    """
    height, width = pixels.shape[-2:]
    y, x = where // width, where % width
    right, below = y * width + (x + 1).clamp(max=width - 1), (y + 1).clamp(max=height - 1) * width + x
    index = torch.cat([where, right, below], dim=2)  # (B, Z, 3 K)
    batch, zones, count = index.shape
    flat = index.reshape(batch, 1, zones * count).expand(-1, pixels.shape[1], -1)
    return pixels.flatten(2).gather(2, flat).reshape(batch, -1, zones, count)


def with_neighbours(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Split what `take_points` gathered: the pixels, their right and their lower neighbours, (B, C, Z, K) each."""
    return points.chunk(3, dim=3)

