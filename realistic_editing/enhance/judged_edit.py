"""What edits did to photos, as the judges see it, in tensors that gradients pass through."""
import dataclasses

import torch

from realistic_editing.ops import Recipe


@dataclasses.dataclass(frozen=True)
class JudgedEdit:
    """What edits did, as tensors.

    Args:
        recipe: B edits; None where another made them.
        image: (B, 3, H, W) edited photos.
        critic_image: what the critic sees of them.
        saliency: (B, 1, H, W) of them.
        realism_change: (B,) dR of eq. 2.
    """

    recipe: Recipe | None
    image: torch.Tensor
    critic_image: torch.Tensor
    saliency: torch.Tensor
    realism_change: torch.Tensor
