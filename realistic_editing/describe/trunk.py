"""The trunk of an EfficientNet-Lite, the paper's family of backbones: features of four strides that know things."""
import torch
from torch import nn

from realistic_editing.weights.pretrained import load_backbone


class LiteTrunk(nn.Module):
    """Stem and blocks of an EfficientNet-Lite, without its classifier.

    Args:
        backbone: an EfficientNet-Lite of timm.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.

    Attributes:
        taps: the last stage of each stride from 4 to 32, and its channels: {stage: channels}.

    Raises:
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(self, backbone: str = "tf_efficientnet_lite0", pretrained: str = "none") -> None:
        super().__init__()
        trunk = load_backbone(backbone, pretrained)
        self.stem, self.norm, self.blocks = trunk.conv_stem, trunk.bn1, trunk.blocks
        self.taps = _taps(trunk)

    def features(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, 3, H, W) in [0, 1], sides multiples of 32, -> the backbone's features at strides 4, 8, 16 and 32."""
        found, features = [], self.norm(self.stem((image * 2 - 1).to(self.stem.weight.dtype)))
        for number, stage in enumerate(self.blocks):
            features = stage(features)
            if number in self.taps:
                found.append(features)
        return found

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """The backbone's, which are fine-tuned at a rate of their own."""
        return [*self.stem.parameters(), *self.norm.parameters(), *self.blocks.parameters()]

    def train(self, mode: bool = True) -> "LiteTrunk":
        """As for any module, but the backbone's batch norms keep ImageNet's statistics: a batch here holds a few photos."""
        super().train(mode)
        for part in (self.norm, self.blocks):
            part.eval()
        return self


def _taps(trunk: nn.Module) -> dict[int, int]:
    found = [info for info in trunk.feature_info if info["reduction"] >= 4]
    return {int(info["module"].split(".")[1]): info["num_chs"] for info in found}
