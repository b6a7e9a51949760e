"""The paper's critic (section 3): the Pix2Pix patch discriminator, joined to one score."""
import torch
import torch.nn.functional as F
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.inputs import joined

INPUT_SIZE = 384
PATCHES = 22  # side of the patch map: 384 halved four times, and two more 4x4 convolutions of stride 1
STRIDE = 16  # pixels from one patch to the next
_LEAST = 4 * STRIDE  # of a picture that has 2 x 2 patches
_WIDTH = 32  # of the first Linear
_EVEN = 4.0  # what a patch map of ones scores at first as a logit, with `even_start`


class RealismNet(nn.Module):
    """PatchGAN with four strided layers -> 22 x 22 patches -> Linear 32 -> Linear 1 -> sigmoid; 6.98 M parameters.

    As in the authors' release there is no activation between the two Linears, so together they are one weighting of
    the patches: the second layer changes how it is learned, not what can be learned.

    Args:
        input_size: side of the square that photos are resized to; the paper's 384, or a smaller multiple of 16 for the first
            stages of training, whose smaller patch maps are enlarged to 22 x 22.
        even_start: let all patches begin with the same weight in the score. A random weighting has both signs, so that the
            first gradients ask of one patch the opposite of what they ask of the next.

    Raises:
        InputError: for a size that cannot be used.
    """

    def __init__(self, input_size: int = INPUT_SIZE, even_start: bool = False) -> None:
        super().__init__()
        if type(input_size) is not int or input_size % STRIDE or not _LEAST <= input_size <= INPUT_SIZE:
            raise InputError(f"input_size is {input_size}; use a multiple of {STRIDE} from {_LEAST} to {INPUT_SIZE}")
        self.input_size, self.stride = input_size, STRIDE
        self.patches = nn.Sequential(
            nn.Conv2d(4, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            *_layer(64, 128, stride=2),
            *_layer(128, 256, stride=2),
            *_layer(256, 512, stride=2),
            *_layer(512, 512, stride=1),
            nn.Conv2d(512, 1, 4, stride=1, padding=1),
        )
        self.hidden = nn.Linear(PATCHES * PATCHES, _WIDTH)
        self.score = nn.Linear(_WIDTH, 1)
        if even_start:
            # Both layers at about the size of their usual start; their product is _EVEN / 484 for each patch.
            nn.init.constant_(self.hidden.weight, 1 / PATCHES)
            nn.init.constant_(self.score.weight, _EVEN / (PATCHES * _WIDTH))
            nn.init.zeros_(self.hidden.bias)
            nn.init.zeros_(self.score.bias)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score realism.

        Args:
            image: (B, 3, H, W) RGB in [0, 1], any size: it is resized to input_size x input_size, 384 x 384.
            mask: (B, 1, H, W) in [0, 1], where it may have been edited.

        Returns:
            (B,) in [0, 1], float32 or wider; 1 looks real.

        Raises:
            ValueError: when the shapes do not belong together.
        """
        return self.judge_patches(image, mask)[0]

    def judge_patches(self, image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As `forward`, and what each patch says.

        Args:
            image, mask: as for `forward`.

        Returns:
            The scores (B,), and the logits (B, N, N) of the patches, N = input_size / 16 - 2. Patch (i, j) has its centre in
            the square of 16 x 16 pixels in row i + 1 and column j + 1 of the photo at `input_size`.
        """
        patches = self.patches(joined(image, mask, self.input_size, self.score.weight.dtype))  # (B, 1, N, N)
        full = patches
        if patches.shape[-1] != PATCHES:
            full = F.interpolate(patches, (PATCHES, PATCHES), mode="bilinear").to(patches.dtype)
        score = self.score(self.hidden(full.flatten(1))).squeeze(1)
        # dR is a difference of two scores: half precision would round it to steps of 0.0005 and more.
        return score.to(torch.promote_types(score.dtype, torch.float32)).sigmoid(), patches.squeeze(1)


def _layer(before: int, after: int, stride: int) -> tuple[nn.Module, ...]:
    # The bias has no effect before a normalisation; the release has it, and its checkpoints hold it.
    return nn.Conv2d(before, after, 4, stride=stride, padding=1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2)
