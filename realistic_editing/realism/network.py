"""The paper's critic (section 3): the Pix2Pix patch discriminator, joined to one score."""
import torch
from torch import nn

from realistic_editing.common.inputs import joined

INPUT_SIZE = 384
PATCHES = 22  # side of the patch map: 384 halved four times, and two more 4x4 convolutions of stride 1


class RealismNet(nn.Module):
    """PatchGAN with four strided layers -> 22 x 22 patches -> Linear 32 -> Linear 1 -> sigmoid; 6.98 M parameters.

    As in the authors' release there is no activation between the two Linears, so together they are one weighting of
    the patches: the second layer changes how it is learned, not what can be learned.
    """

    input_size = INPUT_SIZE

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            nn.Conv2d(4, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            *_layer(64, 128, stride=2),
            *_layer(128, 256, stride=2),
            *_layer(256, 512, stride=2),
            *_layer(512, 512, stride=1),
            nn.Conv2d(512, 1, 4, stride=1, padding=1),
        )
        self.hidden = nn.Linear(PATCHES * PATCHES, 32)
        self.score = nn.Linear(32, 1)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size: it is resized to 384 x 384.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1], float32 or wider; 1 looks real.

        Raises:
            ValueError: when the shapes do not belong together.
        """
        patches = self.patches(joined(image, mask, INPUT_SIZE, self.score.weight.dtype))  # (B, 1, 22, 22)
        score = self.score(self.hidden(patches.flatten(1))).squeeze(1)
        # dR is a difference of two scores: half precision would round it to steps of 0.0005 and more.
        return score.to(torch.promote_types(score.dtype, torch.float32)).sigmoid()


def _layer(before: int, after: int, stride: int) -> tuple[nn.Module, ...]:
    # The bias has no effect before a normalisation; the release has it, and its checkpoints hold it.
    return nn.Conv2d(before, after, 4, stride=stride, padding=1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)
