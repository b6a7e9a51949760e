"""The critic as a metric: how real a region looks, and what an edit does to that."""
import functools

import torch
from torch import nn

from realistic_editing.realism import equations
from realistic_editing.weights import load_network


def realism(image: torch.Tensor, mask: torch.Tensor, critic: nn.Module | None = None) -> torch.Tensor:
    """How real a region looks; differentiable in the image, so that it serves as a loss: `-realism(image, mask).mean()`.

    Args:
        image: (B, 3, H, W) float RGB (sRGB) in [0, 1], any size.
        mask: (B, 1, H, W) in [0, 1].
        critic: critic(image, mask) -> (B,); the bundled one when None, on the image's device.

    Returns:
        (B,) R in [0, 1], 1 = real.
    """
    return (critic or _bundled(str(image.device)))(image, mask)


def realism_change(
    image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor, critic: nn.Module | None = None
) -> torch.Tensor:
    """What an edit does to realism: dR = R(edited) - R(image), eq. 2.

    Args:
        image, edited: (B, 3, H, W), before and after.
        mask, critic: as for `realism`.

    Returns:
        (B,) in [-1, 1]; negative looks less real than the photo.
    """
    return equations.realism_change(image, edited, mask, critic or _bundled(str(image.device)))


@functools.cache
def _bundled(device: str) -> nn.Module:
    return load_network("lite_critic", kind="realism", device=device).eval().requires_grad_(False)
