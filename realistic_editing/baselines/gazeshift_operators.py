"""The five global operators of GazeShift (Mejjati et al., ECCV 2020), differentiable in photo and parameters."""
import dataclasses
import math

import torch
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as TF

PIECES = 8  # of the tone curve and of each colour curve
BLUR = 1.0  # standard deviation of the Gaussian that softens a mask, in pixels
_LUMINANCE = (0.27, 0.67, 0.06)  # of R, G and B


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What one head predicts: B edits, each of every pixel alike.

    Args:
        sharpen: (B,) in (-2, 2); 0 changes nothing.
        exposure: (B,) in stops, in (-3, 3); 0 changes nothing.
        contrast: (B,) in (-1, 1); 0 changes nothing, 1 replaces luminance by an S-curve of it.
        tone: (B, 1, PIECES) slopes in (0, 3) of one curve for all channels; equal slopes change nothing within [0, 1].
        color: (B, 3, PIECES) slopes in (0, 3) of a curve a channel; equal slopes in a channel change nothing.
    """

    sharpen: torch.Tensor
    exposure: torch.Tensor
    contrast: torch.Tensor
    tone: torch.Tensor
    color: torch.Tensor


def sharpen(image: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    """Brighten pixels in proportion to how steep the photo is there: x + p |Sobel(x) / 8| x.

    Args:
        image: (B, 3, H, W), RGB, >= 0.
        amount: (B,).

    Returns:
        (B, 3, H, W).
    """
    grey = torch.nn.functional.pad(image.sum(dim=1, keepdim=True), (1, 1, 1, 1))  # the filter adds the three channels
    # By differences and not a convolution, which automatic mixed precision would round.
    rows = grey[:, :, :-2] + 2 * grey[:, :, 1:-1] + grey[:, :, 2:]
    columns = grey[..., :-2] + 2 * grey[..., 1:-1] + grey[..., 2:]
    across = (rows[..., 2:] - rows[..., :-2]) / 8
    down = (columns[:, :, 2:] - columns[:, :, :-2]) / 8
    edges = (across.square() + down.square() + 1e-7).sqrt()
    return image * (1 + _each(amount) * edges)


def expose(image: torch.Tensor, stops: torch.Tensor) -> torch.Tensor:
    """x 2^p; stops: (B,)."""
    return image * _each(stops).exp2()


def contrast(image: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    """Move luminance Y towards (1 - cos(pi Y)) / 2 by the share `amount`, (B,), keeping the ratios of the channels."""
    weights = torch.tensor(_LUMINANCE, device=image.device, dtype=image.dtype)[:, None, None]
    luminance = (image * weights).sum(dim=1, keepdim=True).clamp(0, 1)
    curved = image / (luminance + 1e-6) * (1 - torch.cos(math.pi * luminance)) / 2
    return torch.lerp(image, curved, _each(amount).to(image.dtype))


def bend(image: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """A piecewise-linear curve from 0 to 1, in PIECES pieces; what lies beyond [0, 1] is clipped.

    Args:
        image: (B, 3, H, W).
        slopes: (B, 1 or 3, PIECES), > 0; only their ratios matter.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    pieces = slopes.shape[-1]
    slopes = slopes * (pieces / (slopes.sum(dim=-1, keepdim=True) + 1e-9))
    total = torch.zeros_like(image)
    for piece in range(pieces):
        total = total + (image - piece / pieces).clamp(0, 1 / pieces) * slopes[..., piece, None, None]
    return total


def soften(mask: torch.Tensor) -> torch.Tensor:
    """Blur masks (B, 1, H, W) as the method does before it uses them."""
    if min(mask.shape[-2:]) > 4:
        return TF.gaussian_blur(mask, [9, 9], [BLUR, BLUR])
    wide = F.pad(mask, (4, 4, 4, 4), mode="replicate")  # the blur mirrors four pixels, which a sliver has not
    return TF.gaussian_blur(wide, [9, 9], [BLUR, BLUR])[..., 4:-4, 4:-4]


def apply(image: torch.Tensor, mask: torch.Tensor, inside: Parameters, outside: Parameters | None) -> torch.Tensor:
    """Sharpen, expose, contrast, tone, colour; after each, inside and outside of the mask are blended.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].
        mask: (B, 1, H, W) in [0, 1], already softened.
        inside, outside: B edits each; None leaves the background as it is.

    Returns:
        (B, 3, H, W) RGB, in [0, 1] where the background is edited or the photo is.
    """
    for name, operator in (
        ("sharpen", sharpen), ("exposure", expose), ("contrast", contrast), ("tone", bend), ("color", bend),
    ):  # fmt: skip
        edited = operator(image, getattr(inside, name))
        around = image if outside is None else operator(image, getattr(outside, name))
        image = edited * mask + around * (1 - mask)
    return image


def _each(values: torch.Tensor) -> torch.Tensor:
    """(B,) -> (B, 1, 1, 1)."""
    return values[:, None, None, None]
