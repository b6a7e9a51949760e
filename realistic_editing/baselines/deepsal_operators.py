"""The three operators of Deepsal (Aberman et al., CVPR 2022), whose parameters are fitted to one photo."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as TF

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


class Recolor(nn.Module):
    """A bilateral grid of affine colour maps: pixels alike in place and luma are recoloured alike.

    Args:
        cells: points of the grid along luma, height and width.
    """

    def __init__(self, cells: tuple[int, int, int] = (8, 16, 16)) -> None:
        super().__init__()
        self.grid = nn.Parameter(torch.zeros(1, 12, *cells))  # of each 3 x 4 map, what it adds to the identity

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) RGB in [0, 1] -> the same shape, not clipped."""
        maps = slice_grid(self.grid, image).unflatten(1, (3, 4))  # (1, 3, 4, H, W)
        return image + (maps[:, :, :3] * image[:, None]).sum(dim=2) + maps[:, :, 3]

    def enlarged(self, image: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
        """The edit that was fitted to `small`, of the whole photo; so have the other operators."""
        return self(image)

    def roughness(self) -> torch.Tensor:
        """The sum over the grid of its squared differences along luma, height and width; so have the other operators."""
        return _roughness(self.grid)


class Convolve(nn.Module):
    """A small U-Net fitted to one photo: what convolutions find hard to say, such as noise, it does not do.

    It adds to the photo, and its last layer is 0 at first, so it starts by reproducing the photo exactly.

    Args:
        widths: channels at each resolution, the photo's first.
        seed: of its weights.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64), seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.down = nn.ModuleList(_convolutions(a, b) for a, b in itertools.pairwise((3, *widths)))
            self.up = nn.ModuleList(_convolutions(a + b, a) for a, b in itertools.pairwise(widths))
            self.last = nn.Conv2d(widths[0], 3, 3, padding=1)
        nn.init.zeros_(self.last.weight), nn.init.zeros_(self.last.bias)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) RGB in [0, 1] -> the same shape, not clipped."""
        features, kept = 2 * image - 1, []
        for depth, block in enumerate(self.down):
            features = block(F.avg_pool2d(features, 2, ceil_mode=True) if depth else features)
            kept.append(features)
        for skip, block in zip(kept[-2::-1], list(self.up)[::-1], strict=True):
            features = F.interpolate(features, skip.shape[-2:], mode="bilinear")
            features = block(torch.cat([skip, features], dim=1))
        return image + self.last(features)

    def enlarged(self, image: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
        """What it adds to the small photo, enlarged: at another size its filters would mean something else."""
        return image + TF.resize(self(small) - small, list(image.shape[-2:]), antialias=True)

    def roughness(self) -> torch.Tensor:
        """0: the network itself is the prior."""
        return self.last.bias.new_zeros(())


class Warp(nn.Module):
    """A smooth displacement: each pixel is fetched from nearby.

    Args:
        cells: points of the displacement along height and width.
    """

    def __init__(self, cells: tuple[int, int] = (32, 32)) -> None:
        super().__init__()
        self.displacement = nn.Parameter(torch.zeros(1, 2, *cells))  # along x and y, in halves of the photo's width and height

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) -> the same shape and range; beyond the border the photo repeats its last pixels."""
        fine = F.interpolate(self.displacement, image.shape[-2:], mode="bicubic", align_corners=True)
        identity = torch.eye(2, 3, device=image.device, dtype=image.dtype)[None]
        places = F.affine_grid(identity, list(image.shape), align_corners=False)  # (1, H, W, 2)
        places = places + fine.permute(0, 2, 3, 1)
        return F.grid_sample(image, places, mode="bilinear", padding_mode="border", align_corners=False)

    def enlarged(self, image: torch.Tensor, small: torch.Tensor) -> torch.Tensor:
        """See `Recolor.enlarged`."""
        return self(image)

    def roughness(self) -> torch.Tensor:
        """See `Recolor.roughness`."""
        return _roughness(self.displacement)


def slice_grid(grid: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Read a bilateral grid at each pixel's place and luma, linearly between its points.

    The grid's corners are the centres of the photo's corner pixels, its first and last layer luma 0 and 1.

    Args:
        grid: (B, C, L, h, w), along luma, height and width.
        image: (B, 3, H, W) RGB in [0, 1].

    Returns:
        (B, C, H, W).
    """
    count, _, height, width = image.shape
    weights = torch.tensor(_LUMA, device=image.device, dtype=image.dtype)[:, None, None]
    luma = (image * weights).sum(dim=1)  # (B, H, W)
    y = torch.linspace(-1, 1, height, device=image.device, dtype=image.dtype)[:, None].expand(height, width)
    x = torch.linspace(-1, 1, width, device=image.device, dtype=image.dtype)[None].expand(height, width)
    places = torch.stack([x.expand(count, -1, -1), y.expand(count, -1, -1), 2 * luma - 1], dim=-1)  # (B, H, W, 3)
    read = F.grid_sample(grid, places[:, None], mode="bilinear", padding_mode="border", align_corners=True)
    return read[:, :, 0]  # (B, C, 1, H, W) -> (B, C, H, W)


def _roughness(grid: torch.Tensor) -> torch.Tensor:
    return sum(grid.diff(dim=axis).square().sum() for axis in range(2, grid.ndim))


def _convolutions(before: int, after: int) -> nn.Sequential:
    first = nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")
    return nn.Sequential(first, nn.SiLU(), nn.Conv2d(after, after, 3, padding=1, padding_mode="replicate"), nn.SiLU())
