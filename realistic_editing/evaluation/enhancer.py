"""What enhancers and their rivals do to unseen regions, by the judges that taught them and by judges that did not."""
import dataclasses
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn

from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.guard import POINTS, guarded
from realistic_editing.enhance.judges import Judges, Scene
from realistic_editing.enhance.loss import Objective, color_cast, enhancement_loss, log_saliency_ratio, saliency_change
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.select import select_order
from realistic_editing.evaluation.sweep import edit, read, score, see
from realistic_editing.ops import EditPreset, Recipe, all_orders, random_orders, sample_recipe

Propose = Callable[["Case"], Recipe]


@dataclasses.dataclass
class Case:
    """One region of one photo, and what every method may use.

    Args:
        region: where it is from.
        image, mask: (1, 3, S, S) and (1, 1, S, S) in [0, 1].
        judges: that teach.
        order: (1, 4), drawn from the region's name.
        generator: seeded by the region's name.
        before: (1, 1, S, S), the saliency of the photo.
    """

    region: Region
    image: torch.Tensor
    mask: torch.Tensor
    judges: Judges
    order: torch.Tensor
    generator: torch.Generator
    before: torch.Tensor
    _judged: dict[int, tuple[Recipe, torch.Tensor, torch.Tensor]] = dataclasses.field(default_factory=dict)

    def all_orders(self, network: nn.Module) -> tuple[Recipe, torch.Tensor, torch.Tensor]:
        """A network's 24 proposals, the realism (24,) of each and its -S (24,); asked for by several rules, made once."""
        if id(network) not in self._judged:
            recipes = network.all_orders(*self._to(network)).to("cpu")
            edited = edit(self.image, self.mask, recipes)
            change = -saliency_change(self.before, see(self.judges.saliency, edited), self.mask)
            self._judged[id(network)] = recipes, score(self.judges.critic, edited, self.mask), change
        return self._judged[id(network)]

    def proposal(self, network: nn.Module) -> Recipe:
        """A network's proposal in the region's random order."""
        device = next(network.parameters()).device
        return network(*self._to(network), self.order.to(device)).to("cpu")

    def _to(self, network: nn.Module) -> list[torch.Tensor]:
        device = next(network.parameters()).device
        return [tensor.to(device) for tensor in (self.image, self.mask)]

    @property
    def human(self) -> torch.Tensor:
        """(1,) bool, whether the region is a person."""
        return torch.tensor([self.region.human])

    def glance(self) -> Scene:
        """The region for the optimiser."""
        device = next(self.judges.critic.parameters()).device
        generator = torch.Generator(device).manual_seed(self.generator.initial_seed())
        return self.judges.glance(self.image.to(device), self.mask.to(device), POINTS, generator)


def unedited(case: Case) -> Recipe:
    """No edit."""
    return Recipe.identity(case.order)


def random_edit(preset: EditPreset, column: str) -> Propose:
    """A sample of Table 1; column: "real" or "fake"."""
    return lambda case: sample_recipe(getattr(preset, column), 1, case.generator)


def network_edit(network: nn.Module, rule: str, task: str) -> Propose:
    """A network's proposal, its order picked by a rule of `select_order`."""

    @torch.no_grad()
    def propose(case: Case) -> Recipe:
        if rule == "random":
            return case.proposal(network)
        recipes, realism, change = case.all_orders(network)
        return recipes[int(select_order(rule, task, realism[None], change[None], None))]

    return propose


def guarded_edit(first: Propose, task: str, objective: Objective | None) -> Propose:
    """Another method's edit, mended where it is weak or looks edited, as `Enhancer.propose` does."""

    def propose(case: Case) -> Recipe:
        recipe, device = first(case), next(case.judges.critic.parameters()).device
        scene = case.judges.look(case.image.to(device), case.mask.to(device))
        return guarded(case.judges, scene, recipe.to(device), task, objective, case.region.human)[0].to("cpu")

    return torch.no_grad()(propose)


def optimised_edit(
    objective: Objective, steps: int, start: Propose | None = None, record: list[torch.Tensor] | None = None
) -> Propose:
    """Gradient descent on the region itself, from no edit or another method's; `record` takes the losses (steps + 1,)."""

    def propose(case: Case) -> Recipe:
        scene, first = case.glance(), start(case) if start is not None else None
        human, order = case.human.to(scene.image.device), case.order.to(scene.image.device)
        first = first.to(scene.image.device) if first is not None else None
        optimum = optimise(scene, objective, human, order, first, steps)
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


def measure_edits(
    methods: Mapping[str, Propose],
    few: Mapping[str, Propose],
    judges: Judges,
    others: Mapping[str, nn.Module],
    regions: Sequence[Region],
    objective: Objective,
    size: int,
    most_few: int,
    seed: int = 0,
) -> pd.DataFrame:
    """Edit each region by each method, and judge.

    Args:
        methods: by name, applied to all regions.
        few: slow ones, applied to `most_few` of the regions, evenly spaced.
        judges: that taught the network.
        others: saliency networks that did not, by name.
        regions: of one task.
        objective: what the network was trained to minimise.
        size: side of the square that photos are resized to and edited at.
        most_few: see above.
        seed: decides orders and random edits.

    Returns:
        A row for each region and method: index, photo, human, method, seconds, saliency (-S of eq. 3), log_ratio (log of
        the region's saliency after over before), realism (dR), realism_before, cast, loss, the parameters log2_exposure,
        saturation, red and blue (in stops against green), and under `saliency: NAME` what each of the others says: the
        relative change of the region's mean, because S of eq. 3 divides by maps that may be 0.
    """
    rows, step = [], max(len(regions) / max(most_few, 1), 1)
    slow = {int(index * step) for index in range(min(most_few, len(regions)))}
    for index, (region, image, mask) in enumerate(read(regions, size, "edit")):
        name = f"{seed}/{region.source}/{region.photo_id}/{region.region_id}"
        before = {None: see(judges.saliency, image)} | {key: see(network, image) for key, network in others.items()}
        realism_before, shared = score(judges.critic, image, mask), {}
        for method, propose in {**methods, **(few if index in slow else {})}.items():
            generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            case = Case(region, image, mask, judges, random_orders(1, generator), generator, before[None], shared)
            started = time.perf_counter()
            recipe = propose(case).detach()
            seconds = time.perf_counter() - started
            edited = edit(image, mask, recipe)
            realism = score(judges.critic, edited, mask) - realism_before
            after = {None: see(judges.saliency, edited)} | {key: see(network, edited) for key, network in others.items()}
            loss = enhancement_loss(before[None], after[None], mask, realism, case.human, objective, recipe)["total"]
            row = {
                "index": index,
                "photo": f"{region.source}/{region.photo_id}",
                "human": region.human,
                "method": method,
                "seconds": seconds,
                "saliency": -float(saliency_change(before[None], after[None], mask)),
                "log_ratio": -float(log_saliency_ratio(before[None], after[None], mask)),
                "realism": float(realism),
                "realism_before": float(realism_before),
                "cast": float(color_cast(recipe)),
                "loss": float(loss),
            } | parameters(recipe)
            ratios = {key: log_saliency_ratio(before[key], after[key], mask, epsilon=1e-4) for key in others}
            row |= {f"saliency: {key}": math.expm1(-float(ratio)) for key, ratio in ratios.items()}
            rows.append(row)
    return pd.DataFrame(rows)


def measure_times(enhancer: Enhancer, region: Region, size: int, steps: int) -> list[dict[str, object]]:
    """Seconds of a proposal and of gradient descent, for one order and for all 24 batched.

    Args:
        enhancer: whose network and judges are timed.
        region: one.
        size: side of the square that it is resized to.
        steps: of gradient descent.

    Returns:
        A row for each: what, orders, seconds.
    """
    _, image, mask = next(iter(read([region], size, "time")))
    device = next(enhancer.network.parameters()).device
    image, mask, orders = image.to(device), mask.to(device), all_orders().to(device)
    scene = enhancer.judges.glance(image, mask, POINTS, torch.Generator(device).manual_seed(0))
    objective = enhancer.objective or Objective(saliency_weight=1.0 if enhancer.task == "amplify" else -1.0)

    def descend(count: int) -> None:
        several = scene[torch.zeros(count, dtype=torch.long, device=device)]
        optimise(several, objective, torch.zeros(count, dtype=torch.bool, device=device), orders[:count], steps=steps)

    jobs = [
        ("the network's proposal", 1, 3, lambda: enhancer.network(image, mask, orders[:1])),
        ("the network's proposals", len(orders), 3, lambda: enhancer.network.all_orders(image, mask)),
        (f"{steps} steps of gradient descent", 1, 3, lambda: descend(1)),
        (f"{steps} steps of gradient descent", len(orders), 1, lambda: descend(len(orders))),
    ]
    rows = []
    for what, count, times, job in jobs:
        seconds = []
        for _ in range(times):
            started = time.perf_counter()
            with torch.no_grad():
                job()
            seconds.append(time.perf_counter() - started)
        rows.append({"what": what, "orders": count, "seconds": float(np.median(seconds))})
    return rows
