"""The evaluation of the enhancers: does attention move, does the photo stay real, and who says so."""
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch
from omegaconf import DictConfig, OmegaConf
from torch import nn

from realistic_editing.common.tasks import TASKS
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.comparison.methods import PRODUCT
from realistic_editing.evaluation.comparison.rivals import load_rivals
from realistic_editing.evaluation.measures import edits as methods_of
from realistic_editing.evaluation.measures.photo_changes import MOVED
from realistic_editing.evaluation.measures.samples import count_photos, spread
from realistic_editing.evaluation.measures.seams import measure_seams
from realistic_editing.evaluation.reports import enhancer_sheets, figures, sheets
from realistic_editing.evaluation.reports.judges import agreement_of_judges
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.spread import deviation
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites.suite import (
    SuiteInputs,
    TablesAndFigures,
    held_out_regions,
    load_enhancers,
    load_held_out,
    suite_report,
)
from realistic_editing.ops import ALL_ORDERS, EditPreset, Recipe
from realistic_editing.saliency.distinctness import PatchDistinctness

_RULES = {"random": "random order", "best_realism": "best realism", "best_saliency": "best saliency"}
OPTIMUM = "optimised"
CEILING = "ceiling by"
DAMAGED = 4  # regions shown under damaged masks
_REFINE = 10  # steps of gradient descent from the network's proposal
_OPTIMISE, _A_PHOTO = 60, 4  # steps from no edit: of a whole evaluation, and for each photo that a limit leaves
_PARAMETERS = ("log2_exposure", "saturation", "red", "blue")


class EnhancerSuite:
    """Both enhancers on unseen regions, beside other ways to edit; see `Suite`."""

    networks = ("saliency", "critic", *TASKS)

    def run(self, inputs: SuiteInputs) -> Report:
        settings = OmegaConf.merge(inputs.settings, {"optimise": _steps(inputs.settings)})
        enhancers, regions = load_enhancers(settings), held_out_regions(inputs)
        rivals = load_rivals(settings.rivals, settings.device)
        others = load_held_out(settings)
        others["patch distinctness"] = PatchDistinctness()
        found = measure_enhancers(enhancers, rivals, others, regions, inputs.preset, settings)
        return suite_report("enhancer", settings, {settings[task]: enhancers[task].network for task in TASKS}, found)


def _steps(settings: DictConfig) -> int:
    """How many steps the optimisation takes, which of few photos nobody waits for."""
    if settings.optimise is not None:
        return settings.optimise
    return _OPTIMISE if settings.limit is None else min(_OPTIMISE, _A_PHOTO * settings.limit)


def measure_enhancers(
    enhancers: Mapping[str, Enhancer],
    rivals: Mapping[str, Mapping[str, nn.Module]],
    others: Mapping[str, nn.Module],
    regions: Sequence[Region],
    preset: EditPreset,
    settings: DictConfig,
) -> TablesAndFigures:
    """Measure the enhancers beside other ways to edit, and draw sheets into `settings.output`.

    Args:
        enhancers: of each task.
        rivals: task -> networks of the same kind, by name, such as one trained without realism.
        others: held-out saliency networks, by name.
        regions: unseen ones; those without a task serve both.
        preset: the ranges of random edits.
        settings: as configs/evaluate/evaluate.yaml, with a number of steps to `optimise`.

    Returns:
        The tables, and the figures' file names with their captions.

    Raises:
        InputError: when the folder cannot be written.
    """
    tables, pictures = [], {}
    for task in TASKS:
        chosen = spread([region for region in regions if region.task in ("", task)], settings.max_regions.enhancer)
        if not chosen:
            continue
        kept: dict[str, Recipe] = {}
        found, curves = _measure(enhancers[task], rivals.get(task, {}), others, chosen, preset, settings, kept)
        where = f"{task}, {len(chosen)} unseen regions of {count_photos(chosen)} photos"
        tables += _tables(task, where, found, list(others), settings)
        tables.append(_seams(task, where, enhancers[task], rivals.get(task, {}), chosen, settings))
        tables.append(_times(task, enhancers[task], chosen[0], settings))
        pictures |= _pictures(task, enhancers[task], rivals.get(task, {}), chosen, found, curves, settings, kept)
    return tables, pictures


def _measure(
    enhancer: Enhancer,
    rivals: Mapping[str, nn.Module],
    others: Mapping[str, nn.Module],
    regions: Sequence[Region],
    preset: EditPreset,
    settings: DictConfig,
    kept: dict[str, Recipe],
) -> tuple[pd.DataFrame, dict[str, list[torch.Tensor]]]:
    """What each method did, and the losses along gradient descent from each start; `kept` takes the default edits."""
    methods = {
        "no edit": methods_of.unedited,
        "random, real ranges": methods_of.random_edit(preset, "real"),
        "random, fake ranges": methods_of.random_edit(preset, "fake"),
    }
    methods |= {f"ours in one pass, {words}": methods_of.network_edit(enhancer.network, rule) for rule, words in _RULES.items()}
    methods[PRODUCT] = methods_of.default_edit(enhancer.network, kept)
    methods |= {name: methods_of.network_edit(network, "random") for name, network in rivals.items()}
    few, curves = {}, {"no edit": [], "the network's proposal": []}
    if enhancer.objective is not None:
        first = methods_of.network_edit(enhancer.network, "random")
        few = {
            f"{OPTIMUM}, {settings.optimise} steps": methods_of.optimised_edit(
                enhancer.objective, settings.optimise, record=curves["no edit"]
            ),
            f"ours in one pass, random order, refined {_REFINE} steps": methods_of.optimised_edit(
                enhancer.objective, _REFINE, first, record=curves["the network's proposal"]
            ),
        }
        for name, judge in others.items():
            if not isinstance(judge, PatchDistinctness):  # which passes no gradients
                few[f"{CEILING} {name}"] = methods_of.ceiling_edit(
                    judge, enhancer.objective, settings.optimise, methods[PRODUCT]
                )
    size, max_few = settings.edit_size.critic, settings.max_regions.optimise
    found = methods_of.measure_edits(methods, few, enhancer, others, regions, size, max_few, settings.seed)
    return found, curves


def _pictures(
    task: str,
    enhancer: Enhancer,
    rivals: Mapping[str, nn.Module],
    regions: Sequence[Region],
    found: pd.DataFrame,
    curves: Mapping[str, Sequence[torch.Tensor]],
    settings: DictConfig,
    kept: Mapping[str, Recipe],
) -> dict[str, str]:
    """A gallery, the damaged masks and gradient descent: file names with their captions."""
    folder, size, title = Path(settings.output), settings.edit_size.critic, task.capitalize()
    picked = enhancer_sheets.drawn(regions, settings.max_regions.gallery, settings.seed)
    sheets.save_sheet(enhancer_sheets.gallery(enhancer, picked, size, kept), folder / f"gallery_{task}.png")
    networks = {"ours": enhancer.network} | {name: rivals[name] for name in rivals if "clean" in name}
    rows = enhancer_sheets.damage_rows(networks, enhancer, picked[:DAMAGED], size, seed=settings.seed)
    sheets.save_sheet(sheets.sheet(rows), folder / f"damaged_{task}.png")
    words = "the photo with the region's outline, the edit, saliency before and after; regions picked by the seed"
    named = {
        f"gallery_{task}.png": f"{title}: {words}.",
        f"damaged_{task}.png": f"{title}: the clean and the damaged mask, and edits by either (Figure 11).",
    }
    if curves["no edit"]:
        indices = found[found.method.str.startswith(OPTIMUM)]["index"]
        alone = found[(found.method == "ours in one pass, random order") & found["index"].isin(indices)].loss.mean()
        figures.save_figure(enhancer_sheets.descent(curves, alone), folder / f"descent_{task}.png")
        named[f"descent_{task}.png"] = f"{title}: the loss along gradient descent; mean and middle half of the regions."
    return named


def _tables(task: str, where: str, found: pd.DataFrame, others: Sequence[str], settings: DictConfig) -> list[Table]:
    sign = 1 if task == "amplify" else -1

    def mean(part: pd.DataFrame, values: pd.Series, limits: tuple[float, float] | None = None) -> bootstrap.Estimate:
        return bootstrap.mean(values, part.photo, settings.resamples, settings.seed, limits)

    def row(part: pd.DataFrame) -> dict[str, object]:
        cells = {
            "regions": len(part),
            "direction accuracy": mean(part, sign * part.saliency > MOVED),
            "saliency": mean(part, part.saliency, bootstrap.RELATIVE),
            "dR": mean(part, part.realism, bootstrap.SIGNED),
            "dR >= -0.1": mean(part, part.realism >= -0.1),
            "cast": mean(part, part.cast, bootstrap.MAGNITUDE),
        }
        for name in others:
            values = part[f"saliency: {name}"]
            cells[f"direction accuracy, {name}"] = mean(part, sign * values > MOVED)
            cells[f"saliency, {name}"] = mean(part, values, bootstrap.RELATIVE)
        return cells | {"seconds": float(part.seconds.median())}

    by_method = dict(list(found.groupby("method", sort=False)))
    main = pd.DataFrame([{"method": name} | row(part) for name, part in by_method.items()])
    note = (
        "Saliency is the mean relative change of the region's saliency (-S of eq. 3, of other models that of the region's "
        "mean), dR the change in realism, cast the chroma that greys take on; 95 % bootstrap intervals over photos. "
        "Seconds are of the proposal; the 24 candidates that best realism and best saliency share count for the first."
    )
    tables = [Table(task, where, note, main)]
    ours = by_method[PRODUCT]
    groups = {"human": ours[ours.human], "other": ours[~ours.human]}
    frame = pd.DataFrame([{"regions of": name} | row(part) for name, part in groups.items() if len(part)])
    tables.append(Table(f"{task}_human", f"{where}: ours, people and other regions", "", frame))
    rows = []
    for name, part in by_method.items():
        if name.startswith("ours"):
            cells = {key: f"{part[key].mean():+.2f} ({deviation(part[key])})" for key in _PARAMETERS}
            rows.append({"method": name} | cells)
    words = "Mean and, in brackets, standard deviation over regions; red and blue in stops against green (Figure 9b)."
    tables.append(Table(f"{task}_spread", f"{where}: what the edits are", words, pd.DataFrame(rows)))
    judges = {"the enhancer's": "saliency"} | {name: f"saliency: {name}" for name in others}
    title = f"{where}: whether judges agree"
    everywhere = {name: part for name, part in by_method.items() if len(part) == len(ours)}
    agreement = agreement_of_judges(f"{task}_judges", title, everywhere, judges, settings.resamples, settings.seed)
    tables += [agreement] if agreement else []
    if any(name.startswith(OPTIMUM) for name in by_method):
        tables.append(_share(task, where, by_method))
        tables.append(_ceilings(task, where, by_method, others))
    return tables


def _ceilings(task: str, where: str, by_method: Mapping[str, pd.DataFrame], others: Sequence[str]) -> Table:
    """What users get beside what the same judge allows, by judges that took no part."""
    rows = []
    for name in others:
        if (limit := by_method.get(f"{CEILING} {name}")) is None:
            continue
        index, column = limit["index"], f"saliency: {name}"
        for words, part in ((PRODUCT, by_method[PRODUCT]), ("ceiling", limit)):
            part = part.set_index("index").loc[index]
            cells = {"saliency": part[column].mean(), "share": part[column].mean() / limit[column].mean()}
            rows.append({"judge": name, "method": words} | cells | {"dR": part.realism.mean()})
    words = "The ceiling is gradient descent against that judge itself, from our edit, with the same critic and guard."
    return Table(f"{task}_ceiling", f"{where}: ceilings, on some of them", words, pd.DataFrame(rows))


def _share(task: str, where: str, by_method: Mapping[str, pd.DataFrame]) -> Table:
    """How much of what gradient descent gains the network gains in one pass, on the regions that both edited."""
    optimum = next(part for name, part in by_method.items() if name.startswith(OPTIMUM)).set_index("index")
    start = by_method["no edit"].set_index("index").loss[optimum.index].mean()
    gained = start - optimum.loss.mean()
    rows = []
    for name, part in by_method.items():
        part = part.set_index("index").loc[optimum.index]
        share = (start - part.loss.mean()) / gained
        rows.append({"method": name, "loss": float(part.loss.mean()), "share": float(share)})
    words = "The share is of the reduction of the mean loss that optimisation reaches."
    return Table(f"{task}_loss", f"{where}: the loss on {len(optimum)} of them", words, pd.DataFrame(rows))


def _seams(
    task: str,
    where: str,
    enhancer: Enhancer,
    rivals: Mapping[str, nn.Module],
    regions: Sequence[Region],
    settings: DictConfig,
) -> Table:
    """Figure 11: what edits leave at the border of a clean mask and of damaged ones."""
    networks = {"ours": enhancer.network, **rivals}
    found = measure_seams(networks, enhancer, regions, settings.edit_size.critic, settings.seed)
    rows = []
    for (method, mask), part in found.groupby(["method", "mask"], sort=False):
        columns = {
            key: bootstrap.mean(part[key], part.photo, settings.resamples, settings.seed, limits)
            for key, limits in (("seam", bootstrap.MAGNITUDE), ("realism", bootstrap.SIGNED))
        }
        rows.append({"method": method, "mask": mask} | columns)
    words = "Seam: how much steeper lightness and colour (CIELAB units a pixel) become along the mask's border; random order."
    return Table(f"{task}_seams", f"{where}: damaged masks", words, pd.DataFrame(rows))


def _times(task: str, enhancer: Enhancer, region: Region, settings: DictConfig) -> Table:
    """What a proposal and gradient descent cost, for one order and for all 24 at once; for a quick look, of fewer."""
    limit = settings.limit or _REFINE
    steps, repeats, orders = min(_REFINE, settings.optimise, limit), min(3, limit), min(len(ALL_ORDERS), 4 * limit)
    rows = methods_of.measure_times(enhancer, region, settings.edit_size.critic, steps, orders, repeats)
    runs = f"the median of {repeats}" if repeats > 1 else "one run"
    words = f"One region, this machine, as many threads as PyTorch has here; {runs}, of several orders' descent one run."
    return Table(f"{task}_times", f"{task}: seconds", words, pd.DataFrame(rows))
