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
) -> float:
    """Move along `Recipe.at_strength` from no edit to one and a half times the proposal.

    Args:
        scene: one photo.
        recipe: one edit of it.
        task: "attenuate" or "amplify".
        min_realism_change: dR that every strength up to the answer keeps to; None = any.
        saliency_change: -S of eq. 3 to reach: the least strength that does is the answer, or, where none does, the
            greatest that is allowed. None = the greatest that is allowed.

    Returns:
        A strength in [0, 1.5]; 0 where the budget allows none.
    """
    sign = 1.0 if task == "amplify" else -1.0

    def look(strengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = [_changes(scene, recipe.at_strength(float(value))) for value in strengths]
        realism, saliency = torch.tensor(found, dtype=torch.float64).unbind(dim=1)
        allowed = realism >= min_realism_change if min_realism_change is not None else realism == realism
        reached = sign * saliency >= sign * saliency_change if saliency_change is not None else saliency != saliency
        # A budget that is broken stays broken, however the critic wavers beyond.
        return allowed.long().cumprod(0).bool(), reached

    low, step = 0.0, MOST / GRID
    strengths = torch.linspace(0, MOST, GRID + 1, dtype=torch.float64)
    for halving in range(HALVINGS + 1):
        allowed, reached = look(strengths)
        usable = int(allowed.sum())  # a run from the start; no edit at all is always allowed
        hits = torch.nonzero(reached[: max(usable, 1)]).flatten()
        if len(hits):
            low, wanted = float(strengths[hits[0]]), True
        else:
            low, wanted = float(strengths[max(usable, 1) - 1]), False
        if halving == HALVINGS or (not wanted and low >= MOST):
            break
        # Reached: look for less below. Not allowed further: look for more above.
        step /= 2
        strengths = torch.tensor([max(low - step, 0.0), low] if wanted else [low, low + step], dtype=torch.float64)
    return low


@torch.no_grad()
def _changes(scene: Scene, recipe: Recipe) -> tuple[float, float]:
    outcome = scene.edited(recipe)
    return float(outcome.realism_change), float(scene.saliency_change(outcome))
