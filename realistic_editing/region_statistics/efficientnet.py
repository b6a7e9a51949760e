"""EfficientNet-Lite, the family of the paper's backbone: networks that judge photos need no timm, whose import takes seconds.

Mingxing Tan and Quoc V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the Lite
variants (2020) have no squeeze-and-excitation, ReLU6 in place of SiLU, and a stem and a head that are not scaled.
"""
import math
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

# Factors of width and depth, for Lite 0 to 4.
_SCALES = ((1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8))
BACKBONES = tuple(f"tf_efficientnet_lite{number}" for number in range(len(_SCALES)))
# Kernel, stride, expansion, channels and layers of each stage, before scaling (Table 1 of the paper, without its head).
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM = 32


class EfficientNetLite(nn.Module):
    """Stem and stages of an EfficientNet-Lite, without its head; its batch norms keep their statistics.

    It and its blocks name in `norms` the batch norm after each convolution.

    Args:
        name: one of BACKBONES.

    Attributes:
        channels: of each stage.
        strides: of each stage, from the photo.
    """

    norms: ClassVar = {"stem": "norm"}

    def __init__(self, name: str) -> None:
        super().__init__()
        width, depth = _SCALES[BACKBONES.index(name)]
        self.stem = nn.Conv2d(3, _STEM, 3, stride=2, bias=False)
        self.norm = _norm(_STEM)
        self.channels = [_rounded(count * width) for *_, count, _ in _STAGES]
        self.strides = [math.prod(stride for _, stride, *_ in _STAGES[: number + 1]) * 2 for number in range(len(_STAGES))]
        before = [_STEM, *self.channels]
        self.blocks = nn.Sequential(*(_stage(number, *before[number : number + 2], depth) for number in range(len(_STAGES))))

    @torch.no_grad()
    def fold_norms(self) -> None:
        """Have every convolution take up its batch norm for good, see `common.protocols.FoldsNorms`."""
        for parent in self.modules():
            for convolution, norm in getattr(parent, "norms", {}).items():
                if isinstance(getattr(parent, norm), nn.Identity):  # folded before
                    continue
                layer = getattr(parent, convolution)
                weight, bias = _folded(layer, getattr(parent, norm))
                layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
                setattr(parent, norm, nn.Identity())

    def stem_features(self, photo: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [-1, 1] -> what the first stage is given, (B, 32, H / 2, W / 2)."""
        return _relu6(_convolve(photo.contiguous(memory_format=torch.channels_last), self.stem, self.norm))

    def stages(self, photo: torch.Tensor) -> list[torch.Tensor]:
        """(B, 3, H, W) in [-1, 1] -> the features of each stage, (B, C, h, w)."""
        features, found = self.stem_features(photo), []
        for stage in self.blocks:
            features = stage(features)
            found.append(features)
        return found


def _stage(number: int, given: int, channels: int, depth: float) -> nn.Sequential:
    """A stage's blocks; the first and the last are not made deeper."""
    kernel, stride, expansion, _, layers = _STAGES[number]
    count = layers if number in (0, len(_STAGES) - 1) else math.ceil(layers * depth)
    if expansion == 1:
        return nn.Sequential(_Separable(given, channels, kernel))
    return nn.Sequential(
        *(
            _InvertedResidual(channels if layer else given, channels, kernel, 1 if layer else stride, expansion)
            for layer in range(count)
        )
    )


class _Separable(nn.Module):
    """A depthwise and a pointwise convolution."""

    norms: ClassVar = {"conv_dw": "bn1", "conv_pw": "bn2"}

    def __init__(self, given: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(given, given, kernel, groups=given, bias=False)
        self.bn1 = _norm(given)
        self.conv_pw = nn.Conv2d(given, channels, 1, bias=False)
        self.bn2 = _norm(channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return _convolve(_relu6(_convolve(features, self.conv_dw, self.bn1)), self.conv_pw, self.bn2)


class _InvertedResidual(nn.Module):
    """Widen, convolve by channel, narrow; with a shortcut where the shape stays."""

    norms: ClassVar = {"conv_pw": "bn1", "conv_dw": "bn2", "conv_pwl": "bn3"}

    def __init__(self, given: int, channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = given * expansion
        self.conv_pw = nn.Conv2d(given, wide, 1, bias=False)
        self.bn1 = _norm(wide)
        self.conv_dw = nn.Conv2d(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self.bn2 = _norm(wide)
        self.conv_pwl = nn.Conv2d(wide, channels, 1, bias=False)
        self.bn3 = _norm(channels)
        self.shortcut = stride == 1 and given == channels

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        found = _relu6(_convolve(features, self.conv_pw, self.bn1))
        found = _relu6(_convolve(found, self.conv_dw, self.bn2))
        found = _convolve(found, self.conv_pwl, self.bn3)
        return features + found if self.shortcut else found


def _relu6(features: torch.Tensor) -> torch.Tensor:
    """In place: nobody else has a convolution's output, and a pass over memory that is new costs more than the arithmetic."""
    return F.relu6(features, inplace=True)


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of a convolution that has taken up the batch norm after it.

    The norm keeps ImageNet's statistics, so it is one factor and one offset a channel: fewer passes over the features, with
    and without gradients.
    """
    factor = norm.weight * (norm.running_var + norm.eps).rsqrt()
    return conv.weight * factor[:, None, None, None], norm.bias - norm.running_mean * factor


def _convolve(features: torch.Tensor, conv: nn.Conv2d, norm: nn.Module) -> torch.Tensor:
    """A convolution and its batch norm as one convolution, padded as TensorFlow does; an nn.Identity is one taken up."""
    weight, bias = (conv.weight, conv.bias) if isinstance(norm, nn.Identity) else _folded(conv, norm)
    padding = _padding(features.shape[-1], conv) + _padding(features.shape[-2], conv)
    if len(set(padding)) > 1:
        features, padding = F.pad(features, padding), (0,)
    return F.conv2d(features, weight, bias, conv.stride, padding[0], groups=conv.groups)


def _padding(size: int, conv: nn.Conv2d) -> tuple[int, int]:
    """Before and after, along one axis: with a stride of two, one pixel more after."""
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    whole = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return whole // 2, whole - whole // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


def _rounded(channels: float) -> int:
    """To a multiple of 8, and not below nine tenths."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found + 8 if found < 0.9 * channels else found
