"""How much of an edit to take: the strength that keeps to a budget of realism, or reaches a wanted change of saliency."""
import torch

from realistic_editing.enhance.judges import Scene
from realistic_editing.ops import Recipe

MOST = 1.5  # of a proposal, as for `Edit.apply`
GRID = 16  # strengths tried at first, evenly spaced
HALVINGS = 4  # of the step between two of them, around the answer


def find_strength(
    scene: Scene,
    recipe: Recipe,
    task: str,
    min_realism_change: float | None = None,
    saliency_change: float | None = None,
    most: float = MOST,
) -> float:
    """Move along `Recipe.at_strength` from no edit to one and a half times the proposal.

    Args:
        scene: one photo.
        recipe: one edit of it.
        task: "attenuate" or "amplify".
        min_realism_change: dR that the answer keeps to, and every sixteenth of the way to it; None = any.
        saliency_change: -S of eq. 3 to reach: the least strength that does is the answer, or, where none does, the
            greatest that is allowed. None = the greatest that is allowed.
        most: the greatest strength to try.

    Returns:
        A strength in [0, most]; 0 where the budget allows none.
    """
    sign = 1.0 if task == "amplify" else -1.0

    def look(strength: float) -> tuple[bool, bool]:
        """Whether a strength keeps to the budget, and whether it reaches what is wanted."""
        realism, saliency = _changes(scene, recipe.at_strength(strength))
        allowed = min_realism_change is None or realism >= min_realism_change
        return allowed, saliency_change is not None and sign * saliency >= sign * saliency_change

    low, high, wanted = 0.0, None, False  # the best so far, and the next above it, which is not allowed or not needed
    for index in range(1, GRID + 1):
        strength = most * index / GRID
        allowed, reached = look(strength)
        if reached and allowed:
            low, high, wanted = strength, low, True  # look for less, between this and the one before
            break
        if not allowed:
            high = strength
            break
        low = strength
    for _ in range(HALVINGS if high is not None else 0):
        middle = (low + high) / 2
        allowed, reached = look(middle)
        if wanted:
            low, high = (middle, high) if allowed and reached else (low, middle)
        elif allowed and reached:
            return middle
        else:
            low, high = (middle, high) if allowed else (low, middle)
    return low


@torch.no_grad()
def _changes(scene: Scene, recipe: Recipe) -> tuple[float, float]:
    outcome = scene.edited(recipe)
    return float(outcome.realism_change), float(scene.saliency_change(outcome))
