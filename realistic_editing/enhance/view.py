"""One photo and its region as the networks see them, judged once: where edits are proposed, measured, refined and limited."""
import copy
import dataclasses
import functools

import numpy as np
import torch
from torch import nn

from realistic_editing.common.workers import on_worker
from realistic_editing.enhance.candidates import Candidates
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.inputs import is_colorless, network_input
from realistic_editing.enhance.judges import PIXELS_PER_ZONE, Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import LOOK_EVERY, optimise
from realistic_editing.enhance.options import GUARD, MAX_STRENGTH, REFINE, RULES, WEAK, EditOptions, check_strength
from realistic_editing.enhance.region_view import RegionView
from realistic_editing.enhance.select import select_order
from realistic_editing.enhance.skin import find_skin, is_free
from realistic_editing.enhance.starts import best_start
from realistic_editing.enhance.strength import greatest_strength, limited, weakened, worthwhile
from realistic_editing.enhance.terms import least_change, logit_change
from realistic_editing.ops import Recipe, all_orders, parse_order


class PhotoView:
    """One photo with its region, seen once and judged once; each edit of it is judged once, and says what it does.

    `Enhancer.view` makes one of a photo of any size.

    Args:
        network: the enhancement network, see `Enhancer`.
        judges: critic and saliency network.
        task: "attenuate" or "amplify".
        objective: what `refine` minimises; None where there is none.
        image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1], on the networks' device, as `network_input` gives them.
        human: whether the region is a person; None = as the critic sees it, and no where it cannot tell.
        any_color: how probable it is that it comes in any colour, as a car does; None = as the critic sees it.

    Attributes:
        human, any_color: what it is taken for.
        skin: what of it must keep its colours; None where there is none.
        region: the `RegionView` of the judges: `region.realism` (1,) is R of the photo, `region.saliency` its map.
    """

    def __init__(
        self,
        network: nn.Module,
        judges: Judges,
        task: str,
        objective: Objective | None,
        image: torch.Tensor,
        mask: torch.Tensor,
        human: bool | None = None,
        any_color: float | None = None,
    ) -> None:
        self.network, self.judges, self.task, self.objective = network, judges, task, objective
        self.image, self.mask = image, mask
        self.region = judges.view(image, mask)
        self.human = self.region.shows_person() if human is None else human
        self.any_color = self.region.any_color(human is not False) if any_color is None else any_color
        self._told, self._asks_critic = human, any_color is None
        self.skin = find_skin(image, mask, self.human, self.any_color, fades=task == "attenuate")
        self._colorless = is_colorless(image, mask)
        self._candidates: Candidates | None = None

    def __repr__(self) -> str:
        return f"PhotoView({self.task}, R {self.realism:.2f}, human={self.human}, free={self.free}, {self.device})"

    @property
    def device(self) -> torch.device:
        """Where photo and networks are."""
        return self.image.device

    @property
    def free(self) -> bool:
        """Whether the region is taken for a thing that comes in any colour."""
        return is_free(self.any_color, self.human)

    @property
    def realism(self) -> float:
        """R of the unedited photo and region, in [0, 1]."""
        return float(self.region.realism)

    def by(self, network: nn.Module, objective: Objective | None = None) -> "PhotoView":
        """The same photo, judged already, for another enhancement network of the same task."""
        other = object.__new__(PhotoView)
        other.__dict__ |= self.__dict__ | {"network": network, "objective": objective, "_candidates": None}
        return other

    def judged_by(self, judges: Judges) -> "PhotoView":
        """The same photo, network and objective with other judges."""
        any_color = None if self._asks_critic else self.any_color
        return PhotoView(self.network, judges, self.task, self.objective, self.image, self.mask, self._told, any_color)

    @on_worker
    @torch.no_grad()
    def candidates(self) -> Candidates:
        """The network's edits in all 24 orders, judged; made once."""
        if self._candidates is None:
            recipe = self._all_orders()
            self._candidates = Candidates(recipe.detach().to("cpu", torch.float32), self.task, *self.region.changes(recipe))
        return self._candidates

    @on_worker
    @torch.no_grad()
    def pick(self, order: str | tuple[int, int, int, int] = "best_effect", seed: int = 0) -> Edit:
        """The network's edit in one order; "best_effect" is found by a quick look where the judges can take one.

        Args:
            order: "best_effect", "best_realism", "best_saliency", "random" (see `select_order`), or one such as (3, 1, 0, 2).
            seed: of "random".

        Raises:
            InputError: for another order.
        """
        if order == "best_effect" and self._quick is not None:
            recipe = self._all_orders()
            realism, saliency = self._quick.changes(recipe)
            realism = logit_change(self._quick.realism.cpu(), realism)
            return self.measure(recipe[int(select_order(order, self.task, realism[None], saliency[None], None))])
        if order in RULES and order != "random":
            found = self.candidates()
            realism = self._logits(found.realism_change) if order == "best_effect" else found.realism_change
            return found[int(select_order(order, self.task, realism[None], found.saliency_change[None], None))]
        if order == "random":
            nothing = torch.zeros(1, len(all_orders()))
            pick = int(select_order(order, self.task, nothing, nothing, torch.Generator().manual_seed(seed)))
            numbers = all_orders(self.device)[pick][None]
        else:
            numbers = torch.tensor([parse_order(order)], device=self.device)
        return self.measure(self._allowed(self.network(self.image, self.mask, numbers)))

    @on_worker
    @torch.no_grad()
    def measure(self, recipe: Recipe | Edit) -> Edit:
        """What a recipe, from anywhere, does to the region.

        Args:
            recipe: a batch of one, on any device, or an edit that holds it.
        """
        recipe = recipe.recipe if isinstance(recipe, Edit) else recipe
        realism, saliency = self.region.changes(recipe)
        return Edit(recipe.detach().to("cpu", torch.float32), self.task, float(realism), float(saliency))

    @on_worker
    @torch.no_grad()
    def compare(self, edited: np.ndarray) -> tuple[float, float]:
        """What another edit of the photo does, whoever made it.

        Args:
            edited: (H, W, 3) of the photo's shape; its background may differ too.

        Returns:
            The changes of realism and of saliency, as in `Edit`.

        Raises:
            InputError: when it cannot be used.
        """
        pixels, _ = network_input(edited, np.full(edited.shape[:2], 255, np.uint8), self.device, self.image.shape[-1])
        judged = self.region.compare(pixels)
        return float(judged.realism_change), float(self.region.saliency_change(judged))

    @on_worker
    @torch.no_grad()
    def refine(
        self, edit: Edit, steps: int = REFINE, progress: bool = False, plain: bool = False, look: int = LOOK_EVERY
    ) -> Edit:
        """Lower the objective by gradient descent on this photo (see `optimise`).

        It is judged by sampled pixels meanwhile (`Judges.sampled_view`), and the result in full.

        Args:
            edit: where to start; its order stays.
            steps, look: of gradient descent, and of how many steps one asks the saliency network.
            progress: show a bar.
            plain: whether to start at a plain edit of exposure and saturation where that has less loss (see `best_start`).

        Raises InputError when the enhancer has no objective.
        """
        EditOptions(refine=steps).check_for(self.task, refinable=self.objective is not None)
        if not steps:
            return edit
        generator = torch.Generator(self.device).manual_seed(0)
        region = self.judges.sampled_view(self.image, self.mask, PIXELS_PER_ZONE, generator, self.region.critic)
        region.skin = self.skin
        # A few steps find more where they need not first find back from an edit against the request, or of skin.
        start = edit.recipe.at_strength(0.0 if edit.gain < 0 else self._strength_for_skin(edit.recipe)).to(self.device)
        if plain:
            quick = copy.copy(region if self._quick is None else self._quick)  # where to start is found for less
            quick.skin = self.skin
            start = best_start(quick, self.objective, self.human, start)
        human = torch.tensor([self.human], device=self.device)
        found = optimise(region, self.objective, human, start.order, start, steps, progress=progress, look=look)
        return dataclasses.replace(self.measure(self._allowed(found.recipe)), refined=True)

    @on_worker
    def improve(self, edit: Edit, steps: int | None = None, progress: bool = False) -> Edit:
        """The edit refined, from a plain edit where that is better; or as it is, where refinement hardly moves attention.

        The objective may think little of an edit that the guard lets through. Arguments as for `refine`; None = by default.
        """
        steps = EditOptions().steps() if steps is None else steps
        refined = self.refine(edit, steps, progress, plain=self.task == "attenuate")
        return refined if refined.gain >= WEAK or refined.gain >= self.guard(edit).gain else edit

    @on_worker
    def limit(
        self, edit: Edit, realism: float | None = None, saliency: float | None = None, max_strength: float = MAX_STRENGTH
    ) -> Edit:
        """The edit at the strength that keeps to a budget of realism, or reaches a wanted change of saliency.

        Args:
            edit: whose recipe is taken weaker or stronger.
            realism: dR that the answer keeps to, such as -0.1; None = any.
            saliency: the change of saliency to reach with the least strength; None = the greatest strength allowed.
            max_strength: the greatest strength to try.
        """
        return limited(edit, self.measure, self.region.realism_changes, realism, saliency, max_strength)

    def least_realism_change(self, guard: float = GUARD) -> float:
        """The least dR that the guard lets through on this photo, see `least_change`."""
        return float(least_change(self.region.realism.cpu(), guard))

    def _logits(self, realism_change: torch.Tensor) -> torch.Tensor:
        return logit_change(self.region.realism.cpu(), realism_change)

    def at_strength(self, edit: Edit, strength: float) -> Edit:
        """The edit at a strength from 0 to 1.5. Raises InputError for another."""
        if check_strength(strength) == 1:
            return edit
        return dataclasses.replace(self.measure(edit.recipe.at_strength(strength)), strength=strength, refined=edit.refined)

    @on_worker
    def guard(self, edit: Edit, realism: float = GUARD) -> Edit:
        """An edit that looks real: taken weaker where it changes skin too much, or looks edited.

        Args:
            edit, realism: as proposed; the guard, see `least_change`.
        """
        most, least = self._strength_for_skin(edit.recipe), self.least_realism_change(realism)
        held = edit if most == 1 else self.at_strength(edit, most)
        return held if held.realism_change >= least else weakened(edit, self.measure, self.region.realism_changes, least, most)

    def settled(self, edit: Edit, realism: float = GUARD) -> Edit:
        """What `propose` makes of an edit by default: guarded, and weaker where it hardly moves attention."""
        held = self.guard(edit, realism)
        if (share := worthwhile(held.gain)) == 1:
            return held
        # Guarded again: dR may be lower on the way.
        found = self.guard(dataclasses.replace(self.at_strength(held, share), strength=1.0), realism)
        return dataclasses.replace(found, strength=found.strength * share * held.strength)

    def _strength_for_skin(self, recipe: Recipe) -> float:
        """The greatest strength, up to 1, at which skin keeps its look."""
        if self.skin is None or self.skin.is_spared(recipe):
            return 1.0
        return greatest_strength(lambda strength: self.skin.is_spared(recipe.at_strength(strength)))

    @on_worker
    def propose(self, options: EditOptions | None = None, progress: bool = False) -> Edit:
        """An edit as the options ask, see `Enhancer.propose`; with a bar on request."""
        options = EditOptions() if options is None else options
        options.check_for(self.task, refinable=self.objective is not None)
        if options.human not in (None, self._told):  # asked for later than the view was made
            return self._taken_for(options.human).propose(options, progress)
        edit = self.pick(options.order, options.seed)
        steps = options.steps(refinable=self.objective is not None)
        if steps:
            edit = self.improve(edit, steps, progress=progress)
        if options.strength is not None:
            return self.at_strength(edit, options.strength)
        if options.has_target:
            found = self.limit(edit, options.min_realism_change, options.saliency_change)
            if options.reached_by(found.gain) or options.min_realism_change is not None or options.guard is None:
                return found
            held = self.guard(found, options.guard)  # what no strength reaches is no reason to look edited
            return held if held is found else dataclasses.replace(held, strength=held.strength * found.strength)
        return edit if options.guard is None else self.settled(edit, options.guard)

    @functools.cached_property
    def _quick(self) -> RegionView | None:
        """The photo judged for less; None where that costs as much."""
        judges = self.judges
        return judges.quick_view(self.image, self.mask, self.region.critic) if judges.can_be_quick else None

    def _taken_for(self, human: bool) -> "PhotoView":
        other = self.by(self.network, self.objective)
        other.human = other._told = human
        other.any_color = self.region.any_color(human) if self._asks_critic else self.any_color
        other.skin = find_skin(self.image, self.mask, human, other.any_color, fades=self.task == "attenuate")
        return other

    def _all_orders(self) -> Recipe:
        return self._allowed(self.network.all_orders(self.image, self.mask))

    def _allowed(self, recipe: Recipe) -> Recipe:
        """Edits of tone alone where photo and region are black and white: the critic likes a tint there, a photographer not."""
        return recipe.without_color() if self._colorless else recipe
