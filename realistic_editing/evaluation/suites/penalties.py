"""What each of the objective's own penalties is worth: default edits with it, and without it."""
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from omegaconf import DictConfig
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import TASKS
from realistic_editing.common.workers import by_one_thread_each
from realistic_editing.data.columnar import select
from realistic_editing.data.regions import Region
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.loss import PENALTIES, Objective
from realistic_editing.enhance.signs import signs_of
from realistic_editing.enhance.verdict import LOOKS_EDITED, judge
from realistic_editing.enhance.view import PhotoView
from realistic_editing.evaluation.measures.edits import case_of, region_name
from realistic_editing.evaluation.measures.samples import count_photos, spread
from realistic_editing.evaluation.measures.sweep import edit, grey, measure_regions, opened, picture
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites.suite import SuiteInputs, TablesAndFigures, load_enhancers, load_held_out, suite_report

_SKIN = "skin"
_SHOWN = 3  # regions of each penalty that are pictured: those that go farthest without it


class PenaltiesSuite:
    """Each penalty taken out of refinement's objective, on validation regions; see `Suite`."""

    networks = ("saliency", "critic", *TASKS)

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        enhancers, others = load_enhancers(settings), load_held_out(settings)
        regions = select(inputs.unseen_regions(True), "split", lambda split: split == "val")
        device = next(iter(enhancers.values())).device
        found = by_one_thread_each(lambda: measure_penalties(enhancers, others, regions, settings), device)
        weights = {settings[task]: enhancer.network for task, enhancer in enhancers.items()}
        return suite_report("penalties", settings, weights, found)


def measure_penalties(
    enhancers: Mapping[str, Enhancer], others: Mapping[str, nn.Module], regions: Sequence[Region], settings: DictConfig
) -> TablesAndFigures:
    """Make default edits by each enhancer's objective, and by what it is without each penalty.

    Args:
        enhancers: of each task.
        others: held-out saliency networks, by name.
        regions: validation ones, as these figures decide what the objective holds; those without a task serve both.
        settings: as configs/evaluate/evaluate.yaml.

    Returns:
        The tables, and the pictures' file names with their captions.

    Raises:
        InputError: when weights name no objective, there is no region, or one cannot be read, or the folder cannot be written.
    """
    tables, pictures, size = [], {}, settings.edit_size.critic
    for task, enhancer in enhancers.items():
        chosen = spread([region for region in regions if region.task in ("", task)], settings.max_regions.penalties)
        if enhancer.objective is None:
            raise InputError(f"{task} is {settings[task]}, which names no objective; use weights that training wrote")
        if not chosen:
            continue

        def rows_of(region: Region, image: torch.Tensor, mask: torch.Tensor, enhancer: Enhancer = enhancer) -> list[dict]:
            return _rows(region, case_of(region, image, mask, enhancer, settings.seed).view, others)

        found = pd.DataFrame(measure_regions(chosen, size, task, rows_of))
        tables.append(_table(task, f"{task}, {len(chosen)} regions of {count_photos(chosen)} photos", found, others, settings))
        if shown := _pictured(found, chosen, size):
            name = f"penalties_{task}.png"
            sheets.save_sheet(sheets.sheet(shown), Path(settings.output) / name)
            words = "photo, default edit, and the edit without one penalty, of those that then go farthest"
            pictures[name] = f"{task.capitalize()}: {words}."
    if not tables:
        raise InputError("no region of split val; see that paths.data holds what regions.sources names")
    return tables, pictures


def without(objective: Objective, penalty: str) -> Objective:
    """An objective without one of its penalties; with "", as it is."""
    return dataclasses.replace(objective, **{f"{penalty}_weight": 0.0}) if penalty else objective


def _rows(region: Region, view: PhotoView, others: Mapping[str, nn.Module]) -> list[dict[str, Any]]:
    """The region's default edit, and its edits without each penalty: what judges say, and how far each goes."""
    objective, human = view.objective, torch.tensor([view.human], device=view.device)
    used = [name for name in (*PENALTIES, _SKIN) if getattr(objective, f"{name}_weight")]
    rows = []
    for penalty in ("", *used):
        changed = view.by(view.network, without(objective, penalty))
        found = changed.propose()
        judged = view.region.edited(found.recipe.to(view.device))
        beyond = {name: float(value) for name, value in view.region.beyond_margins(judged, human, objective).items()}
        beyond[_SKIN] = float(view.skin.excess(found.recipe.to(view.device))) if view.skin is not None else 0.0
        row = {"region": region_name(region), "photo": region.photo_id, "penalty": penalty, "recipe": found.recipe}
        rows.append(row | _judged(view, found, others) | {f"beyond {name}": value for name, value in beyond.items()})
    return rows


def _judged(view: PhotoView, found: Edit, others: Mapping[str, nn.Module]) -> dict[str, Any]:
    row = {"dR": found.realism_change, "saliency": found.saliency_change}
    row["looks edited"] = judge(signs_of(view, found.recipe, found.realism_change)).name == LOOKS_EDITED
    for name, network in others.items():
        row[f"saliency, {name}"] = view.judged_by(Judges(view.judges.critic, network)).measure(found).saliency_change
    return row


def _table(task: str, title: str, found: pd.DataFrame, others: Mapping[str, nn.Module], settings: DictConfig) -> Table:
    def mean(edits: pd.DataFrame, column: str, limits: tuple[float, float]) -> bootstrap.Estimate:
        return bootstrap.mean(edits[column], edits.photo, settings.resamples, settings.seed, limits)

    by_penalty = dict(list(found.groupby("penalty", sort=False)))
    whole, rows = by_penalty[""], []
    for penalty, part in by_penalty.items():
        row: dict[str, Any] = {"without": penalty or "none"}
        for name, edits in (("beyond its margin with it", whole), ("without it", part)):
            row[name] = mean(edits, f"beyond {penalty}", bootstrap.MAGNITUDE) if penalty else ""
        for column in ("saliency", *(f"saliency, {name}" for name in others), "dR"):
            row[column] = mean(part, column, bootstrap.SIGNED if column == "dR" else bootstrap.RELATIVE)
        rows.append(row | {"looks edited": int(part["looks edited"].sum())})
    note = (
        "Default edits, refined by the objective without one penalty. How far an edit goes beyond the penalty's margin is in "
        "the margin's own units (see Objective), a mean over all regions. 95 % bootstrap intervals over photos."
    )
    return Table(task, title, note, pd.DataFrame(rows))


def _pictured(found: pd.DataFrame, regions: Sequence[Region], size: int) -> list[list[tuple[str, np.ndarray]]]:
    """Of each penalty, the regions whose edits go farthest beyond its margin without it, where they go any farther."""
    places, rows = {region_name(region): region for region in regions}, []
    whole = found[found.penalty == ""].set_index("region")
    for penalty in filter(None, found.penalty.unique()):
        part, column = found[found.penalty == penalty].set_index("region"), f"beyond {penalty}"
        farther = (part[column] - whole[column]).sort_values(ascending=False)
        for name in farther[farther > 0].index[:_SHOWN]:
            image, mask = opened(places[name], size)
            row = [(f"{name}, outlined", sheets.outlined(picture(image), grey(mask)))]
            for words, one in (("by default", whole.loc[name]), (f"without {penalty}", part.loc[name])):
                text = f"{words}: {one[column]:.2f} beyond, dR {delta_r(one.dR)}, saliency {percent(one.saliency)}"
                row.append((text, picture(edit(image, mask, one.recipe))))
            rows.append(row)
    return rows
