"""What enhancement networks share that start from the features of a trained, frozen saliency network."""
import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.enhance.proposer import Proposer
from realistic_editing.region_statistics.color_statistics import concat_moments, moments, shares, zones
from realistic_editing.region_statistics.network import RegionStatistics
from realistic_editing.weights.registry import fill


class AttentionProposer(Proposer):
    """Statistics of a region's colours beside the features of a frozen saliency network. A subclass joins them in `encode`.

    Args:
        statistics: of the region.
        attention: the saliency network; it is frozen, and `start_from` gives it trained values.
        blend, order_input: as for `Proposer`.
    """

    frozen_parts = ("attention",)  # a file names it, where it is a bundled network

    def __init__(self, statistics: RegionStatistics, attention: nn.Module, blend: str, order_input: bool) -> None:
        super().__init__(blend, order_input)
        self.describer = statistics  # the attribute is named as in saved weights
        self.attention = attention.requires_grad_(False)

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

    def train(self, mode: bool = True) -> "AttentionProposer":
        """As for any module, but the frozen saliency network stays in evaluation mode."""
        super().train(mode)
        self.attention.eval()
        return self

    @torch.no_grad()
    def pooled_by_zone(self, features: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Statistics of the saliency network's features in the three zones of the mask.

        Args:
            features: (B, C, h, w).
            mask: (B, 1, H, W) in [0, 1], as the network saw the photo.

        Returns:
            (B, 10 C), float32.
        """
        with torch.autocast(features.device.type, enabled=False):  # sums over a photo need float32
            inside = F.adaptive_avg_pool2d(mask.float(), features.shape[-2:])
            # A ring as wide as that of the statistics, in cells of this grid.
            ring = max(1, round(self.describer.ring * self.describer.stride / self.input_size * features.shape[-2]))
            return concat_moments(moments(features.float(), shares(zones(inside, ring))))
