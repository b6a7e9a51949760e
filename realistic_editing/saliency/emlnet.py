"""EML-Net (Jia and Bruce, 2020), ResNet-50 version: the saliency model of the paper."""
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet50

from realistic_editing.common.inputs import resized
from realistic_editing.weights import load_released
from realistic_editing.weights.pretrained import load_resnet

BLUR_KERNEL, BLUR_SIGMA = 33, 5.0
WIDTHS = (64, 256, 512, 1024, 2048)  # channels of ResNet-50 after the stem and the four stages


class ReadoutResNet(nn.Module):
    """ResNet-50 without its classifier, read out at five depths.

    Args:
        pretrained: where its ImageNet weights come from, see `load_resnet`: "timm" or "none".
    """

    def __init__(self, pretrained: str | bool = "none") -> None:
        super().__init__()
        trunk = resnet50(weights=None)
        self.conv1, self.bn1, self.relu, self.maxpool = trunk.conv1, trunk.bn1, trunk.relu, trunk.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4
        load_resnet(self, pretrained)
        self.readouts = nn.ModuleList(_convolution(width, nn.ReLU()) for width in WIDTHS)
        self.combine = _convolution(len(WIDTHS), nn.Sigmoid())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The map of this network alone, as EML-Net's first stage of training has it; `EMLNet` uses `read`.

        Args:
            image: (B, 3, H, W) RGB in [0, 1].

        Returns:
            (B, 1, H, W) in [0, 1].
        """
        size = image.shape[-2:]
        return self.combine(torch.cat([F.interpolate(part, size) for part in self.compute_readouts(image)], dim=1))

    def compute_readouts(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, 3, H, W) in [0, 1] -> five readouts (B, 1, h, w), from the stem to the last stage."""
        features = self.relu(self.bn1(self.conv1(image)))
        found = [self.readouts[0](features)]  # before the pooling, at half the resolution
        features = self.maxpool(features)
        for stage, readout in zip((self.layer1, self.layer2, self.layer3, self.layer4), self.readouts[1:], strict=True):
            features = stage(features)
            found.append(readout(features))
        return found


class Decoder(nn.Module):
    """Joins the ten readouts of the two networks to one map."""

    def __init__(self) -> None:
        super().__init__()
        self.imagenet = nn.ModuleList(_convolution(1, nn.ReLU()) for _ in WIDTHS)
        self.places = nn.ModuleList(_convolution(1, nn.ReLU()) for _ in WIDTHS)
        self.combine = _convolution(2 * len(WIDTHS), nn.Sigmoid())

    def forward(
        self, imagenet: Sequence[torch.Tensor], places: Sequence[torch.Tensor], size: tuple[int, int]
    ) -> torch.Tensor:
        """Five readouts of each network -> (B, 1, *size) in [0, 1]."""
        layers = [*self.imagenet, *self.places]
        found = [F.interpolate(layer(x), size) for layer, x in zip(layers, [*imagenet, *places], strict=True)]
        return self.combine(torch.cat(found, dim=1))


class EMLNet(nn.Module):
    """Two ResNet-50 (one began with ImageNet, one with Places), a decoder and a blur; 47.1 M parameters.

    The photo enters as RGB in [0, 1], without ImageNet's normalisation, as the authors of the paper use it.

    Args:
        input_size: (height, width) the network sees.
        pretrained: "timm" begins both ResNets with ImageNet weights: timm has none of Places; "none" for weights from a file.

    Raises:
        InputError: when pre-trained weights cannot be had.
    """

    def __init__(self, input_size: tuple[int, int] = (480, 640), pretrained: str | bool = "none") -> None:
        super().__init__()
        self.input_size = tuple(input_size)
        self.imagenet = ReadoutResNet(pretrained)
        self.places = ReadoutResNet(pretrained)
        for part in (self.imagenet, self.places):
            part.combine.requires_grad_(False)  # not used here, and distributed training waits for all that is trained
        self.decoder = Decoder()

    @classmethod
    def from_released(
        cls,
        imagenet: str | Path | Mapping[str, torch.Tensor],
        places: str | Path | Mapping[str, torch.Tensor],
        decoder: str | Path | Mapping[str, torch.Tensor],
    ) -> "EMLNet":
        """Build from the authors' three checkpoints, in evaluation mode.

        Raises:
            InputError: see `load_released`.
        """
        network = cls()
        network.imagenet = load_released(imagenet, "emlnet_imagenet")
        network.places = load_released(places, "emlnet_places")
        network.decoder = load_released(decoder, "emlnet_decoder")
        return network.eval()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict saliency.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.

        Returns:
            (B, 1, H, W) in [0, 1], float32 or wider, at the size of `image`.
        """
        return resized(self.map(image), list(image.shape[-2:]))

    def map(self, image: torch.Tensor) -> torch.Tensor:
        """The map at the network's own size: (B, 3, H, W) in [0, 1] -> (B, 1, *input_size) in [0, 1]."""
        image = resized(image, list(self.input_size)).to(self.imagenet.conv1.weight.dtype)
        saliency = self.decoder(self.imagenet.compute_readouts(image), self.places.compute_readouts(image), self.input_size)
        # Not in half precision: S (eq. 3) is a small difference of maps, and the blur averages their rounding away.
        with torch.autocast(image.device.type, enabled=False):
            return _blur(saliency.to(torch.promote_types(saliency.dtype, torch.float32)))


def _convolution(before: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, 1, 3, padding=1), nn.BatchNorm2d(1), activation)


def _blur(saliency: torch.Tensor) -> torch.Tensor:
    """Gaussian blur with mirrored borders, one axis after the other: 33 times less work than the square kernel."""
    reach = BLUR_KERNEL // 2
    at = torch.arange(-reach, reach + 1, dtype=torch.float64)  # on the CPU: Apple's GPUs have no float64
    kernel = torch.exp(-((at / BLUR_SIGMA) ** 2) / 2)
    kernel = (kernel / kernel.sum()).to(saliency.device, saliency.dtype)
    padded = F.pad(saliency, (reach, reach, reach, reach), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
