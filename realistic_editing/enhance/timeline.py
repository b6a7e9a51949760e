"""An edit that changes smoothly over time: recipes at some moments, in one order, blended in the space of their parameters."""
import dataclasses
import math

import torch

from realistic_editing.ops import Recipe


@dataclasses.dataclass(frozen=True, eq=False)
class Timeline:
    """Recipes at moments of a clip.

    Args:
        moments: numbers of frames, rising.
        recipe: a batch with one edit for each moment, all of one order.
        spread: standard deviation, in frames, of the Gaussian that blends them; any where there is one moment.

    Raises:
        ValueError: when moments and edits do not belong together, or orders differ: between orders there is no half-way.
    """

    moments: tuple[int, ...]
    recipe: Recipe
    spread: float = 1.0

    def __post_init__(self) -> None:
        if len(self.moments) != len(self.recipe) or not self.moments:
            raise ValueError(f"{len(self.moments)} moments and {len(self.recipe)} edits; expected one for each, and any")
        if not bool((self.recipe.order == self.recipe.order[:1]).all()):
            raise ValueError("the edits differ in their order; expected one for the whole clip")

    def at(self, frame: int, strength: float = 1.0) -> Recipe:
        """The edit of one frame: the mean of all, weighted by a Gaussian of their distance in time.

        The mean is taken where a step looks equally large everywhere: of white balance, curve and exposure the logarithm
        (stops), their common scale, which means nothing, put aside; of saturation the factor itself. The result is
        smooth in time, and lies between the edits, before the first and after the last as well.

        Args:
            frame: its number.
            strength: as for `Recipe.at_strength`.

        Returns:
            A batch of one.
        """
        far = (torch.tensor(self.moments, dtype=torch.float64) - frame) / self.spread
        weight = torch.softmax(-(far**2) / 2, 0)  # never 0 / 0, however far the nearest moment
        whole = self.recipe.to(dtype=torch.float64)
        gain = whole.white_balance.log()
        curve = whole.color_curve.log()
        mean = dataclasses.replace(
            whole[0],
            white_balance=_mean(gain - gain.mean(1, keepdim=True), weight).exp(),
            color_curve=_mean(curve - curve.mean(2, keepdim=True), weight).exp(),
            saturation=_mean(whole.saturation, weight),
            exposure=_mean(whole.exposure.log(), weight).exp(),
        )
        return mean.at_strength(strength).to(dtype=torch.float32)


def _mean(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(K, ...) -> (1, ...)."""
    return torch.tensordot(weight, values, dims=1)[None]


def ramp(frame: int, end: int | None, length: int = 12) -> float:
    """How much of an edit is left in a frame, where it must have faded away at another; an edit that stops at once is seen.

    Args:
        frame: its number.
        end: the first frame without the edit; None where it lasts.
        length: frames over which it fades.

    Returns:
        1 before the fading, 0 from `end` on, along half a cosine between.
    """
    if end is None:
        return 1.0
    share = min(max((end - frame) / length, 0.0), 1.0)
    return (1 - math.cos(math.pi * share)) / 2
