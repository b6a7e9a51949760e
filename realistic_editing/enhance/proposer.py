"""What all enhancement networks share: features of a photo and its region, joined by an order -> a recipe."""
import abc
import math

import torch
from torch import nn

from realistic_editing.enhance.parameters import SIZES, bounded
from realistic_editing.ops.orders import ALL_ORDERS, all_orders
from realistic_editing.ops.recipe import BLENDS, PARAMETERS, RANGES, Recipe


class Proposer(nn.Module, abc.ABC):
    """Heads for the four operators (section 4) on the features that a subclass gives in `encode`.

    The order enters after the encoder, so all 24 orders of a photo cost one encoder pass.

    A fresh network proposes nearly the identity: exposure and saturation about 1, white balance and the knots of a
    curve about equal. The saliency losses then start from the photo as it is, inside the critic's margin.

    Args:
        blend: of the recipes (see `Recipe`); the authors' weights go with "each".
        order_input: False hides the order from the network (an ablation).

    Raises:
        ValueError: when blend is unknown.
    """

    def __init__(self, blend: str = "final", order_input: bool = True) -> None:
        super().__init__()
        if blend not in BLENDS:
            raise ValueError(f"blend is {blend!r}; expected one of {BLENDS}")
        self.blend, self.order_input = blend, order_input

    def decide_from(self, width: int) -> None:
        """Make the heads for features of so many channels; for a subclass's constructor, after its encoder."""
        self.order_embedding = nn.Linear(4, 32)
        self.shared = nn.Sequential(nn.Linear(width + 32, 128), nn.LeakyReLU(0.1), nn.Linear(128, 128))
        self.heads = nn.ModuleDict({name: _head(name) for name in PARAMETERS})

    @abc.abstractmethod
    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Photo and mask, as in `forward` -> (B, width) features."""

    def forward(self, image: torch.Tensor, mask: torch.Tensor, order: torch.Tensor) -> Recipe:
        """Propose an edit for each photo in a given order.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].
            mask: (B, 1, H, W) in [0, 1], the region to edit.
            order: (B, 4) integers, see `Recipe`.

        Returns:
            B edits inside `RANGES`, float32 or wider.

        Raises:
            ValueError: when the shapes do not belong together.
        """
        return self.decode(self.encode(image, mask), order)

    def all_orders(self, image: torch.Tensor, mask: torch.Tensor) -> Recipe:
        """Propose an edit for each photo in each of the 24 orders, with one encoder pass.

        Returns:
            B * 24 edits: the 24 of the first photo first, in the order of `ops.all_orders`.
        """
        features = self.encode(image, mask)
        order = all_orders(features.device).repeat(features.shape[0], 1)
        return self.decode(features.repeat_interleave(len(ALL_ORDERS), dim=0), order)

    def decode(self, features: torch.Tensor, order: torch.Tensor) -> Recipe:
        """Features of `encode` (B, width) and orders (B, 4) -> B edits."""
        if order.shape != (features.shape[0], 4):
            raise ValueError(f"order has shape {tuple(order.shape)}; expected {(features.shape[0], 4)}")
        numbers = order.to(self.order_embedding.weight.dtype)
        if not self.order_input:
            numbers = torch.zeros_like(numbers)
        shared = self.shared(torch.cat([features, self.order_embedding(numbers)], dim=1))
        return bounded(order, torch.cat([head(shared) for head in self.heads.values()], dim=1), self.blend)


def _head(name: str) -> nn.Linear:
    head = nn.Linear(128, SIZES[name])
    nn.init.normal_(head.weight, std=0.001)  # not 0: gradients reach the encoder at the first step
    low, high = RANGES[name]
    # Where any equal values are the identity, begin in the middle, where the sigmoid is steepest.
    start = (1 - low) / (high - low) if name in ("saturation", "exposure") else 0.5
    nn.init.constant_(head.bias, math.log(start / (1 - start)))
    return head
