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
_COLOR_LEVELS = tuple(0.03 + 0.94 * step / 7 for step in range(8))  # of those of R, G and B
_TONES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of L, each with the colours and the detail found there
EMPTY = 1e-3  # the sum of weights below which a zone holds nothing
CHANNELS = 15 + 2 * len(_LEVELS) + 3 * len(_COLOR_LEVELS) + 5 * len(_TONES)


def color_channels(image: torch.Tensor, lab: torch.Tensor, detail: torch.Tensor) -> torch.Tensor:
    """Measure each pixel by colour, detail, and where it lies in soft histograms.

    Args:
        image: (B, 3, H, W) RGB in [0, 1].
        lab: the same as `rgb_to_lab` gives it.
        detail: (B, 1, H, W) |dx| + |dy| of L.

    Returns:
        (B, CHANNELS, H, W), each of about unit range: R, G, B, HSV saturation and value, Lab, chroma, detail, closeness
        of the largest channel to 1, of the smallest to 0, and of the largest to 0; the second harmonic of hue times
        chroma (colours that oppose each other cancel in the mean of a and b, but not here); V and S against six
        levels, and R, G, B against eight, whose means are the steps of soft cumulative histograms; and for five tones
        of L the share, a, b, chroma and detail there: a cast of the shadows alone, say. Finite gradients at black,
        white and grey.
    """
    value, least = image.amax(dim=1, keepdim=True), image.amin(dim=1, keepdim=True)
    saturation = (value - least) / (value + 0.02)  # the 0.02 keeps the gradient finite, and noise small, near black
    luma, a, b = lab.split(1, dim=1)
    chroma = (a.square() + b.square() + 1e-4).sqrt()
    detail = detail * 4
    clipped = [((value - 0.97) / 0.01).sigmoid(), ((0.03 - least) / 0.01).sigmoid(), ((0.05 - value) / 0.015).sigmoid()]
    harmonic = [(a.square() - b.square()) / chroma, 2 * a * b / chroma]
    steps = [((channel - _across(_LEVELS, image)) / 0.06).sigmoid() for channel in (value, saturation)]
    steps += [((image[:, c : c + 1] - _across(_COLOR_LEVELS, image)) / 0.04).sigmoid() for c in range(3)]
    tone = torch.exp(-(((luma - _across(_TONES, image)) / 0.16) ** 2))
    tones = [tone, tone * a, tone * b, tone * chroma, tone * detail]
    return torch.cat([image, saturation, value, luma, a, b, chroma, detail, *clipped, *harmonic, *steps, *tones], dim=1)


def _across(levels: tuple[float, ...], image: torch.Tensor) -> torch.Tensor:
    """(1, N, 1, 1), to compare one channel with N levels at once."""
    return torch.tensor(levels, dtype=image.dtype, device=image.device)[None, :, None, None]


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
    side = 2 * ring + 1
    across = F.max_pool2d(mask, (1, side), stride=1, padding=(0, side // 2))  # a square maximum is one along each axis
    grown = F.max_pool2d(across, (side, 1), stride=1, padding=(side // 2, 0))
    return torch.cat([mask, (grown - mask).clamp(0, 1), 1 - mask], dim=1)


# Of channels in each zone: the sum of the pixels' shares (B, Z, 1), means (B, Z, C) and variances (B, Z, C).
Moments = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def shares(weights: torch.Tensor) -> torch.Tensor:
    """How much each pixel counts in the mean of each zone: (B, Z, H, W) of `zones` -> (B, Z, H W), each zone's sum 1.

    Of a zone without weight, the whole picture counts alike.
    """
    flat = weights.flatten(2)
    flat = torch.where(flat.sum(dim=2, keepdim=True) < EMPTY, torch.ones_like(flat), flat)  # as `sample_points`
    return flat / flat.sum(dim=2, keepdim=True)


def moments(channels: torch.Tensor, share: torch.Tensor) -> Moments:
    """Means and variances in zones, of the pixels given.

    Args:
        channels: (B, C, H, W).
        share: (B, Z, H W) of `shares`, or a part of its pixels.

    Returns:
        Sums of shares, means and variances, float32.
    """
    flat = channels.flatten(2)  # (B, C, H W)
    weight = share.sum(dim=2, keepdim=True)
    share = share / weight.clamp(min=1e-12)
    # About the mean of all pixels: of a nearly constant channel, float32 would lose the variance between two large squares,
    # and the score would move with the order of the sums, which each program and batch size chooses.
    center = flat.detach().mean(dim=2, keepdim=True)
    flat = flat - center
    mean, square = torch.einsum("bzp,bcp->bzc", share, flat), torch.einsum("bzp,bcp->bzc", share, flat.square())
    return weight, mean + center.transpose(1, 2), (square - mean.square()).clamp(min=0)


def merge_moments(one: Moments, other: Moments) -> Moments:
    """The moments of two sets of pixels as one (Chan, Golub and LeVeque, 1979)."""
    (weight, mean, variance), (other_weight, other_mean, other_variance) = one, other
    total = weight + other_weight
    share = other_weight / total
    apart = other_mean - mean
    spread = (1 - share) * variance + share * other_variance + (1 - share) * share * apart.square()
    return total, mean + share * apart, spread


def point_moments(channels: torch.Tensor) -> Moments:
    """`moments` from pixels drawn of each zone: (B, C, Z, K)."""
    mean = channels.mean(dim=3, keepdim=True)
    variance = (channels - mean).square().mean(dim=3)  # as torch.var has it, which takes three times as long
    mean = mean[..., 0].transpose(1, 2)
    return torch.ones_like(mean[..., :1]), mean, variance.transpose(1, 2)


def concat_moments(*found: Moments) -> torch.Tensor:
    """Mean and standard deviation of each channel in each zone, and inside minus each of the other zones.

    Args:
        found: moments of one or more groups of channels, C in all; the first of the Z zones is the inside.

    Returns:
        (B, 2 C (2 Z - 1)).
    """
    _, mean, variance = (torch.cat(parts, dim=2) for parts in zip(*found, strict=True))
    values = torch.cat([mean, (variance + 1e-5).sqrt()], dim=2)  # (B, Z, 2 C)
    return torch.cat([values, values[:, :1] - values[:, 1:]], dim=1).flatten(1)
