"""Statistics of a region of a photo: colours and learned features of its pixels, inside, around and outside the mask."""
import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.region_statistics.color_statistics import (
    CHANNELS,
    color_channels,
    concat_moments,
    moments,
    point_moments,
    rgb_to_lab,
    shares,
    zones,
)
from realistic_editing.region_statistics.points import on_full_grid, sample_points, take_points, with_neighbours


class RegionStatistics(nn.Module):
    """Measure each pixel, by hand and by a small learned network, and pool over three zones.

    An edit of one region shows in how its colours compare to those around it. A young convolutional network is slow to
    find such global relations, so their statistics are handed on; the learned features, whose means are histograms
    with bins of their own choice, add what we did not think of.

    Args:
        input_size: side of the square that is seen.
        stride: every so many pixels of it, along both axes, one is measured. They are taken as they are: means over
            several would blur what an edit leaves in a histogram, such as clipped tops and the bends of a curve.
        ring: width of the zone around the mask, in strides.
        palette: how many features of a pixel are learned; 0 for none.
    """

    def __init__(self, input_size: int = 384, stride: int = 3, ring: int = 16, palette: int = 64) -> None:
        super().__init__()
        self.input_size, self.stride, self.ring = input_size, stride, ring
        self.palette = _perceptron(CHANNELS + 6, palette, palette) if palette else None
        self.count = 2 * 5 * (CHANNELS + palette)  # how many numbers `measure` gives

    def measure(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Measure whole pictures.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1].

        Returns:
            (B, count) statistics, float32.
        """
        size = [self.input_size, self.input_size]
        image, mask = resized(image, size), resized(mask, size)
        with torch.autocast(image.device.type, enabled=False):  # sums over a photo need float32
            image, share = image.float(), shares(zones(self.grid(mask.float()), self.ring))
            right, below = _shifted(image)
            channels = self.channels(self.grid(image), self.grid(right), self.grid(below))
            return concat_moments(*(moments(part, share) for part in channels))

    def measure_points(self, points: torch.Tensor) -> torch.Tensor:
        """The same from pixels drawn of each zone: (B, 3, Z, 3 K) of `draw_points` -> (B, count)."""
        with torch.autocast(points.device.type, enabled=False):
            return concat_moments(*(point_moments(part) for part in self.channels(*with_neighbours(points.float()))))

    def draw_points(
        self, image: torch.Tensor, mask: torch.Tensor, count: int, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A sample of the pixels that `measure` would look at, which is faster to edit and to measure.

        Args:
            image: (B, 3, input_size, input_size) RGB in [0, 1].
            mask: (B, 1, input_size, input_size) in [0, 1].
            count: K, pixels of each zone.
            generator: on their device.

        Returns:
            (B, 3, Z, 3 K) and (B, 1, Z, 3 K), laid out by `take_points`: a picture and its mask to a pointwise edit.
        """
        grid = self.grid(mask)
        where = sample_points(zones(grid, self.ring), count, generator)
        where = on_full_grid(where, grid.shape[-1], image.shape[-1], self.stride)
        return take_points(image, where), take_points(mask, where)

    def grid(self, pixels: torch.Tensor) -> torch.Tensor:
        """The pixels that are measured: (B, C, input_size, input_size) -> (B, C, h, w)."""
        first = self.stride // 2
        return pixels[..., first :: self.stride, first :: self.stride]

    def channels(self, image: torch.Tensor, right: torch.Tensor, below: torch.Tensor) -> list[torch.Tensor]:
        """The channels of pixels, from them and their right and lower neighbours, (B, 3, H, W) each -> (B, C, H, W)."""
        # One call: of a few pixels it counts. Side by side, because an export leaves the number of photos open.
        lab, lab_right, lab_below = rgb_to_lab(torch.cat([image, right, below], dim=3)).chunk(3, dim=3)
        steps = ((luma[:, :1] - lab[:, :1]).abs() for luma in (lab_right, lab_below))
        channels = color_channels(image, lab, sum(steps))
        if self.palette is None:
            return [channels]
        seen = torch.cat([channels, right - image, below - image], dim=1)
        return [channels, _at_each_pixel(self.palette, seen)]


def perceptron(count: int, hidden: int, dropout: float) -> nn.Sequential:
    """Two layers on statistics: (B, count) -> (B, hidden)."""
    layers: list[nn.Module] = []
    for before in (count, hidden):
        layers += [nn.Dropout(dropout), nn.Linear(before, hidden), nn.BatchNorm1d(hidden), nn.SiLU()]
    return nn.Sequential(*layers)


def _at_each_pixel(layers: nn.Sequential, channels: torch.Tensor) -> torch.Tensor:
    """A perceptron on the channels of each pixel: (B, before, H, W) -> (B, after, H, W)."""
    # Weights times pixels as they lie in memory: no copy with the channels last, which costs more than the product.
    flat = channels.flatten(2)  # (B, before, H W)
    for layer in layers:
        if isinstance(layer, nn.Linear):
            weight, bias = layer.weight.to(flat.dtype), layer.bias.to(flat.dtype)  # half-precision weights, float32 sums
            flat = torch.bmm(weight.expand(flat.shape[0], -1, -1), flat) + bias[:, None]
        else:
            flat = layer(flat)
    return flat.unflatten(2, channels.shape[2:])


def _perceptron(before: int, hidden: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, hidden), nn.SiLU(), nn.Linear(hidden, after), nn.SiLU())


def _shifted(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each pixel's right and lower neighbour; itself at the border."""
    right = torch.cat([image[..., 1:], image[..., -1:]], dim=3)
    return right, torch.cat([image[..., 1:, :], image[..., -1:, :]], dim=2)
