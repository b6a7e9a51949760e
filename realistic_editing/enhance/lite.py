"""An enhancement network that knows things: features of a frozen saliency network, colour statistics, and an MLP."""
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.enhance.attention import AttentionProposer
from realistic_editing.region_statistics.network import RegionStatistics, perceptron
from realistic_editing.region_statistics.things import near_region, pooled, pooled_numbers
from realistic_editing.saliency.lite import LiteSaliency


class LiteEnhancer(AttentionProposer):
    """What a region and its surroundings are, how its colours compare, and how much it draws attention, read by an MLP.

    Args:
        saliency: constructor arguments of `LiteSaliency`, whose features and map are used. It is frozen; `start_from` gives it
            trained values.
        things_size: side of the square that shows the region's surroundings to the saliency network's trunk.
        projection: channels that the features of things are brought down to.
        input_size, stride, ring, palette: as for `RegionStatistics`.
        hidden: width of the two layers of the MLP.
        dropout, things_dropout: before each of them, and before the projection.
        blend, order_input: as for `Proposer`.
    """

    def __init__(
        self,
        saliency: Mapping[str, Any] | None = None,
        things_size: int = 192,
        projection: int = 128,
        input_size: int = 384,
        stride: int = 3,
        ring: int = 16,
        palette: int = 64,
        hidden: int = 384,
        dropout: float = 0.1,
        things_dropout: float = 0.3,
        blend: str = "final",
        order_input: bool = True,
    ) -> None:
        statistics = RegionStatistics(input_size, stride, ring, palette)
        super().__init__(statistics, LiteSaliency(**(saliency or {})), blend, order_input)
        self.things_size = things_size
        things = 2 * pooled_numbers(self.attention)  # of the whole photo, and of the surroundings
        colors = self.describer.count + 2 * 5  # and the map's own statistics
        self.normalise, self.normalise_things = nn.BatchNorm1d(colors), nn.BatchNorm1d(things)
        self.project = nn.Sequential(nn.Dropout(things_dropout), nn.Linear(things, projection), nn.SiLU())
        self.body = perceptron(colors + projection, hidden, dropout)
        self.decide_from(hidden)

    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Photo (B, 3, H, W) and mask (B, 1, H, W), any size -> (B, hidden)."""
        size = [self.input_size, self.input_size]
        image, mask = resized(image, size), resized(mask, size)
        return self.join_features(self.describer.measure(image, mask), *self.frozen_features(image, mask))

    @torch.no_grad()
    def frozen_features(self, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What training does not change: (B, 10) statistics of the saliency map, and the features of things."""
        size, dtype = list(self.attention.input_size), self.attention.readout.weight.dtype
        depths = self.attention.features(resized(image, size))
        seen = self.attention.read_out(depths).float().sigmoid()
        small_mask = resized(mask, size).float()
        attention = self.pooled_by_zone(seen, small_mask)
        near, near_mask = near_region(image, mask, self.things_size)
        things = [pooled(depths, small_mask), pooled(self.attention.features(near.to(dtype)), near_mask)]
        return attention, torch.cat(things, dim=1)

    def join_features(self, colors: torch.Tensor, attention: torch.Tensor, things: torch.Tensor) -> torch.Tensor:
        """Colour statistics (B, count) and `frozen_features` -> (B, hidden)."""
        things = self.project(self.normalise_things(things.to(self.normalise.weight.dtype)))
        colors = self.normalise(torch.cat([colors, attention], dim=1).to(self.normalise.weight.dtype))
        return self.body(torch.cat([colors, things], dim=1))
