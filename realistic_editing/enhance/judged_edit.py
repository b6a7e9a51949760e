"""What edits did to photos, as the judges see it, in tensors that gradients pass through."""
import dataclasses

import torch

from realistic_editing.ops import Recipe


@dataclasses.dataclass(frozen=True)
class Slope:
    """The objective's change of saliency near edits for which it is known: linear in their pixels.

    Args:
        change: (B,) of those edits.
        gradient: (B, 3, H, W) of it, by their pixels.
        image: (B, 3, H, W), those edits.
    """

    change: torch.Tensor
    gradient: torch.Tensor
    image: torch.Tensor

    def at(self, image: torch.Tensor) -> torch.Tensor:
        """(B,) of other edits of the same photos."""
        return self.change + (self.gradient * (image - self.image)).flatten(1).sum(dim=1)

    def where(self, chosen: torch.Tensor, other: "Slope") -> "Slope":
        """This one for the edits that are chosen, (B,) bool, and another for the rest."""
        wide = chosen[:, None, None, None]
        gradient, image = torch.where(wide, self.gradient, other.gradient), torch.where(wide, self.image, other.image)
        return Slope(torch.where(chosen, self.change, other.change), gradient, image)


@dataclasses.dataclass(frozen=True)
class JudgedEdit:
    """What edits did, as tensors.

    Args:
        recipe: B edits; None where another made them.
        image: (B, 3, H, W) edited photos.
        critic_image: what the critic sees of them.
        saliency: (B, 1, H, W) of them; None where it is taken as a slope has it.
        realism_change: (B,) dR of eq. 2.
        seen: `image` as the saliency network alone sees it: a gradient of this is that of attention. None where nobody asks.
        slope: what their attention is taken by, where the saliency network was not asked.
    """

    recipe: Recipe | None
    image: torch.Tensor
    critic_image: torch.Tensor
    saliency: torch.Tensor | None
    realism_change: torch.Tensor
    seen: torch.Tensor | None = None
    slope: "Slope | None" = None
