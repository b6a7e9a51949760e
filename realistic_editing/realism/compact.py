"""A small critic: colour statistics inside, around and outside the mask, joined with learned features of each pixel."""
import torch
from torch import nn
from torchvision.transforms.v2 import functional as TF

from realistic_editing.realism.points import with_neighbours
from realistic_editing.realism.statistics import (
    CHANNELS,
    color_channels,
    joined,
    moments,
    point_moments,
    rgb_to_lab,
    zones,
)


class CompactCritic(nn.Module):
    """Describe each pixel, by hand and by a small learned network; pool over three zones; judge by an MLP.

    An edit of one region shows in how its colours stand to those around it. A young convolutional network is slow to
    find such global relations, so their statistics are handed to it; the learned features, whose means are histograms
    with bins of their own choice, add what we did not think of.

    Args:
        input_size: side of the square that the critic sees.
        stride: every so many pixels of it, along both axes, one is described. They are taken as they are: means over
            several would blur what an edit leaves in a histogram, such as clipped tops and the bends of a curve.
        ring: width of the zone around the mask, in strides.
        palette: how many features of a pixel are learned; 0 for none.
        hidden: width of the two layers of the MLP.
        dropout: before each of them.
        guesses: how many parameters of the edit `judge` regresses beside the score; 0 for none.
    """

    def __init__(
        self,
        input_size: int = 384,
        stride: int = 3,
        ring: int = 16,
        palette: int = 64,
        hidden: int = 256,
        dropout: float = 0.2,
        guesses: int = 0,
    ) -> None:
        super().__init__()
        self.input_size, self.stride, self.ring = input_size, stride, ring
        self.palette = _perceptron(CHANNELS + 6, palette, palette) if palette else None
        features = 2 * 5 * (CHANNELS + palette)
        self.normalise = nn.BatchNorm1d(features)
        self.body = nn.Sequential(*_layer(features, hidden, dropout), *_layer(hidden, hidden, dropout))
        self.score = nn.Linear(hidden, 1)
        self.guess = nn.Linear(hidden, guesses) if guesses else None

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1]; 1 looks real.
        """
        return self.judge(self.describe(image, mask))[0]

    def describe(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What `judge` needs to know of a picture: (B, F) statistics. Arguments as `forward`."""
        size = [self.input_size, self.input_size]
        image, mask = TF.resize(image, size, antialias=True), TF.resize(mask, size, antialias=True)
        with torch.autocast(image.device.type, enabled=False):  # sums over a photo need float32
            image, weights = image.float(), zones(self.grid(mask.float()), self.ring)
            right, below = _shifted(image)
            channels = self._channels(self.grid(image), self.grid(right), self.grid(below))
            return joined(*(moments(part, weights) for part in channels))

    def describe_points(self, points: torch.Tensor) -> torch.Tensor:
        """The same from pixels drawn of each zone: (B, 3, Z, 3 K) of `points.take_points` -> (B, F)."""
        with torch.autocast(points.device.type, enabled=False):
            return joined(*(point_moments(part) for part in self._channels(*with_neighbours(points.float()))))

    def grid(self, pixels: torch.Tensor) -> torch.Tensor:
        """The pixels that are described: (B, C, input_size, input_size) -> (B, C, h, w)."""
        first = self.stride // 2
        return pixels[..., first :: self.stride, first :: self.stride]

    def judge(self, statistics: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Scores (B,) in [0, 1], and the parameters guessed (B, guesses) where there are any; from (B, F)."""
        hidden = self.body(self.normalise(statistics))
        guesses = self.guess(hidden).float() if self.guess is not None else None
        return self.score(hidden).float().squeeze(1).sigmoid(), guesses

    def _channels(self, image: torch.Tensor, right: torch.Tensor, below: torch.Tensor) -> list[torch.Tensor]:
        """Pixels and their right and lower neighbours, (B, 3, H, W) each -> one or two (B, C, H, W)."""
        luma, luma_right, luma_below = (rgb_to_lab(part)[:, :1] for part in (image, right, below))
        channels = color_channels(image, (luma_right - luma).abs() + (luma_below - luma).abs())
        if self.palette is None:
            return [channels]
        seen = torch.cat([channels, right - image, below - image], dim=1)
        return [channels, _at_each_pixel(self.palette, seen)]


def _at_each_pixel(layers: nn.Sequential, channels: torch.Tensor) -> torch.Tensor:
    """A perceptron on the channels of each pixel: (B, before, H, W) -> (B, after, H, W)."""
    # Weights times pixels as they lie in memory: no copy with the channels last, which costs more than the product.
    flat = channels.flatten(2)  # (B, before, H W)
    for layer in layers:
        if isinstance(layer, nn.Linear):
            flat = torch.bmm(layer.weight.expand(len(flat), -1, -1), flat) + layer.bias[:, None]
        else:
            flat = layer(flat)
    return flat.unflatten(2, channels.shape[2:])


def _perceptron(before: int, hidden: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, hidden), nn.SiLU(), nn.Linear(hidden, after), nn.SiLU())


def _shifted(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each pixel's right and lower neighbour; itself at the border."""
    right = torch.cat([image[..., 1:], image[..., -1:]], dim=3)
    return right, torch.cat([image[..., 1:, :], image[..., -1:, :]], dim=2)


def _layer(before: int, after: int, dropout: float) -> list[nn.Module]:
    return [nn.Dropout(dropout), nn.Linear(before, after), nn.BatchNorm1d(after), nn.SiLU()]
