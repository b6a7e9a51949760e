"""From CIELAB back to sRGB: differentiable, and with chroma reduced where a colour does not fit."""
import torch

from realistic_editing.region_statistics.color_statistics import rgb_to_lab

# XYZ over the white point of D65 -> linear sRGB: the inverse of the matrix by which `rgb_to_lab` begins.
_TO_RGB = (
    (3.2409699 * 0.9504559, -1.5373832, -0.4986108 * 1.0890578),
    (-0.9692436 * 0.9504559, 1.8759675, 0.0415551 * 1.0890578),
    (0.0556301 * 0.9504559, -0.2039770, 1.0569715 * 1.0890578),
)
_MARGIN = 1e-4  # of a channel: what rounding alone takes a colour of the gamut's edge beyond it
_HALVINGS = 12  # of the interval in which the share of the chroma that fits is looked for

__all__ = ["fit_chroma", "lab_to_rgb", "rgb_to_lab"]


def lab_to_rgb(lab: torch.Tensor) -> torch.Tensor:
    """CIELAB (D65) divided by 100 to sRGB: the inverse of `rgb_to_lab`.

    Args:
        lab: (B, 3, H, W), L in [0, 1].

    Returns:
        (B, 3, H, W) sRGB, beyond [0, 1] for colours outside the gamut; finite gradients everywhere.
    """
    light, a, b = lab.unbind(dim=1)
    y = (light + 0.16) / 1.16
    f = torch.stack([y + a / 5, y, y - b / 2], dim=1)
    xyz = torch.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = torch.einsum("kc,bchw->bkhw", torch.tensor(_TO_RGB, dtype=lab.dtype, device=lab.device), xyz)
    # The power's slope is unbounded at 0: the straight piece of sRGB takes over, and goes on below 0.
    curve = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curve, 12.92 * linear)


def fit_chroma(lab: torch.Tensor) -> torch.Tensor:
    """Reduce the chroma of colours that sRGB does not hold until it does; lightness and hue stay.

    Args:
        lab: (B, 3, H, W) CIELAB divided by 100, L in [0, 1].

    Returns:
        (B, 3, H, W); colours inside the gamut as they were.
    """
    colours = lab.movedim(1, 0)  # (3, B, H, W)
    beyond = ~_fits(lab)[:, 0]
    light, chroma = colours[:1, beyond][None, :, None], colours[1:, beyond][None, :, None]  # (1, 1 or 2, 1, N): few, mostly
    low, high = torch.zeros_like(light), torch.ones_like(light)
    for _ in range(_HALVINGS if beyond.any() else 0):
        middle = (low + high) / 2
        inside = _fits(torch.cat([light, chroma * middle], dim=1))
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    fitted = colours.clone()
    fitted[1:, beyond] = (chroma * low)[0, :, 0]
    return fitted.movedim(0, 1)


def _fits(lab: torch.Tensor) -> torch.Tensor:
    """(B, 1, H, W) bool."""
    rgb = lab_to_rgb(lab)
    return ((rgb >= -_MARGIN) & (rgb <= 1 + _MARGIN)).all(dim=1, keepdim=True)
