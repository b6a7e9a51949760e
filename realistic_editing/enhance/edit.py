"""An edit of one region with what it does: the value that proposing, refining, limiting and measuring all give."""
import dataclasses

import numpy as np

from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.foreground import apply_to_foreground
from realistic_editing.enhance.options import check_strength
from realistic_editing.enhance.words import describe
from realistic_editing.ops import Recipe
from realistic_editing.ops.photo import apply_to_photo


@dataclasses.dataclass(frozen=True)
class Edit:
    """An edit of one region, and what it does to realism and attention.

    Args:
        recipe: a batch of one, on the CPU.
        task: "attenuate" or "amplify".
        realism_change: dR of eq. 2, in [-1, 1]; negative looks less real than the photo.
        saliency_change: mean relative change of the region's saliency, -S of eq. 3; positive = more salient.
        strength: how much of a proposal the recipe is; not 1 where a strength or budget was given, or the guard held back.
        refined: whether it was optimised on the photo.
    """

    recipe: Recipe
    task: str
    realism_change: float
    saliency_change: float
    strength: float = 1.0
    refined: bool = False

    @property
    def gain(self) -> float:
        """The change of saliency the way that the task asks; positive = as asked."""
        return self.saliency_change if self.task == "amplify" else -self.saliency_change

    def apply(self, photo: np.ndarray, mask: np.ndarray, strength: float = 1.0, foreground: bool = False) -> np.ndarray:
        """Edit a photo at its full size.

        Args:
            photo: (H, W, 3) RGB, uint8, uint16, or float in [0, 1].
            mask: (H, W), as for `Enhancer.propose`.
            strength: 0 = no edit, 1 = this edit, up to 1.5 = more of it.
            foreground: at soft borders, edit the region's own colours alone (see `apply_to_foreground`), as the commands do;
                otherwise the paper's blend.

        Returns:
            A new array of the photo's shape and dtype; pixels where the mask is 0 are bit-identical.

        Raises:
            InputError: when photo, mask or strength cannot be used.
        """
        apply = apply_to_foreground if foreground else apply_to_photo
        return apply(photo, mask, self.recipe.at_strength(check_strength(strength)))

    def __str__(self) -> str:
        changes = f"realism {delta_r(self.realism_change)}, saliency {percent(self.saliency_change)}"
        changes += f", at strength {self.strength:.2f}" if self.strength != 1 else ""
        return "\n".join([f"{self.task}: {changes}", *describe(self.recipe)])
