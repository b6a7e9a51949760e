"""Differentiable colour statistics inside, around and outside a mask: what a local edit disturbs first."""
import torch
from torch.nn import functional as F

# linear sRGB -> XYZ (D65), the rows divided by the white point, so that white gives (1, 1, 1).
_TO_XYZ = (
    (0.4123908 / 0.9504559, 0.3575843 / 0.9504559, 0.1804808 / 0.9504559),
    (0.2126390, 0.7151687, 0.0721923),
    (0.0193308 / 1.0890578, 0.1191948 / 1.0890578, 0.9505322 / 1.0890578),
)

_LEVELS = (0.1, 0.25, 0.4, 0.6, 0.75, 0.9)  # of the soft histograms of V and S
CHANNELS = 25


def color_channels(image: torch.Tensor) -> torch.Tensor:
    """Describe each pixel: R, G, B, HSV saturation and value, Lab, gradient, and how clipped it is.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].

    Returns:
        (B, 25, H, W), each of about unit range: R, G, B, S, V, L, a, b, chroma, |dx| + |dy| of luma, closeness of the
        largest channel to 1, of the smallest to 0, and of the largest to 0; then V and S against six levels each, whose
        means are the steps of a soft cumulative histogram. Finite gradients at black, white and grey.
    """
    value, least = image.amax(dim=1, keepdim=True), image.amin(dim=1, keepdim=True)
    saturation = (value - least) / (value + 0.02)  # the 0.02 keeps the gradient finite, and noise small, near black
    lab = rgb_to_lab(image)
    chroma = (lab[:, 1:].square().sum(dim=1, keepdim=True) + 1e-4).sqrt()
    luma = lab[:, :1]
    gradient = F.pad((luma[..., 1:] - luma[..., :-1]).abs(), (0, 1)) + F.pad(
        (luma[..., 1:, :] - luma[..., :-1, :]).abs(), (0, 0, 0, 1)
    )
    clipped = [((value - 0.97) / 0.01).sigmoid(), ((0.03 - least) / 0.01).sigmoid(), ((0.05 - value) / 0.015).sigmoid()]
    levels = torch.tensor(_LEVELS, dtype=image.dtype, device=image.device)[None, :, None, None]
    steps = [((channel - levels) / 0.06).sigmoid() for channel in (value, saturation)]
    return torch.cat([image, saturation, value, lab, chroma, gradient * 4, *clipped, *steps], dim=1)


def rgb_to_lab(image: torch.Tensor) -> torch.Tensor:
    """CIELAB (D65) divided by 100: (B, 3, H, W) sRGB in [0, 1] -> L in [0, 1], a and b in about [-1.3, 1.3]."""
    curve = ((image.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(image > 0.04045, curve, image / 12.92)
    matrix = torch.tensor(_TO_XYZ, dtype=image.dtype, device=image.device)
    xyz = torch.einsum("kc,bchw->bkhw", matrix, linear)
    # The cube root's slope is unbounded at 0: CIE's straight piece takes over, and the clamp guards the unused branch.
    edge = (6 / 29) ** 3
    f = torch.where(xyz > edge, xyz.clamp(min=edge) ** (1 / 3), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.unbind(dim=1)
    return torch.stack([1.16 * y - 0.16, 5.0 * (x - y), 2.0 * (y - z)], dim=1)


def zones(mask: torch.Tensor, ring: int) -> torch.Tensor:
    """Weights of three zones: inside the mask, a ring of `ring` pixels around it, and all that is outside.

    Args:
        mask: (B, 1, H, W) in [0, 1].
        ring: width in pixels.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    grown = mask
    for _ in range(2):  # two small windows cost less than one large
        grown = F.max_pool2d(grown, ring + 1 - ring % 2, stride=1, padding=ring // 2)
    return torch.cat([mask, (grown - mask).clamp(0, 1), 1 - mask], dim=1)


def region_statistics(channels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Mean and standard deviation of each channel in each zone, and inside minus each of the others.

    Args:
        channels: (B, C, H, W).
        weights: (B, Z, H, W) from `zones`; the first is the inside.

    Returns:
        (B, 2 C (2 Z - 1)), float32.
    """
    share = weights.flatten(2) / weights.flatten(2).sum(dim=2, keepdim=True).clamp(min=1e-3)
    flat = channels.flatten(2)  # (B, C, H W)
    mean = torch.einsum("bzp,bcp->bzc", share, flat)
    square = torch.einsum("bzp,bcp->bzc", share, flat.square())
    deviation = ((square - mean.square()).clamp(min=0) + 1e-5).sqrt()
    values = torch.cat([mean, deviation], dim=2)  # (B, Z, 2 C)
    return torch.cat([values, values[:, :1] - values[:, 1:]], dim=1).flatten(1)
