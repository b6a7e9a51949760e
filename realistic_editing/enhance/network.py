"""The paper's enhancement network (section 4): a photo, a mask and an order of the operators -> their parameters."""
import timm
import torch
from torch import nn

from realistic_editing.common.inputs import joined
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.weights.pretrained import load_backbone


class EditNet(Proposer):
    """EfficientNet-lite3 on photo and mask, the order joined to its pooled features, and a head for each operator.

    6.50 M parameters. The order enters after the encoder, so all 24 orders of a photo cost one encoder pass.

    The stem's filters for the mask are the mean of those for red, green and blue: the network sees the mask's shape
    from the first step. With zeros it would take thousands of steps to notice it at the paper's learning rate of 1e-5.

    A fresh network proposes nearly the identity: exposure and saturation about 1, white balance and the knots of a
    curve about equal. The saliency losses then start from the photo as it is, inside the critic's margin.

    Args:
        backbone: a timm EfficientNet with TF "same" padding, which pads by the size of each input.
        pretrained: where the backbone's ImageNet weights come from, see `load_backbone`: "package", "timm" or "none".
        input_size: side of the square that photo and mask are resized to; None runs at the size given.
        blend: of the recipes (see `Recipe`); the authors' weights go with "each".
        order_input: False hides the order from the network (an ablation).

    Raises:
        ValueError: when backbone or blend is unknown.
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(
        self,
        backbone: str = "tf_efficientnet_lite3",
        pretrained: str | bool = "none",
        input_size: int | None = 384,
        blend: str = "final",
        order_input: bool = True,
    ) -> None:
        super().__init__(blend, order_input)
        self.input_size = input_size
        trunk = _trunk(backbone, pretrained)
        self.stem, self.norm, self.blocks = _with_mask_channel(trunk.conv_stem), trunk.bn1, trunk.blocks
        width = _without_last_norm(self.blocks)
        self.decide_from(width)

    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Photo and mask, as in `forward` -> (B, 384) features."""
        features = joined(image, mask, self.input_size, self.stem.weight.dtype)
        return self.blocks(self.norm(self.stem(features))).mean(dim=(2, 3))


def _trunk(backbone: str, pretrained: str | bool) -> nn.Module:
    if not timm.models.is_model_in_modules(backbone, ["efficientnet"]):
        raise ValueError(
            f"backbone {backbone!r} is not an EfficientNet of timm; use tf_efficientnet_lite0 to tf_efficientnet_lite4"
        )
    return load_backbone(backbone, pretrained, bn_momentum=0.01)


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
