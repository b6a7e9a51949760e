"""The network of GazeShift (Mejjati et al., ECCV 2020): a photo and a mask to parameters of global edits."""
import itertools

import torch
from torch import nn
from torchvision.transforms.v2 import functional as TF

from realistic_editing.baselines.gazeshift_operators import PIECES, Parameters, soften
from realistic_editing.common.tasks import TASKS

_SLOPE = 0.2  # of the leaky ReLUs
# Of the heads' outputs: edits move so much slower than weights, and the discriminator, which has the same rate, keeps up.
_GAIN = 0.02


class GazeShiftNet(nn.Module):
    """Five strided convolutions that see the mask at every scale, and a head for each of task and zone.

    As the authors' network for both directions, which shares one encoder: half the weights of two networks, and each
    direction learns from all photos.

    Args:
        input_size: side of the square that photos are resized to.
        width: channels after the first convolution; each of the others doubles them.
        hidden: width of the heads.
    """

    def __init__(self, input_size: int = 128, width: int = 64, hidden: int = 128) -> None:
        super().__init__()
        self.input_size = input_size
        widths = [3, *(width * 2**depth for depth in range(5))]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before + 1, after, 7 if before == 3 else 3, stride=2, padding=3 if before == 3 else 1)
            for before, after in itertools.pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.InstanceNorm2d(after, affine=True) for after in widths[1:-1])
        self.heads = nn.ModuleDict(
            {f"{task}_{zone}": _head(widths[-1], hidden) for task in TASKS for zone in ("inside", "outside")}
        )

    def forward(self, image: torch.Tensor, mask: torch.Tensor, task: str) -> tuple[Parameters, Parameters]:
        """Propose an edit.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size.
            mask: (B, 1, H, W) in [0, 1].
            task: "attenuate" or "amplify".

        Returns:
            Parameters of inside and outside, B edits each.
        """
        return self.propose(self.encode(image, mask), task)

    def encode(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) and (B, 1, H, W) -> (B, 16 * width), which serves both tasks."""
        size = [self.input_size] * 2
        features = 2 * TF.resize(image, size, antialias=True) - 1
        mask = 2 * soften(TF.resize(mask, size, antialias=True)) - 1
        for depth, convolution in enumerate(self.convolutions):
            small = mask if depth == 0 else TF.resize(mask, list(features.shape[-2:]), antialias=True)
            features = nn.functional.leaky_relu(convolution(torch.cat([features, small], dim=1)), _SLOPE)
            if depth < len(self.norms):
                features = self.norms[depth](features)
        return features.mean(dim=(2, 3))

    def propose(self, features: torch.Tensor, task: str) -> tuple[Parameters, Parameters]:
        """What the heads of a task make of `encode`'s features."""
        return tuple(_parameters(_GAIN * self.heads[f"{task}_{zone}"](features).float()) for zone in ("inside", "outside"))


def _head(features: int, hidden: int) -> nn.Sequential:
    last = nn.Linear(hidden, 3 + PIECES * 4)
    nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)  # it starts with no edit
    act = nn.LeakyReLU(_SLOPE)
    return nn.Sequential(nn.Linear(features, hidden), act, nn.Linear(hidden, hidden), act, last)


def _parameters(raw: torch.Tensor) -> Parameters:
    """(B, 3 + 4 * PIECES) -> parameters within their bounds."""
    slopes = 3 * raw[:, 3:].reshape(len(raw), 4, PIECES).sigmoid()  # the tone curve, then one a channel
    return Parameters(
        2 * raw[:, 0].tanh(), 3 * raw[:, 1].tanh(), raw[:, 2].tanh(), tone=slopes[:, :1], color=slopes[:, 1:]
    )
