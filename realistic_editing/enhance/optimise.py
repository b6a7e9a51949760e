"""The yardstick: minimise the enhancer's loss over the 29 parameters of each edit by gradient descent."""
import dataclasses
from collections.abc import Callable

import torch
from torch.optim.adam import adam  # the bare step: making a torch.optim.Adam imports the compiler, which takes seconds
from tqdm import tqdm

from realistic_editing.enhance.judges import RegionView
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.parameters import bounded, free, unchanged
from realistic_editing.ops import Recipe

# Short memories: 12 steps reach 75 % of what 50 lower the loss, where Adam's own (0.9, 0.999) reach 68 %.
_BETAS = (0.7, 0.9)


@dataclasses.dataclass(frozen=True)
class Optimum:
    """What gradient descent found for B edits.

    Args:
        recipe: the best of all steps, for each edit.
        loss: (B,) of it.
        curve: (steps + 1, B), the loss before each step and after the last.
    """

    recipe: Recipe
    loss: torch.Tensor
    curve: torch.Tensor


def optimise(
    view: RegionView,
    objective: Objective,
    human: torch.Tensor,
    order: torch.Tensor,
    start: Recipe | None = None,
    steps: int = 60,
    learning_rate: float = 0.1,
    progress: bool = False,
) -> Optimum:
    """Minimise eqs. 3 to 6 for each photo of a view by Adam; the network approximates this in one pass.

    Several orders of one photo go together as `view[index]` with a repeated index. It works under torch.no_grad, but not
    under torch.inference_mode, which allows no gradients at all.

    Args:
        view: B photos with regions.
        objective: the loss.
        human: (B,) bool.
        order: (B, 4) integers.
        start: B edits to start from; the edit that changes nothing when None. Its orders are not used.
        steps: of gradient descent.
        learning_rate: of Adam, on the free numbers of `parameters.bounded`.
        progress: show a bar.

    Returns:
        The best edits found, never worse than the start as `parameters.free` gives it, a little inside the ranges.
    """
    first, blend = (unchanged(order), "final") if start is None else (free(start), start.blend)
    logits = first.detach().clone().requires_grad_(True)
    update = _adam(logits, learning_rate)
    best, kept, curve = torch.full((len(view),), float("inf"), device=logits.device), logits.detach().clone(), []
    for step in tqdm(range(steps + 1), desc="optimise", unit="step", disable=not progress):
        with torch.enable_grad():  # whoever calls may run without gradients
            recipe = bounded(order, logits, blend)
            loss = view.loss(view.edited(recipe), human, objective)["total"]
            total = loss.sum()
        curve.append(loss.detach())
        better = curve[-1] < best
        best = torch.where(better, curve[-1], best)
        kept = torch.where(better[:, None], logits.detach(), kept)
        if step < steps:
            update(torch.autograd.grad(total, [logits])[0])
    return Optimum(bounded(order, kept, blend), best, torch.stack(curve))


def _adam(numbers: torch.Tensor, learning_rate: float) -> Callable[[torch.Tensor], None]:
    """A step of Adam on some numbers, in place, by their gradient."""
    mean, square, count = torch.zeros_like(numbers), torch.zeros_like(numbers), torch.tensor(0.0)
    (beta1, beta2), fixed = _BETAS, {"amsgrad": False, "weight_decay": 0.0, "eps": 1e-8, "maximize": False}

    @torch.no_grad()
    def update(gradient: torch.Tensor) -> None:
        lists = [[one] for one in (numbers, gradient, mean, square)]
        adam(*lists, [], [count], foreach=False, beta1=beta1, beta2=beta2, lr=learning_rate, **fixed)

    return update
