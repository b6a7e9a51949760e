"""A small saliency network, trained from scratch on fixations: the default where EML-Net's weights are not at hand."""
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from realistic_editing.common.inputs import resized
from realistic_editing.saliency.smaller import at_share


class CompactSaliency(nn.Module):
    """Five strided residual stages, a top-down pathway that joins four depths, and a learned centre bias.

    The map is a sigmoid of local evidence and not a softmax, so that calming one region does not by itself raise the
    others.

    Args:
        input_size: (height, width) the network sees; 3:4 as the photos it was trained on.
        widths: channels after each halving of the resolution.
        join: channels of the top-down pathway.
        dropout: share of the joined channels dropped in training.
    """

    def __init__(
        self,
        input_size: tuple[int, int] = (192, 256),
        widths: tuple[int, int, int, int, int] = (32, 64, 96, 128, 160),
        join: int = 48,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.input_size = tuple(input_size)
        self.stem = _convolution(3, widths[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(_convolution(before, after, stride=2), _Residual(after))
            for before, after in itertools.pairwise(widths)
        )
        self.context = nn.Linear(widths[-1], join)
        self.laterals = nn.ModuleList(nn.Conv2d(width, join, 1) for width in widths[1:])
        self.refine = nn.ModuleList(_convolution(join, join) for _ in widths[1:])
        self.dropout = nn.Dropout2d(dropout)
        self.readout = nn.Conv2d(join, 1, 1)
        self.center_bias = nn.Parameter(torch.zeros(1, 1, 12, 16))
        nn.init.constant_(self.readout.bias, -2.0)  # most of a photo is not looked at

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict saliency.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.

        Returns:
            (B, 1, H, W) in [0, 1], at the size of `image`.
        """
        return self.predict_with_features(image)[0]

    def predict_with_features(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The map of `forward`, and the `features` it was read from, for whoever needs both."""
        top = self.features(resized(image, list(self.input_size)))
        # Upsampled before the sigmoid: the map stays inside (0, 1), and S, a ratio, is smooth across cells.
        return F.interpolate(self.read_out(top).float(), image.shape[-2:], mode="bilinear").sigmoid(), top

    def at_share(self, share: float) -> nn.Module:
        """See `SeesSmaller`."""
        return at_share(self, share)

    def logits(self, image: torch.Tensor) -> torch.Tensor:
        """(B, 3, *input_size) in [0, 1] -> (B, 1, h / 4, w / 4) before the sigmoid."""
        return self.read_out(self.features(image))

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """What the map is read from: (B, 3, *input_size) in [0, 1] -> (B, join, h / 4, w / 4)."""
        features = self.stem((image - 0.5) / 0.25)
        depths = []
        for stage in self.stages:
            features = stage(features)
            depths.append(features)
        top = self.context(features.mean(dim=(2, 3)))[:, :, None, None]
        for features, lateral, refine in zip(depths[::-1], self.laterals[::-1], self.refine[::-1], strict=True):
            top = F.interpolate(top, features.shape[-2:], mode="bilinear") if top.shape[-1] > 1 else top
            top = refine(lateral(features) + top)
        return top

    def read_out(self, top: torch.Tensor) -> torch.Tensor:
        """`features` -> (B, 1, h / 4, w / 4) before the sigmoid."""
        bias = F.interpolate(self.center_bias, top.shape[-2:], mode="bilinear")
        return self.readout(self.dropout(top)) + bias


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        nn.init.zeros_(self.second[1].weight)  # starts as the identity

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return F.silu(features + self.second(self.first(features)))


def _convolution(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.SiLU()
    )
