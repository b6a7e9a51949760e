"""The four edit operators as functions. None of them clips; `apply` clips after each (METHOD: operators, then clip)."""
import torch

from realistic_editing.ops.recipe import KNOTS


def white_balance(image: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Scale red and blue so that the colour `w` becomes neutral; green is the reference: I_c * w_G / w_c.

    Args:
        image: (B, 3, H, W) RGB, nominally in [0, 1].
        w: (B, 3) R, G, B in [0.1, 1]; equal values change nothing.

    Returns:
        (B, 3, H, W), not clipped.

    Raises:
        ValueError: when a shape is not as above. So do the other operators.
    """
    _check(image, "w", w, (3,))
    return image * (w[:, 1:2] / w)[:, :, None, None]


def color_curve(image: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Map each channel by a monotone, piecewise linear curve: sum_i clip(8x - i, 0, 1) t_i / sum_i t_i.

    Args:
        image: (B, 3, H, W) RGB in [0, 1]; the curve is flat outside.
        t: (B, 3, 8) knots in [0.5, 2]: the curve's slope in each eighth, up to scale; equal knots change nothing.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    _check(image, "t", t, (3, KNOTS))
    slopes = t / t.sum(dim=2, keepdim=True)
    scaled = image * KNOTS
    # clip(8x - i, 0, 1), written as a sum over the knots: eight passes, no indexing, and a gradient for both inputs.
    total = scaled.clamp(0, 1) * slopes[:, :, 0, None, None]
    for knot in range(1, KNOTS):
        total = total + (scaled - knot).clamp(0, 1) * slopes[:, :, knot, None, None]
    return total


def saturation(image: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Multiply HSV saturation by `s`: V + s (I - V), with V the largest channel.

    Exact without a trip through HSV, and without the singular gradient of hue at grey.

    Args:
        image: (B, 3, H, W) RGB.
        s: (B,) in [0, 2]; 1 changes nothing, 0 gives V in every channel.

    Returns:
        (B, 3, H, W), not clipped: at s > 1 / S the smallest channel falls below 0, where clipping gives S = 1.
    """
    _check(image, "s", s, ())
    value = image.amax(dim=1, keepdim=True)
    return torch.lerp(value, image, s[:, None, None, None])


def exposure(image: torch.Tensor, e: torch.Tensor) -> torch.Tensor:
    """Multiply the values: I * e; log2(e) is the change in stops of these (gamma-encoded) values.

    Args:
        image: (B, 3, H, W) RGB.
        e: (B,) in [0.5, 2]; 1 changes nothing.

    Returns:
        (B, 3, H, W), not clipped.
    """
    _check(image, "e", e, ())
    return image * e[:, None, None, None]


def _check(image: torch.Tensor, name: str, parameter: torch.Tensor, shape: tuple[int, ...]) -> None:
    if image.ndim != 4 or image.shape[1] != 3:
        raise ValueError(f"image has shape {tuple(image.shape)}; expected (B, 3, H, W)")
    if tuple(parameter.shape) != (image.shape[0], *shape):
        raise ValueError(f"{name} has shape {tuple(parameter.shape)}; expected {(image.shape[0], *shape)}")
