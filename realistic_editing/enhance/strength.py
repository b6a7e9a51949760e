"""How much of an edit to take: the strength that keeps to a budget of realism, or reaches a wanted change of saliency."""
import dataclasses
from collections.abc import Callable

import torch

from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.options import MAX_STRENGTH
from realistic_editing.ops import Recipe

_BARELY = 0.02  # relative change of attention that nobody notices
_LEAST_SHARE = 0.25  # of an edit's strength, which is kept in any case
_GRID = 16  # strengths tried at first, evenly spaced
HALVINGS = 4  # of the step between two of them, around the answer


def find_strength(
    realism_change: Callable[[float], float],
    saliency_change: Callable[[float], float],
    task: str,
    min_realism_change: float | None = None,
    wanted: float | None = None,
    max_strength: float = MAX_STRENGTH,
) -> float:
    """Move along `Recipe.at_strength` from no edit to one and a half times the proposal.

    Args:
        realism_change, saliency_change: strength -> dR, and the change of saliency (-S of eq. 3), of the edit at that strength.
            The second, which takes longer, is asked only where something is wanted.
        task: "attenuate" or "amplify".
        min_realism_change: dR that the answer keeps to, and every sixteenth of the way to it; None = any.
        wanted: change of saliency to reach: the least strength that does is the answer, or, where none does, the greatest that
            is allowed. None = the greatest that is allowed.
        max_strength: the greatest strength to try.

    Returns:
        A strength in [0, max_strength]; 0 where the budget allows none.
    """
    sign = 1.0 if task == "amplify" else -1.0

    def check(strength: float) -> tuple[bool, bool]:
        """Whether a strength keeps to the budget, and whether it reaches what is wanted."""
        allowed = min_realism_change is None or realism_change(strength) >= min_realism_change
        return allowed, allowed and wanted is not None and sign * saliency_change(strength) >= sign * wanted

    low, high, found = 0.0, None, False  # the best so far, and the next above it, which is not allowed or not needed
    for index in range(1, _GRID + 1):
        strength = max_strength * index / _GRID
        allowed, reached = check(strength)
        if reached and allowed:
            low, high, found = strength, low, True  # look for less, between this and the one before
            break
        if not allowed:
            high = strength
            break
        low = strength
    for _ in range(HALVINGS if high is not None else 0):
        middle = (low + high) / 2
        allowed, reached = check(middle)
        if found:
            low, high = (middle, high) if allowed and reached else (low, middle)
        elif allowed and reached:
            low, high, found = middle, low, True
        else:
            low, high = (middle, high) if allowed else (low, middle)
    return low


def limited(
    edit: Edit,
    measure: Callable[[Recipe], Edit],
    realism_changes: Callable[[Recipe], torch.Tensor],
    min_realism_change: float | None = None,
    wanted: float | None = None,
    max_strength: float = MAX_STRENGTH,
) -> Edit:
    """The edit at the strength that `find_strength` finds.

    Args:
        edit: whose recipe is taken weaker or stronger.
        measure: of a recipe, the edit with what it does.
        realism_changes: of a recipe, dR alone, (1,), which takes less time.
        min_realism_change, wanted, max_strength: as for `find_strength`.
    """
    judged = {1.0: edit}

    def at(strength: float) -> Edit:
        if strength not in judged:
            judged[strength] = measure(edit.recipe.at_strength(strength))
        return judged[strength]

    def realism_at(strength: float) -> float:
        if strength in judged or wanted is not None:
            return at(strength).realism_change
        return float(realism_changes(edit.recipe.at_strength(strength)))

    changes = realism_at, lambda strength: at(strength).saliency_change
    strength = find_strength(*changes, edit.task, min_realism_change, wanted, max_strength)
    return dataclasses.replace(at(strength), strength=strength, refined=edit.refined)


def weakened(
    edit: Edit,
    measure: Callable[[Recipe], Edit],
    realism_changes: Callable[[Recipe], torch.Tensor],
    min_realism_change: float,
    max_strength: float = 1.0,
) -> Edit:
    """The edit at the greatest strength that keeps to a budget of realism, whatever lies below: dR may fall and rise again.

    Args:
        edit, measure, realism_changes: as for `limited`.
        min_realism_change: dR that the answer keeps to, 0 or below.
        max_strength: the greatest strength to try.
    """

    def allowed(strength: float) -> bool:
        return strength == 0 or float(realism_changes(edit.recipe.at_strength(strength))) >= min_realism_change

    steps = [max_strength * index / _GRID for index in range(_GRID, -1, -1)]
    first = next(index for index, strength in enumerate(steps) if allowed(strength))
    low, high = steps[first], steps[max(first - 1, 0)]
    for _ in range(HALVINGS if first else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return dataclasses.replace(measure(edit.recipe.at_strength(low)), strength=low, refined=edit.refined)


def worthwhile(gain: float) -> float:
    """How much to take of an edit that hardly moves attention: what gains little shall change the photo little.

    A dessert had lost two thirds of its colour for 0.6 % of attention.

    Args:
        gain: how much more, or less, attention the edit draws, the way that was asked for.

    Returns:
        A share of its strength, 1 from a gain of _BARELY on.
    """
    return min(1.0, max(gain / _BARELY, _LEAST_SHARE))


def greatest_strength(allowed: Callable[[float], bool]) -> float:
    """The greatest strength below 1 that is allowed, to a hundredth; 0 is.

    Args:
        allowed: of strengths; what it allows, it allows below as well.
    """
    low, high = 0.0, 1.0
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low
