"""Default edits at full size, one picture each, to be looked at one by one; with what judges say of them."""
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import DictConfig
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import TASKS
from realistic_editing.common.workers import by_one_thread_each
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region, read_region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.signs import signs_of
from realistic_editing.enhance.verdict import VERDICTS, judge
from realistic_editing.evaluation.measures.sweep import rows_of_each
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites.suite import SuiteInputs, TablesAndFigures, load_enhancers, load_held_out, suite_report

_GAP, _SMALLER = 12, 3  # white pixels between photo and edit; by how much the picture of the region is smaller


class DefaultEditsSuite:
    """What users get, of photos that had no part in anything; see `Suite`."""

    networks = ("saliency", "critic", *TASKS)

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        enhancers, others = load_enhancers(settings), load_held_out(settings)
        unseen = [region for region in inputs.unseen_regions(False) if region.split == "test"]
        regions = one_of_each_photo(unseen, settings.limit or settings.max_regions.default_edits, settings.seed)
        if not regions:
            raise InputError("no region of split test; see that paths.data holds what regions.sources names")
        device = next(iter(enhancers.values())).device
        found = by_one_thread_each(lambda: measure_default_edits(enhancers, others, regions, settings), device)
        weights = {settings[task]: enhancer.network for task, enhancer in enhancers.items()}
        return suite_report("default_edits", settings, weights, found)


def one_of_each_photo(regions: Sequence[Region], count: int, seed: int) -> list[Region]:
    """One region of each photo, as many of each data set as the others have room for, drawn by the seed alone.

    Args:
        regions: to draw from.
        count: regions in all, or fewer where there are fewer photos.
        seed: of the draw.
    """
    drawn = np.random.default_rng(seed)
    by_set: dict[str, dict[str, Region]] = {}
    for index in drawn.permutation(len(regions)):
        region = regions[int(index)]
        by_set.setdefault(region.source, {}).setdefault(region.photo_id, region)
    chosen: list[Region] = []
    queues = [list(by_set[source].values()) for source in sorted(by_set)]
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop())
    return sorted(chosen, key=lambda region: (region.source, region.photo_id))


def measure_default_edits(
    enhancers: Mapping[str, Enhancer], others: Mapping[str, nn.Module], regions: Sequence[Region], settings: DictConfig
) -> TablesAndFigures:
    """Edit every region both ways, and write photo and edit side by side into `settings.output`.

    Args:
        enhancers: of each task.
        others: held-out saliency networks, by name.
        regions: unseen ones.
        settings: as configs/evaluate/evaluate.yaml.

    Returns:
        The tables, and the pictures' file names with their captions.

    Raises:
        InputError: when a photo cannot be read, or the folder cannot be written.
    """
    tables, pictures = [], {}
    for task in TASKS:
        rows = rows_of_each(
            regions, task, "region", lambda region, task=task: [_edited(region, task, enhancers[task], others, settings)]
        )
        found = pd.DataFrame(rows)
        tables += _tables(task, found, list(others), settings)
        pictures |= {row["picture"]: _caption(row) for row in rows}
    return tables, pictures


def _edited(
    region: Region, task: str, enhancer: Enhancer, others: Mapping[str, nn.Module], settings: DictConfig
) -> dict[str, Any]:
    """One default edit: its picture is written, and the row says what judges see in it."""
    photo, mask = read_region(region)
    mask = soften_hard(photo, mask)  # as `edit` does
    view = enhancer.view(photo, mask)
    edit = view.propose()
    verdict = judge(signs_of(view, edit.recipe, edit.realism_change))
    after = edit.apply(photo, mask, foreground=True)
    name = f"{task}_{region.source}_{region.photo_id}_{region.region_id}.jpg"
    sheets.save_sheet(_side_by_side(photo, mask, after), Path(settings.output) / name)
    row = {"picture": name, "photo": f"{region.source}/{region.photo_id}", "R": view.realism, "dR": edit.realism_change}
    row |= {"saliency": edit.saliency_change, "strength": edit.strength, "human": view.human}
    for judge_name, network in others.items():
        seen = view.judged_by(Judges(view.judges.critic, network)).measure(edit)
        row[f"saliency, {judge_name}"] = seen.saliency_change
    return row | {"verdict": verdict.name, "reasons": "; ".join(verdict.reasons)}


def _side_by_side(photo: np.ndarray, mask: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The photo and its edit, both as they are, and beside them a small one with the region's outline."""
    height, width = photo.shape[:2]
    small = (height // _SMALLER, width // _SMALLER)
    which = sheets.outlined(resize(photo, small), resize(mask, small))
    below = np.full((height - len(which), which.shape[1], 3), 255, np.uint8)
    gap = np.full((height, _GAP, 3), 255, np.uint8)
    return np.concatenate([photo, gap, after, gap, np.concatenate([which, below])], axis=1)


def _tables(task: str, found: pd.DataFrame, others: Sequence[str], settings: DictConfig) -> list[Table]:
    sign = 1 if task == "amplify" else -1

    def mean(values: pd.Series, limits: tuple[float, float] | None = None) -> bootstrap.Estimate:
        return bootstrap.mean(values, found.photo, settings.resamples, settings.seed, limits)

    row: dict[str, object] = {"edits": len(found), "dR": mean(found.dR, bootstrap.SIGNED), "dR >= -0.1": mean(found.dR >= -0.1)}
    for column in ("saliency", *(f"saliency, {name}" for name in others)):
        row |= {f"{column}, as asked": mean(sign * found[column] > 0), column: mean(found[column], bootstrap.RELATIVE)}
    row |= {name: int((found.verdict == name).sum()) for name in VERDICTS}
    title = f"{task}: default edits of {len(found)} photos of split test"
    note = "Relative change of the region's saliency; 95 % bootstrap intervals over photos; then how many have each verdict."
    return [Table(task, title, note, pd.DataFrame([row])), Table(f"{task}_each", f"{title}, each", "", found)]


def _caption(row: Mapping[str, Any]) -> str:
    name, reasons = row["picture"].removesuffix(".jpg"), f" ({row['reasons']})" if row["reasons"] else ""
    changes = f"dR {delta_r(row['dR'])}, saliency {percent(row['saliency'])}"
    return f"{name}: the photo, its default edit, and which region. {changes}; {row['verdict']}{reasons}."
