"""A small enhancement network: what both judges look at, measured inside, around and outside the mask, and an MLP."""
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.common.networks import same_values
from realistic_editing.enhance.attention import AttentionProposer
from realistic_editing.region_statistics.network import RegionStatistics, perceptron
from realistic_editing.saliency.compact import CompactSaliency


class CompactEnhancer(AttentionProposer):
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
        statistics = RegionStatistics(input_size, stride, ring, palette)
        super().__init__(statistics, CompactSaliency(**(saliency or {})), blend, order_input)
        features = self.attention.readout.in_channels + 1  # and the map itself
        count = self.describer.count + 2 * 5 * features
        self.normalise = nn.BatchNorm1d(count)
        self.body = perceptron(count, hidden, dropout)
        self.decide_from(hidden)

    def shares_features_with(self, saliency: nn.Module) -> bool:
        """Whether a saliency network has the very weights of the features that this one uses."""
        return same_values(self.attention, saliency)

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
        attention = self.pooled_by_zone(top, small_mask)
        both = torch.cat([statistics, attention], dim=1).to(self.normalise.weight.dtype)
        return self.body(self.normalise(both))
