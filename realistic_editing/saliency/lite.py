"""A saliency network on EfficientNet-Lite, the paper's family of backbones: features that know things, and a small readout."""
import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.common.inputs import resized
from realistic_editing.region_statistics.trunk import LiteTrunk
from realistic_editing.saliency.smaller import at_share

_GRID = 8  # pixels of the input to a cell of the map, along both axes


class LiteSaliency(LiteTrunk):
    """Features of four depths, joined at a stride of 8, two depthwise convolutions, and a learned centre map.

    The map is a sigmoid of local evidence and not a softmax, so that calming one region does not by itself raise the others.

    Args:
        backbone: an EfficientNet-Lite of timm.
        pretrained: where its ImageNet weights come from, see `load_backbone`; "none" for weights from a file of this network.
        input_size: (height, width) the network sees, multiples of 32.
        width: channels of the readout.
        dropout: share of these channels dropped in training.

    Raises:
        ValueError: when the input size does not fit the strides.
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(
        self,
        backbone: str = "tf_efficientnet_lite2",
        pretrained: str = "none",
        input_size: tuple[int, int] = (288, 384),
        width: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(backbone, pretrained)
        if any(side % 32 for side in input_size):
            raise ValueError(f"input_size is {tuple(input_size)}; use multiples of 32")
        self.input_size = tuple(input_size)
        channels = list(self.taps.values())
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(count, width, 1, bias=False), nn.BatchNorm2d(width)) for count in channels
        )
        self.context = nn.Linear(channels[-1], width)
        self.mix = nn.Sequential(nn.SiLU(), *_separable(width, 3), *_separable(width, 5))
        self.dropout = nn.Dropout2d(dropout)
        self.readout = nn.Conv2d(width, 1, 1)
        self.center_bias = nn.Parameter(torch.zeros(1, 1, 12, 16))
        nn.init.constant_(self.readout.bias, -2.0)  # most of a photo is not looked at

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict saliency.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.

        Returns:
            (B, 1, H, W) in [0, 1], at the size of `image`.
        """
        logits = self.logits(resized(image, list(self.input_size)))
        # Upsampled before the sigmoid: the map stays inside (0, 1), and S, a ratio, is smooth across cells.
        return F.interpolate(logits.float(), image.shape[-2:], mode="bilinear").sigmoid()

    def at_share(self, share: float) -> nn.Module:
        """See `SeesSmaller`."""
        return at_share(self, share)

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, *input_size) in [0, 1] -> (B, 1, h / 8, w / 8) before the sigmoid."""
        return self.read_out(self.features(image))

    def read_out(self, depths: list[torch.Tensor]) -> torch.Tensor:
        """The trunk's features -> (B, 1, h / 8, w / 8) before the sigmoid."""
        grid = [side // _GRID for side in self.input_size]
        joined = sum(_to_grid(lateral(depth), grid) for lateral, depth in zip(self.laterals, depths, strict=True))
        joined = joined + self.context(depths[-1].mean(dim=(2, 3)))[:, :, None, None]
        joined = joined + self.mix(joined)
        return self.readout(self.dropout(joined)) + F.interpolate(self.center_bias, grid, mode="bilinear")


def _to_grid(features: torch.Tensor, grid: list[int]) -> torch.Tensor:
    if features.shape[-1] < grid[1]:
        return F.interpolate(features, grid, mode="bilinear")
    return F.adaptive_avg_pool2d(features, grid)


def _separable(width: int, side: int) -> list[nn.Module]:
    depthwise = nn.Conv2d(width, width, side, padding=side // 2, groups=width, bias=False)
    return [depthwise, nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.SiLU()]
