"""What enhancers and their rivals do to unseen regions, by the judges of their training and by held-out ones."""
import dataclasses
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.equations import SALIENCY_WEIGHT
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import Objective
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.terms import color_cast, log_saliency_ratio
from realistic_editing.enhance.view import PhotoView
from realistic_editing.evaluation.measures.sweep import edit, iter_regions, opened, predict_saliency
from realistic_editing.ops import ALL_ORDERS, EditPreset, Recipe, all_orders, random_orders, sample_recipe

EditMethod = Callable[["Case"], Recipe]
_PIXELS = 1000  # of each zone, by which realism is judged in per-image optimisation, a yardstick; users' refinement has fewer


@dataclasses.dataclass
class Case:
    """One region of one photo, and what every method may use.

    Args:
        region: where it is from.
        view: the photo and the region, judged by the enhancer's judges.
        order: (1, 4), drawn from the region's name.
        generator: seeded by the region's name.
    """

    region: Region
    view: PhotoView
    order: torch.Tensor
    generator: torch.Generator
    _views: dict[int, PhotoView] = dataclasses.field(default_factory=dict)

    def view_of(self, network: nn.Module) -> PhotoView:
        """The view for a network: the photo is judged once for all of them."""
        if id(network) not in self._views:
            self._views[id(network)] = self.view.by(network, self.view.objective)
        return self._views[id(network)]

    def random_order(self) -> tuple[int, ...]:
        """The order that was drawn from the region's name."""
        return tuple(self.order[0].tolist())


def case_of(region: Region, image: torch.Tensor, mask: torch.Tensor, enhancer: Enhancer, seed: int) -> Case:
    """A region as a case; its name and the seed decide its order and random edits.

    Args:
        region: which.
        image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1].
        enhancer: whose judges see it.
        seed: of the evaluation.
    """
    device = next(enhancer.network.parameters()).device
    view = enhancer.view_of(image.to(device), mask.to(device))  # the critic says whether it is a person, as for users
    generator = torch.Generator().manual_seed(zlib.crc32(region_name(region, seed).encode()))
    return Case(region, view, random_orders(1, generator), generator)


def region_name(region: Region, seed: int | None = None) -> str:
    """A region's own name; with a seed, the name that seeds whatever is drawn for it."""
    name = f"{region.source}/{region.photo_id}/{region.region_id}"
    return name if seed is None else f"{seed}/{name}"


def objective_of(enhancer: Enhancer) -> Objective:
    """What an enhancer was trained to minimise; eqs. 3 to 6 with the paper's weights where its file does not say."""
    return enhancer.objective or Objective(saliency_weight=SALIENCY_WEIGHT[enhancer.task])


def unedited(case: Case) -> Recipe:
    """No edit."""
    return Recipe.identity(case.order)


def random_edit(preset: EditPreset, column: str) -> EditMethod:
    """A sample of Table 1; column: "real" or "fake"."""
    return lambda case: sample_recipe(getattr(preset, column), 1, case.generator)


def network_edit(network: nn.Module, rule: str) -> EditMethod:
    """A network's proposal in one pass, without refinement or guard, its order picked by a rule of `select_order`."""
    return lambda case: case.view_of(network).pick(case.random_order() if rule == "random" else rule).recipe


def default_edit(network: nn.Module, kept: dict[str, Recipe] | None = None) -> EditMethod:
    """What users get: `Enhancer.propose` with its defaults.

    Args:
        network: that proposes.
        kept: takes each region's recipe by `region_name` without a seed, on which it does not depend, and gives it again.
    """

    def propose(case: Case) -> Recipe:
        name, known = region_name(case.region), {} if kept is None else kept
        if name not in known:
            known[name] = case.view_of(network).propose(EditOptions()).recipe
        return known[name]

    return propose


def ceiling_edit(saliency: nn.Module, objective: Objective, steps: int, start: EditMethod) -> EditMethod:
    """How far a saliency network's own map can be moved: gradient descent against it, from another method's edit.

    Args:
        saliency: who judges attention; the critic is the enhancer's.
        objective: with its constraint of realism.
        steps: of gradient descent.
        start: the other method.
    """

    def propose(case: Case) -> Recipe:
        view = case.view.judged_by(Judges(case.view.judges.critic, saliency))
        return view.guard(view.refine(view.measure(start(case)), steps, look=1)).recipe

    return propose


def optimised_edit(
    objective: Objective, steps: int, start: EditMethod | None = None, record: list[torch.Tensor] | None = None
) -> EditMethod:
    """Gradient descent on the region itself, from no edit or another method's; `record` takes the losses (steps + 1,)."""

    def propose(case: Case) -> Recipe:
        view, device = case.view, case.view.image.device
        generator = torch.Generator(device).manual_seed(case.generator.initial_seed())
        region = view.judges.sampled_view(view.image, view.mask, _PIXELS, generator)
        region.skin = view.skin
        first = start(case).to(device) if start is not None else None
        human = torch.tensor([view.human], device=device)
        optimum = optimise(region, objective, human, case.order.to(device), first, steps)
        if record is not None:
            record.append(optimum.curve[:, 0].cpu())
        return optimum.recipe.to("cpu")

    return propose


def parameters(recipe: Recipe) -> dict[str, float]:
    """What a recipe of one edit does, in photographers' units: exposure in stops, saturation, red and blue in stops against
    green (Figure 9b)."""
    balance = -recipe.white_balance.log2()[0]  # the gain of each channel
    return {
        "log2_exposure": float(recipe.exposure.log2()),
        "saturation": float(recipe.saturation),
        "red": float(balance[0] - balance[1]),
        "blue": float(balance[2] - balance[1]),
    }


@torch.no_grad()
def measure_edits(
    methods: Mapping[str, EditMethod],
    few: Mapping[str, EditMethod],
    enhancer: Enhancer,
    others: Mapping[str, nn.Module],
    regions: Sequence[Region],
    size: int,
    max_few: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Edit each region by each method, and judge.

    Args:
        methods: by name, applied to all regions.
        few: slow ones, applied to `max_few` of the regions, evenly spaced.
        enhancer: whose judges, which taught its network, and whose objective measure.
        others: saliency networks that did not teach, by name.
        regions: of one task.
        size: side of the square that photos are resized to and edited at.
        max_few: see above.
        seed: decides orders and random edits.

    Returns:
        A row for each region and method: index, photo, human, method, seconds, saliency (-S of eq. 3), log_ratio (log of
        the region's saliency after over before), realism (dR), realism_before, cast, loss, the parameters log2_exposure,
        saturation, red and blue (in stops against green), and under `saliency: NAME` what each of the others says: the
        relative change of the region's mean, because S of eq. 3 divides by maps that may be 0.
    """
    rows, step = [], max(len(regions) / max(max_few, 1), 1)
    slow = {int(index * step) for index in range(min(max_few, len(regions)))}
    for index, (region, image, mask) in enumerate(iter_regions(regions, size, "edit")):
        first = case_of(region, image, mask, enhancer, seed)
        before = {key: predict_saliency(network, image) for key, network in others.items()}
        for method, propose in {**methods, **(few if index in slow else {})}.items():
            # Each method draws from the start; the photo's judgement and its candidates are shared.
            generator = torch.Generator().manual_seed(first.generator.initial_seed())
            random_orders(1, generator)
            case, started = dataclasses.replace(first, generator=generator), time.perf_counter()
            recipe = propose(case).detach()
            row = {
                "index": index,
                "photo": f"{region.source}/{region.photo_id}",
                "human": region.human,
                "method": method,
                "seconds": time.perf_counter() - started,
            }
            row |= _judged(case.view, recipe, objective_of(enhancer)) | parameters(recipe)
            edited = edit(image, mask, recipe)
            after = {key: predict_saliency(network, edited) for key, network in others.items()}
            ratios = {key: log_saliency_ratio(before[key], after[key], mask, epsilon=1e-4) for key in others}
            rows.append(row | {f"saliency: {key}": math.expm1(-float(ratio)) for key, ratio in ratios.items()})
    return pd.DataFrame(rows)


def _judged(view: PhotoView, recipe: Recipe, objective: Objective) -> dict[str, float]:
    """What an edit does by the enhancer's judges."""
    device = view.image.device
    judged = view.region.edited(recipe.to(device, view.image.dtype))
    loss = view.region.loss(judged, torch.tensor([view.human], device=device), objective)["total"]
    found = {
        "saliency": view.region.saliency_change(judged),
        "log_ratio": -log_saliency_ratio(view.region.saliency, judged.saliency, view.mask),
        "realism": judged.realism_change,
        "realism_before": view.region.realism,
        "cast": color_cast(recipe),
        "loss": loss,
    }
    return {name: float(value) for name, value in found.items()}


def measure_times(
    enhancer: Enhancer, region: Region, size: int, steps: int, most: int = len(ALL_ORDERS), repeats: int = 3
) -> list[dict[str, object]]:
    """Seconds of a proposal and of gradient descent, for one order and for several batched.

    Args:
        enhancer: whose network and judges are timed.
        region: one.
        size: side of the square that it is resized to.
        steps: of gradient descent.
        most: orders that gradient descent takes at once, where it takes several.
        repeats: of each, of which the median counts; of several orders' descent there is one.

    Returns:
        A row for each: what, orders, seconds.
    """
    image, mask = opened(region, size)
    device = next(enhancer.network.parameters()).device
    image, mask, orders = image.to(device), mask.to(device), all_orders().to(device)
    view = enhancer.judges.sampled_view(image, mask, _PIXELS, torch.Generator(device).manual_seed(0))
    objective = objective_of(enhancer)

    def descend(count: int) -> None:
        several = view[torch.zeros(count, dtype=torch.long, device=device)]
        optimise(several, objective, torch.zeros(count, dtype=torch.bool, device=device), orders[:count], steps=steps)

    jobs = [
        ("the network's proposal", 1, repeats, lambda: enhancer.network(image, mask, orders[:1])),
        ("the network's proposals", len(orders), repeats, lambda: enhancer.network.all_orders(image, mask)),
        (f"{steps} steps of gradient descent", 1, repeats, lambda: descend(1)),
        (f"{steps} steps of gradient descent", most, 1, lambda: descend(most)),
    ]
    rows = []
    for what, count, times, job in tqdm(jobs, desc="time", unit="way"):
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            with torch.no_grad():
                job()
            seconds.append(time.perf_counter() - started)
        rows.append({"what": what, "orders": count, "seconds": float(np.median(seconds))})
    return rows
