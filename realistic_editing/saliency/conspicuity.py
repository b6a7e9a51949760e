"""What stands out from its surround (Itti, Koch and Niebur, 1998): saliency of intensity and of opponent colours."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.common.inputs import resized

FEATURES = ("intensity", "red_green", "blue_yellow")
_DARK = 0.1  # of a photo's brightest pixel: below it hue is unknown, and does not count (the paper's tenth)
_FLAT = 0.02  # of the range of a feature: a map with no higher contrast holds noise, and is not raised to full range
_LEAST = 1e-3  # of a conspicuity map, and ten times that of their mean: lower peaks are the rounding of a flat photo
_PEAK = 0.1  # of the highest value: what a maximum needs to compete with it
_KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


class Conspicuity(nn.Module):
    """Saliency as the sum of three conspicuity maps, each of centre-surround differences over a Gaussian pyramid (Itti,
    Koch and Niebur, "A Model of Saliency-Based Visual Attention for Rapid Scene Analysis", PAMI 20(11), 1998).

    Nothing is trained, and gradients pass. Of the paper's channels orientation is left out, and the two colour
    opponencies are maps of their own instead of one.

    Args:
        longest_side: of the finest centre in pixels; the paper's, at a quarter of 640 x 480, has 160.
        centres: levels of the pyramid, from 0 for `longest_side`, that are compared with a surround; the paper's 2, 3
            and 4 of the whole photo.
        distances: levels from a centre to its surrounds.

    Raises:
        ValueError: when a number is below what makes a pyramid.
    """

    def __init__(
        self, longest_side: int = 160, centres: tuple[int, ...] = (0, 1, 2), distances: tuple[int, ...] = (3, 4)
    ) -> None:
        super().__init__()
        if longest_side < 1 or not centres or min(centres) < 0 or not distances or min(distances) < 1:
            raise ValueError(
                f"longest_side {longest_side}, centres {centres}, distances {distances}: expected sides and distances "
                "from 1, centres from 0"
            )
        self.longest_side, self.centres, self.distances = longest_side, tuple(centres), tuple(distances)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Measure saliency.

        Args:
            image: (B, 3, H, W) float RGB (sRGB) in [0, 1], any size.

        Returns:
            (B, 1, H, W) in [0, 1], at the size of `image`; about 1 at a
            photo's most salient place, and near 0 all over for a flat photo.

        Raises:
            ValueError: when `image` has another shape.
        """
        saliency = self.combined(self.maps(image))
        return F.interpolate(saliency, image.shape[-2:], mode="bilinear").clamp(0, 1)

    def maps(self, image: torch.Tensor) -> torch.Tensor:
        """The conspicuity maps.

        Args:
            image: (B, 3, H, W) as for `forward`.

        Returns:
            (B, 3, h, w) >= 0: of intensity, of red against green, and of blue against yellow; h and w are those of the
            coarsest centre.

        Raises:
            ValueError: when `image` has another shape.
        """
        if image.ndim != 4 or image.shape[1] != 3:
            raise ValueError(f"image is {tuple(image.shape)}; expected (B, 3, H, W)")
        scale = self.longest_side / max(image.shape[-2:])
        size = [max(1, round(side * scale)) for side in image.shape[-2:]]
        levels = [features(resized(image, size))]
        for _ in range(max(self.centres) + max(self.distances)):
            levels.append(_halved(levels[-1]))
        size = levels[max(self.centres)].shape[-2:]
        total = 0
        for centre, distance in itertools.product(self.centres, self.distances):
            fine = levels[centre]
            surround = F.interpolate(levels[centre + distance], fine.shape[-2:], mode="bilinear")
            total = total + F.adaptive_avg_pool2d(normalised((fine - surround).abs(), _FLAT), size)
        return total / (len(self.centres) * len(self.distances))

    @staticmethod
    def combined(maps: torch.Tensor) -> torch.Tensor:
        """The saliency of conspicuity maps: (B, 3, h, w) >= 0 -> (B, 1, h, w) in [0, 1], 1 at the highest."""
        total = normalised(maps, _LEAST).mean(dim=1, keepdim=True)
        return total / total.amax(dim=(2, 3), keepdim=True).clamp(min=10 * _LEAST)


def features(image: torch.Tensor) -> torch.Tensor:
    """Intensity and colour opponencies of each pixel.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].

    Returns:
        (B, 3, H, W): intensity in [0, 1], red minus green, and blue minus yellow; the colours over the pixel's
        intensity, and 0 where that is below a tenth of the photo's highest.
    """
    intensity = image.mean(dim=1, keepdim=True)
    lit = intensity > _DARK * intensity.amax(dim=(2, 3), keepdim=True)
    red, green, blue = (torch.where(lit, image / intensity.clamp(min=1e-3), 0) / 3).split(1, dim=1)
    # Broadly tuned: each is highest for its own pure colour, and 0 for grey.
    tuned = [red - (green + blue) / 2, green - (red + blue) / 2, blue - (red + green) / 2]
    yellow = (red + green) / 2 - (red - green).abs() / 2 - blue
    red, green, blue, yellow = (colour.clamp(min=0) for colour in (*tuned, yellow))
    return torch.cat([intensity, red - green, blue - yellow], dim=1)


def normalised(maps: torch.Tensor, least: float) -> torch.Tensor:
    """Promote maps with one strong peak and suppress those with many alike (the paper's operator N).

    Args:
        maps: (B, C, h, w) >= 0, each taken by itself.
        least: the lowest peak that is scaled to 1; lower ones stay below.

    Returns:
        (B, C, h, w): the map over its peak M, times (1 - m)^2, with m the mean of its other local maxima over M.
    """
    scaled = maps / maps.amax(dim=(2, 3), keepdim=True).clamp(min=least)
    peak = (scaled == F.max_pool2d(scaled, 3, stride=1, padding=1)) & (scaled >= _PEAK)
    others = peak & (scaled < scaled.amax(dim=(2, 3), keepdim=True))
    mean = (scaled * others).sum(dim=(2, 3), keepdim=True) / others.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return scaled * (1 - mean) ** 2


def _halved(levels: torch.Tensor) -> torch.Tensor:
    """The next level of a Gaussian pyramid: (B, C, h, w) -> (B, C, ceil(h / 2), ceil(w / 2))."""
    kernel = torch.tensor(_KERNEL, dtype=levels.dtype, device=levels.device)
    kernel = (kernel[:, None] * kernel)[None, None].expand(levels.shape[1], 1, 5, 5)
    return F.conv2d(F.pad(levels, (2, 2, 2, 2), mode="replicate"), kernel, stride=2, groups=levels.shape[1])
