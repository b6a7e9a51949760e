"""Eqs. 3 to 6 of the paper as published: what an enhancer minimises.

    (3)  S(I, I', M) = mean over M of (Sal(I) - Sal(I')) / Sal(I)
    (4)  L_sal       = exp(w_sal S),  w_sal = -1 to attenuate, 5 to amplify
    (5)  L_realism   = ReLU(-dR - b_r),  b_r = 0.1
    (6)  L           = (1 + L_realism) L_sal

S is positive where the region lost saliency, and is called `saliency_drop` here. What users are shown, `saliency_change`, is
-S: positive where the region draws more attention. The release's bounds and our own terms are in `enhance.loss`.
"""
import torch

from realistic_editing.saliency.measures import region_mean

SALIENCY_WEIGHT = {"attenuate": -1.0, "amplify": 5.0}  # w_sal
REALISM_MARGIN = 0.1  # b_r, the loss of realism that costs nothing


def saliency_drop(before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor, epsilon: float = 1e-8) -> torch.Tensor:
    """Eq. 3, S: the mean over the region of (Sal(I) - Sal(I')) / Sal(I). Positive where it lost saliency.

    Args:
        before, after: (B, 1, H, W) saliency of the photo and of its edit, >= 0.
        mask: (B, 1, H, W) in [0, 1]; the mean is weighted by it.
        epsilon: added to the denominator, as in the authors' release.

    Returns:
        (B,), at most 1, not bounded below.
    """
    return region_mean((before - after) / (before + epsilon), mask)


def saliency_loss(drop: torch.Tensor, weight: float) -> torch.Tensor:
    """Eq. 4: exp(w_sal S), of S (B,)."""
    return (weight * drop).exp()


def realism_loss(realism_change: torch.Tensor, margin: float = REALISM_MARGIN) -> torch.Tensor:
    """Eq. 5: ReLU(-dR - b_r), of dR (B,) of eq. 2."""
    return (-realism_change - margin).relu()


def total_loss(saliency: torch.Tensor, realism: torch.Tensor) -> torch.Tensor:
    """Eq. 6: (1 + L_realism) L_sal, of eqs. 4 and 5, (B,) each."""
    return (1 + realism) * saliency
