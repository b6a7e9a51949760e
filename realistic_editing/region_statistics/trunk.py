"""The trunk of an EfficientNet-Lite: features of four strides that know things."""
import torch
from torch import nn

from realistic_editing.region_statistics.efficientnet import BACKBONES, EfficientNetLite
from realistic_editing.weights.pretrained import load_lite


class LiteTrunk(EfficientNetLite):
    """Stem and stages of an EfficientNet-Lite, and the features of each stride from 4 to 32.

    Args:
        backbone: an EfficientNet-Lite, by timm's name.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.

    Attributes:
        taps: the last stage of each stride from 4 to 32, and its channels: {stage: channels}.

    Raises:
        ValueError: for another backbone.
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(self, backbone: str = "tf_efficientnet_lite0", pretrained: str = "none") -> None:
        if backbone not in BACKBONES:
            raise ValueError(f"backbone is {backbone!r}; use one of {', '.join(BACKBONES)}")
        super().__init__(backbone)
        load_lite(self, backbone, pretrained)
        last = {stride: stage for stage, stride in enumerate(self.strides) if stride >= 4}
        self.taps = {stage: self.channels[stage] for stage in last.values()}

    def features(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, 3, H, W) in [0, 1], sides multiples of 32, -> the backbone's features at strides 4, 8, 16 and 32."""
        stages = self.stages((image * 2 - 1).to(self.stem.weight.dtype))
        return [stages[stage] for stage in self.taps]

    def pretrained_parameters(self) -> list[nn.Parameter]:
        """The backbone's, which are fine-tuned at a rate of their own."""
        return [*self.stem.parameters(), *self.norm.parameters(), *self.blocks.parameters()]

    def train(self, mode: bool = True) -> "LiteTrunk":
        """As for any module, but the backbone's batch norms keep ImageNet's statistics: a batch here holds a few photos."""
        super().train(mode)
        for part in (self.norm, self.blocks):
            part.eval()
        return self
