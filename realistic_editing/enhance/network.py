"""The enhancement network (section 4): a photo, a mask and an order of the operators -> their parameters."""
import math

import timm
import torch
from torch import nn

from realistic_editing.common.inputs import joined
from realistic_editing.ops.orders import ALL_ORDERS, all_orders
from realistic_editing.ops.recipe import BLENDS, KNOTS, PARAMETERS, RANGES, Recipe

SIZES = {"white_balance": (3,), "color_curve": (3, KNOTS), "saturation": (), "exposure": ()}


class EditNet(nn.Module):
    """EfficientNet-lite3 on photo and mask, the order joined to its pooled features, and a head for each operator.

    6.50 M parameters. The order enters after the encoder, so all 24 orders of a photo cost one encoder pass.

    The stem's filters for the mask are the mean of those for red, green and blue: the network sees the mask's shape
    from the first step. With zeros it would take thousands of steps to notice it at the paper's learning rate of 1e-5.

    A fresh network proposes nearly the identity: exposure and saturation about 1, white balance and the knots of a
    curve about equal. The saliency losses then start from the photo as it is, inside the critic's margin.

    Args:
        backbone: a timm EfficientNet with TF "same" padding, which pads by the size of each input.
        pretrained: fetch ImageNet weights for the backbone; False needs no network connection.
        input_size: side of the square that photo and mask are resized to; None runs at the size given.
        blend: of the recipes (see `Recipe`); the authors' weights go with "each".
        order_input: False hides the order from the network (an ablation).

    Raises:
        ValueError: when backbone or blend is unknown.
    """

    def __init__(
        self,
        backbone: str = "tf_efficientnet_lite3",
        pretrained: bool = False,
        input_size: int | None = 384,
        blend: str = "final",
        order_input: bool = True,
    ) -> None:
        super().__init__()
        if blend not in BLENDS:
            raise ValueError(f"blend is {blend!r}; expected one of {BLENDS}")
        self.input_size, self.blend, self.order_input = input_size, blend, order_input
        trunk = _trunk(backbone, pretrained)
        self.stem, self.norm, self.blocks = _with_mask_channel(trunk.conv_stem), trunk.bn1, trunk.blocks
        width = _without_last_norm(self.blocks)
        self.order_embedding = nn.Linear(4, 32)
        self.shared = nn.Sequential(nn.Linear(width + 32, 128), nn.LeakyReLU(0.1), nn.Linear(128, 128))
        self.heads = nn.ModuleDict({name: _head(name) for name in PARAMETERS})

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

    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Photo and mask, as in `forward` -> (B, 384) features."""
        features = joined(image, mask, self.input_size, self.stem.weight.dtype)
        return self.blocks(self.norm(self.stem(features))).mean(dim=(2, 3))

    def decode(self, features: torch.Tensor, order: torch.Tensor) -> Recipe:
        """Features of `encode` (B, 384) and orders (B, 4) -> B edits."""
        if order.shape != (features.shape[0], 4):
            raise ValueError(f"order has shape {tuple(order.shape)}; expected {(features.shape[0], 4)}")
        numbers = order.to(self.order_embedding.weight.dtype)
        if not self.order_input:
            numbers = torch.zeros_like(numbers)
        shared = self.shared(torch.cat([features, self.order_embedding(numbers)], dim=1))
        parameters = {name: _scaled(name, head(shared)) for name, head in self.heads.items()}
        return Recipe(order, **parameters, blend=self.blend)


def _scaled(name: str, logits: torch.Tensor) -> torch.Tensor:
    low, high = RANGES[name]
    # A recipe is a value for the user: half precision would round exposure to steps of 0.001 and more.
    share = logits.to(torch.promote_types(logits.dtype, torch.float32)).sigmoid()
    return (low + (high - low) * share).reshape(-1, *SIZES[name])  # the curve: (B, 24) -> (B, 3, 8), red first


def _head(name: str) -> nn.Linear:
    head = nn.Linear(128, math.prod(SIZES[name]))
    nn.init.normal_(head.weight, std=0.001)  # not 0: gradients reach the encoder at the first step
    low, high = RANGES[name]
    # Where any equal values are the identity, begin in the middle, where the sigmoid is steepest.
    start = (1 - low) / (high - low) if name in ("saturation", "exposure") else 0.5
    nn.init.constant_(head.bias, math.log(start / (1 - start)))
    return head


def _trunk(backbone: str, pretrained: bool) -> nn.Module:
    if not timm.models.is_model_in_modules(backbone, ["efficientnet"]):
        raise ValueError(
            f"backbone {backbone!r} is not an EfficientNet of timm; use tf_efficientnet_lite0 to tf_efficientnet_lite4"
        )
    return timm.create_model(backbone, pretrained=pretrained, bn_momentum=0.01)


def _with_mask_channel(stem: nn.Conv2d) -> nn.Conv2d:
    weight = stem.weight.detach()
    stem.weight = nn.Parameter(torch.cat([weight, weight.mean(dim=1, keepdim=True)], dim=1))
    stem.in_channels = 4
    return stem


def _without_last_norm(blocks: nn.Sequential) -> int:
    """Take the batch norm after the last convolution away, as the release does; return that convolution's channels."""
    last = blocks[-1][-1]
    name = "bn3" if hasattr(last, "bn3") else "bn2"
    width = getattr(last, name).num_features
    setattr(last, name, nn.Identity())
    return width
