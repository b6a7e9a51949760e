"""What enhancers and their rivals do to unseen regions, by the judges that taught them and by judges that did not."""
import dataclasses
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import torch
from torch import nn

from realistic_editing.data.regions import Region
from realistic_editing.enhance.judges import Judges, Scene
from realistic_editing.enhance.loss import Objective, color_cast, enhancement_loss, log_saliency_ratio, saliency_change
from realistic_editing.enhance.optimise import optimise
from realistic_editing.enhance.select import select_order
from realistic_editing.evaluation.sweep import edit, read, score, see
from realistic_editing.ops import EditPreset, Recipe, random_orders, sample_recipe

POINTS = 1000  # pixels of each zone that tell the optimiser of realism
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
    """

    region: Region
    image: torch.Tensor
    mask: torch.Tensor
    judges: Judges
    order: torch.Tensor
    generator: torch.Generator

    @property
    def human(self) -> torch.Tensor:
        """(1,) bool, whether the region is a person."""
        return torch.tensor([self.region.human])

    def glance(self) -> Scene:
        """The region for the optimiser."""
        return self.judges.glance(self.image, self.mask, POINTS, self.generator)


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
            return network(case.image, case.mask, case.order)
        recipes = network.all_orders(case.image, case.mask)
        edited = edit(case.image, case.mask, recipes)
        realism = score(case.judges.critic, edited, case.mask)
        change = -saliency_change(see(case.judges.saliency, case.image), see(case.judges.saliency, edited), case.mask)
        return recipes[int(select_order(rule, task, realism[None], change[None], None))]

    return propose


def optimised_edit(objective: Objective, steps: int, start: Propose | None = None) -> Propose:
    """Gradient descent on the region itself, from no edit or from another method's."""

    def propose(case: Case) -> Recipe:
        first = start(case) if start is not None else None
        return optimise(case.glance(), objective, case.human, case.order, first, steps).recipe

    return propose


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
        realism_before = score(judges.critic, image, mask)
        for method, propose in {**methods, **(few if index in slow else {})}.items():
            generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            case = Case(region, image, mask, judges, random_orders(1, generator), generator)
            started = time.perf_counter()
            recipe = propose(case).detach()
            seconds = time.perf_counter() - started
            edited = edit(image, mask, recipe)
            realism = score(judges.critic, edited, mask) - realism_before
            after = {None: see(judges.saliency, edited)} | {key: see(network, edited) for key, network in others.items()}
            loss = enhancement_loss(before[None], after[None], mask, realism, case.human, objective, recipe)["total"]
            balance = -recipe.white_balance.log2()[0]  # the gain of each channel, in stops
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
                "log2_exposure": float(recipe.exposure.log2()),
                "saturation": float(recipe.saturation),
                "red": float(balance[0] - balance[1]),
                "blue": float(balance[2] - balance[1]),
            }
            ratios = {key: log_saliency_ratio(before[key], after[key], mask, epsilon=1e-4) for key in others}
            row |= {f"saliency: {key}": math.expm1(-float(ratio)) for key, ratio in ratios.items()}
            rows.append(row)
    return pd.DataFrame(rows)
