"""Eqs. 1 and 2 of the paper as published: what trains the critic R, and the change in realism.

    (1)  L_R = 1/2 R(I_fake, M)^2 + 1/2 (R(I_real, M) - 1)^2
    (2)  dR(I', I, M) = R(I', M) - R(I, M)

What else trains our critics is in `realism.loss`.
"""
from collections.abc import Callable

import torch


def critic_distance(score: torch.Tensor, wanted: float) -> torch.Tensor:
    """One term of eq. 1: 1/2 (R - wanted)^2, of scores (B,) in [0, 1]; `wanted` is 1 for real samples, 0 for fake ones."""
    return 0.5 * (score - wanted) ** 2


def realism_change(
    image: torch.Tensor, edited: torch.Tensor, mask: torch.Tensor, critic: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Eq. 2: dR(I', I, M) = R(I', M) - R(I, M).

    Args:
        image, edited: (B, 3, H, W) RGB in [0, 1], before and after the edit.
        mask: (B, 1, H, W) in [0, 1].
        critic: critic(image, mask) -> (B,) in [0, 1].

    Returns:
        (B,) in [-1, 1]; negative where the edit looks less real than the photo.
    """
    return critic(edited, mask) - critic(image, mask)
