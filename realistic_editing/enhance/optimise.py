"""The yardstick: minimise the enhancer's loss over the 29 parameters of each edit by gradient descent."""
import dataclasses
import math

import torch
from tqdm import tqdm

from realistic_editing.enhance.judged_edit import JudgedEdit, Slope
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.parameters import bounded, free, unchanged
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.skin import Skin
from realistic_editing.ops import Recipe

_BETAS = (0.7, 0.9)  # short memories: Adam's own (0.9, 0.999) lower the loss less in so few steps
LEARNING_RATE = 0.3
LOOK_EVERY = 4  # steps from one look of the saliency network to the next in refinement
_FLAT = 1e-30  # a slope of the loss by attention below which nothing can be divided by it
_WARM_UP = 4  # steps until the rate is reached: Adam's first ones are as long in every direction, and leave what looks real
_LOST, _PATIENCE = 0.05, 3  # an edit whose loss stays so far above the best for so many steps goes back, to steps half as long
# Of skin's limits: steps that go beyond them are led back to the inner bound, and left alone up to the outer one.
_INNER, _OUTER = 0.9, 0.92
_NEAR = 0.8  # from here on a limit counts when a step is led back, lest it leave by another one
_MOST_EASE, _MOST_STEP = 100.0, 1.0  # times the median; in free numbers, of which 1 is a quarter of a range or less


@dataclasses.dataclass(frozen=True)
class Optimum:
    """What gradient descent found for B edits.

    Args:
        recipe: the best of all steps, for each edit.
        loss: (B,) of it.
        curve: (looks, B), the loss before each step in which the saliency network was asked, and after the last.
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
    learning_rate: float = LEARNING_RATE,
    progress: bool = False,
    look: int = 1,
) -> Optimum:
    """Minimise eqs. 3 to 6 for each photo of a view by Adam; the network approximates this in one pass.

    Several orders of one photo go together as `view[index]` with a repeated index. It works under torch.no_grad, but not
    under torch.inference_mode, which allows no gradients at all.

    Skin's limits are a narrow valley of the loss: by its slope alone, Adam spends nearly all steps in finding back to it. So
    where the view knows of skin and the objective spares it, each step that leaves its limits is led back towards them.

    Args:
        view: B photos with regions.
        objective: the loss.
        human: (B,) bool.
        order: (B, 4) integers.
        start: B edits to start from; the edit that changes nothing when None. Its orders are not used.
        steps: of gradient descent.
        learning_rate: of Adam, on the free numbers of `parameters.bounded`; it rises for a few steps, then falls to 0.
        progress: show a bar.
        look: in which step of how many the saliency network is asked, 1 or more; in those between, attention is taken as linear
            in the pixels (see `Slope`), which takes a fraction of the time.

    Returns:
        The best edits found of the steps that looked, never worse than the start as `parameters.free` gives it, a little
        inside the ranges.

    Raises:
        ValueError: for another `look`.
    """
    if look < 1:
        raise ValueError(f"look is {look}; use a whole number of 1 or more")
    first, blend = (unchanged(order), "final") if start is None else (free(start), start.blend)
    logits = first.detach().clone().requires_grad_(True)
    descent, curve, slope, kept = _Descent(logits, look), [], None, None
    for step in tqdm(range(steps + 1), desc="optimise", unit="step", leave=False, disable=not progress):
        looks = step % look == 0 or step == steps
        with torch.enable_grad():  # whoever calls may run without gradients
            judged = view.edited(bounded(order, logits, blend), None if looks else slope)
            drop = view.drop(judged, objective)
            loss = view.loss(judged, human, objective, drop)["total"]
            total = loss.sum()
        if looks:
            curve.append(loss.detach())
            descent.keep(curve[-1])
        if step == steps:
            break
        gradient, *others = torch.autograd.grad(total, [logits, drop, judged.seen])
        if looks and look > 1:
            slope = _slope(judged, drop, *others)
            kept = slope if kept is None else slope.where(descent.better, kept)
        rate = min(1, (step + 1) / (_WARM_UP + 1)) * (1 + math.cos(math.pi * step / steps)) / 2
        back = descent.update(gradient, learning_rate * rate)
        if slope is not None and back.any():
            slope = kept.where(back, slope)
        if view.skin is not None and objective.skin_weight:
            lead_back(view.skin, order, logits, blend, descent.ease)
    return Optimum(bounded(order, descent.kept, blend), descent.best, torch.stack(curve))


def _slope(judged: JudgedEdit, drop: torch.Tensor, by_drop: torch.Tensor, by_seen: torch.Tensor) -> Slope:
    """The slope of attention at edits, from those of their loss.

    Args:
        judged: the edits.
        drop: (B,), what they do to attention.
        by_drop: (B,), the slope of their loss by it.
        by_seen: (B, 3, H, W), the same by what the saliency network saw.
    """
    flat = by_drop.abs() < _FLAT  # where the loss does not depend on it, no slope is needed
    factor = torch.where(flat, 0, 1 / torch.where(flat, 1, by_drop))
    return Slope(drop.detach(), by_seen * factor[:, None, None, None], judged.seen.detach())


class _Descent:
    """Steps of Adam on the free numbers of B edits, in place; each edit that gets lost goes back to its best.

    Written out, because to make a torch.optim.Adam imports the compiler, which takes seconds.

    Args:
        numbers: (B, N).
        look: in which step of how many `keep` is called.

    Attributes:
        best, kept: (B,), the least loss of each edit so far, and its numbers.
        ease: (B, N), how far a number moves for one unit of gradient: much where the loss hardly depends on it.
    """

    def __init__(self, numbers: torch.Tensor, look: int = 1) -> None:
        self.numbers, self.look, self.count = numbers, look, 0
        self.mean, self.square, self.ease = (torch.zeros_like(numbers) for _ in range(3))
        self.kept, self.kept_gradient = numbers.detach().clone(), torch.zeros_like(numbers)
        self.best = torch.full((len(numbers),), float("inf"), device=numbers.device)
        self.better, self.lost, self.share = self.best < 0, torch.zeros_like(self.best), torch.ones_like(self.best)

    @torch.no_grad()
    def keep(self, loss: torch.Tensor) -> None:
        """Take note of what the numbers are worth: (B,); to be followed by `update`."""
        self.better = loss < self.best
        self.best = torch.where(self.better, loss, self.best)
        self.kept = torch.where(self.better[:, None], self.numbers, self.kept)
        self.lost = torch.where(loss <= self.best + _LOST, 0, self.lost + self.look)  # no number counts as far above

    @torch.no_grad()
    def update(self, gradient: torch.Tensor, learning_rate: float) -> torch.Tensor:
        """One step by the gradient of the loss: (B,) bool, which edits went back to their best."""
        self.kept_gradient = torch.where(self.better[:, None], gradient, self.kept_gradient)
        self.better = torch.zeros_like(self.better)  # until it is said what the next numbers are worth
        back = (self.lost >= _PATIENCE) | ~gradient.isfinite().all(dim=1)
        self.lost, self.share = torch.where(back, 0, self.lost), torch.where(back, self.share / 2, self.share)
        each = back[:, None]
        self.numbers.copy_(torch.where(each, self.kept, self.numbers))
        gradient = torch.where(each, self.kept_gradient, gradient)
        self.mean = torch.where(each, 0, self.mean)
        (beta1, beta2), self.count = _BETAS, self.count + 1
        self.mean = self.mean.lerp(gradient, 1 - beta1)
        self.square.lerp_(gradient.square(), 1 - beta2)
        self.ease = 1 / ((self.square / (1 - beta2**self.count)).sqrt() + 1e-8)
        self.numbers -= learning_rate * self.share[:, None] * self.mean / (1 - beta1**self.count) * self.ease
        return back


@torch.no_grad()
def lead_back(skin: Skin, order: torch.Tensor, logits: torch.Tensor, blend: str, ease: torch.Tensor, times: int = 3) -> None:
    """Move edits that change skin too much towards the nearest that do not, in place, by Newton's steps.

    Near means by `ease`: most is moved where the loss hardly notices. An edit ends no farther outside than it began.

    Args:
        skin: with its limits.
        order: (B, 4) integers.
        logits: (B, 29) free numbers of B edits.
        blend: of the recipes.
        ease: (B, 29) positive, how easily each number moves.
        times: steps at most.
    """
    ease = torch.minimum(ease, _MOST_EASE * ease.median(dim=1, keepdim=True).values)
    nearest, numbers = torch.full_like(logits[:, 0], float("inf")), logits.clone()
    for step in range(times + 1):
        with torch.enable_grad():
            traced = numbers.requires_grad_(True)
            change = skin.in_limits(bounded(order, traced, blend))
            excess = change.detach().abs().amax(dim=1)
            out = excess > _OUTER
            slopes = [torch.autograd.grad(one.sum(), [traced], retain_graph=True)[0] for one in change.unbind(1) if out.any()]
        numbers = numbers.detach()
        better = excess < nearest
        nearest = torch.where(better, excess, nearest)
        logits.copy_(torch.where(better[:, None], numbers, logits))
        if step == times or not out.any():
            return
        moved = _newton(change.detach(), torch.stack(slopes, dim=1), ease)
        numbers = torch.where(out[:, None], numbers - moved, numbers)


def _newton(change: torch.Tensor, slope: torch.Tensor, ease: torch.Tensor) -> torch.Tensor:
    """The step that leads changes of skin back to the inner bound, to first order.

    Args:
        change: (B, L) in units of the limits.
        slope: (B, L, 29), its gradients.
        ease: (B, 29).

    Returns:
        (B, 29), what to subtract.
    """
    slope = slope * (change.abs() > _NEAR)[:, :, None]  # what is far from its limit may change freely
    moved = slope * ease[:, None]
    gram = moved @ slope.transpose(1, 2)
    damping = 1e-6 + 1e-3 * gram.diagonal(dim1=1, dim2=2).amax(dim=1)
    gram = gram + damping[:, None, None] * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    beyond = change - change.clamp(-_INNER, _INNER)
    step = (moved.transpose(1, 2) @ torch.linalg.solve(gram, beyond[:, :, None]))[:, :, 0]
    return torch.where(step.isfinite(), step, 0.0).clamp(-_MOST_STEP, _MOST_STEP)
