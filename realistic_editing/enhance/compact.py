"""A small enhancement network: what both judges look at, measured inside, around and outside the mask, and an MLP."""
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.common.inputs import resized
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.region_statistics.color_statistics import concat_moments, moments, shares, zones
from realistic_editing.region_statistics.network import RegionStatistics, perceptron
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights.registry import fill


class CompactEnhancer(Proposer):
    """Colour statistics and learned features of pixels, as `CompactCritic` has them, beside the features of a saliency network.

    Both are pooled over the region, a ring around it and the rest of the photo, and an MLP decides.

    Args:
        saliency: constructor arguments of `CompactSaliency`, whose features are used. They are frozen; `start_from`
            gives them trained values.
        input_size, stride, ring, palette: as for `RegionStatistics`.
        hidden: width of the two layers of the MLP.
        dropout: before each of them.
        blend, order_input: as for `Proposer`.
    """

    frozen_parts = ("attention",)  # a file names it, where it is a bundled network

    def __init__(
        self,
        saliency: Mapping[str, Any] | None = None,
        input_size: int = 384,
        stride: int = 3,
        ring: int = 16,
        palette: int = 64,
        hidden: int = 384,
        dropout: float = 0.1,
        blend: str = "final",
        order_input: bool = True,
    ) -> None:
        super().__init__(blend, order_input)
        # The attribute is named as in saved weights.
        self.describer = RegionStatistics(input_size, stride, ring, palette)
        self.attention = CompactSaliency(**(saliency or {})).requires_grad_(False)
        features = self.attention.readout.in_channels + 1  # and the map itself
        count = self.describer.count + 2 * 5 * features
        self.normalise = nn.BatchNorm1d(count)
        self.body = perceptron(count, hidden, dropout)
        self.decide_from(hidden)

    @property
    def input_size(self) -> int:
        """Side of the square whose statistics are measured."""
        return self.describer.input_size

    def start_from(self, saliency: nn.Module) -> None:
        """Take over the values of a trained saliency network of the same shape.

        Raises:
            InputError: when it is of another kind or shape.
        """
        remedy = "name a network of the shape of model.network.saliency in model.attention"
        fill(self.attention, saliency.state_dict(), "model.attention", remedy)

    def shares_features_with(self, saliency: nn.Module) -> bool:
        """Whether a saliency network has the very weights of the features that this one uses."""
        ours, theirs = (
            {name: value.cpu() for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
            for network in (self.attention, saliency)
        )  # counts of training batches change no output
        return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)

    def train(self, mode: bool = True) -> "CompactEnhancer":
        """As for any module, but the frozen saliency network stays in evaluation mode."""
        super().train(mode)
        self.attention.eval()
        return self

    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Photo (B, 3, H, W) and mask (B, 1, H, W), any size -> (B, hidden)."""
        return self._join(self.describer.measure(image, mask), image, mask)

    def encode_pixels(
        self,
        image: torch.Tensor,
        mask: torch.Tensor,
        count: int,
        generator: torch.Generator | None = None,
        features: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The same from a sample of pixels, for training.

        Args:
            image, mask: (B, 3, S, S) and (B, 1, S, S), S = `input_size`.
            count: pixels of each zone.
            generator: on their device.
            features: of the photo, where a saliency network of the same weights has them already.
        """
        drawn, _ = self.describer.draw_points(image, mask, count, generator)
        return self._join(self.describer.measure_points(drawn), image, mask, features)

    def _join(
        self, statistics: torch.Tensor, image: torch.Tensor, mask: torch.Tensor, top: torch.Tensor | None = None
    ) -> torch.Tensor:
        with torch.no_grad():
            size = list(self.attention.input_size)
            small_mask = resized(mask, size)
            if top is None:
                small = resized(image, size)
                top = self.attention.features(small.to(self.attention.readout.weight.dtype))
            top = torch.cat([top, self.attention.read_out(top)], dim=1).float()
        with torch.no_grad(), torch.autocast(top.device.type, enabled=False):  # sums over a photo need float32
            inside = F.adaptive_avg_pool2d(small_mask.float(), top.shape[-2:])
            # A ring as wide as that of the statistics, in cells of this grid.
            ring = max(1, round(self.describer.ring * self.describer.stride / self.input_size * top.shape[-2]))
            attention = concat_moments(moments(top, shares(zones(inside, ring))))
        both = torch.cat([statistics, attention], dim=1).to(self.normalise.weight.dtype)
        return self.body(self.normalise(both))
