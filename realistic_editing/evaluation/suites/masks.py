"""The evaluation of rough masks: how much more of a seam they leave than clean ones, and how much of it mending takes away."""
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from omegaconf import DictConfig

from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.masks import DAMAGES
from realistic_editing.data.regions import Region
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.evaluation.measures.samples import count_photos, spread
from realistic_editing.evaluation.measures.seams import AS_EDITED, CLEAN, MENDERS, measure_seams, name_of
from realistic_editing.evaluation.reports import enhancer_sheets, figures, sheets
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites.suite import (
    SuiteInputs,
    TablesAndFigures,
    held_out_regions,
    load_enhancers,
    suite_report,
)

_SHOWN = 2  # regions of each damage in the sheet
_MEASURES = {"seam": "seam", "stray": "stray seam", "overlap": "IoU", "realism": "dR"}
_LIMITS = {"seam": bootstrap.MAGNITUDE, "stray": bootstrap.MAGNITUDE, "overlap": bootstrap.SHARE, "realism": bootstrap.SIGNED}
_COLOURS = {None: figures.GREY, "mended": figures.BLUE, "softened": figures.ORANGE, AS_EDITED: figures.GREEN}


class MaskSuite:
    """The enhancers by clean, damaged and mended masks; see `Suite`."""

    networks = ("saliency", "critic", *TASKS)

    def run(self, inputs: SuiteInputs) -> Report:
        settings, enhancers = inputs.settings, load_enhancers(inputs.settings)
        found = measure_masks(enhancers, held_out_regions(inputs), settings)
        return suite_report("masks", settings, {settings[task]: enhancers[task].network for task in TASKS}, found)


def measure_masks(
    enhancers: Mapping[str, Enhancer], regions: Sequence[Region], settings: DictConfig
) -> TablesAndFigures:
    """Measure edits by clean, damaged and mended masks, and draw them into `settings.output`.

    Args:
        enhancers: of each task.
        regions: unseen ones; those without a task serve both.
        settings: as configs/evaluate/evaluate.yaml.

    Returns:
        The tables, and the figures' file names with their captions.

    Raises:
        InputError: when there is no such task, or the folder cannot be written.
    """
    if settings.task not in (None, *TASKS):
        raise InputError(f"task is {settings.task!r}; use {' or '.join(TASKS)}, or leave it out for both")
    tables, named, folder, size = [], {}, Path(settings.output), settings.edit_size.critic
    for task in TASKS if settings.task is None else (settings.task,):
        chosen = spread([region for region in regions if region.task in ("", task)], settings.max_regions.masks)
        if not chosen:
            continue
        enhancer, networks = enhancers[task], {"ours": enhancers[task].network}
        found = measure_seams(networks, enhancer, chosen, size, settings.seed, tuple(MENDERS))
        where = f"{task}, {len(chosen)} unseen regions of {count_photos(chosen)} photos"
        tables += mask_tables(task, where, found, settings.resamples, settings.seed)
        figures.save_figure(_chart(tables[-2].frame.set_index("mask")), folder / f"seams_{task}.png")
        picked = enhancer_sheets.drawn(chosen, _SHOWN, settings.seed)
        rows = [row for kind in DAMAGES
                for row in enhancer_sheets.damage_rows(networks, enhancer, picked, size, kind, settings.seed, (AS_EDITED,))]
        sheets.save_sheet(sheets.sheet(rows), folder / f"mended_{task}.png")
        named |= {
            f"seams_{task}.png": f"{task.capitalize()}: the mean seam along each mask's border, with its interval of three "
            "photos or more.",
            f"mended_{task}.png": f"{task.capitalize()}: the clean mask, the damaged one and what an edit makes of it, and "
            f"edits by each of them; {len(picked)} of the regions, picked by the seed, {', '.join(DAMAGES)}.",
        }  # fmt: skip
    return tables, named


def mask_tables(task: str, where: str, found: pd.DataFrame, resamples: int, seed: int) -> list[Table]:
    """What was measured, and what mending changes.

    Args:
        task: names the tables.
        where: says what was measured.
        found: from `measure_seams`, of one network.
        resamples, seed: of the bootstrap over photos.

    Returns:
        Two tables: the mean of each mask, and mended (or softened) less as it was, region by region.
    """
    def row(part: pd.DataFrame, photo: pd.Series, limits: Mapping[str, tuple[float, float]]) -> dict[str, object]:
        return {title: bootstrap.mean(part[key], photo, resamples, seed, limits.get(key)) for key, title in _MEASURES.items()}

    by_mask = {name: part.set_index("index") for name, part in found.groupby("mask", sort=False)}
    means = [{"mask": name, "n": len(part)} | row(part, part.photo, _LIMITS) for name, part in by_mask.items()]
    changes = []
    for kind in (CLEAN, *DAMAGES):
        for mender in MENDERS:
            before, after = by_mask[kind], by_mask[name_of(kind, mender)]
            change = after[list(_MEASURES)] - before[list(_MEASURES)]
            less = bootstrap.mean(change.seam < 0, before.photo, resamples, seed)
            shares = {"changed": bootstrap.mean(after.changed, before.photo, resamples, seed), "lower seam": less}
            moved = row(change, before.photo, {"overlap": bootstrap.SIGNED})
            changes.append({"mask": name_of(kind, mender), "n": len(change)} | moved | shares)
    words = (
        "Seam: how much steeper lightness and colour (CIELAB units a pixel) become along the border of the mask that was used; "
        "stray: the same without what lies on the clean mask's border, where a step is the thing's own; IoU with the clean "
        "mask. Mended: as --refine-mask; softened: a matte about the rough border, which does not look for the thing; as "
        "edited: what realistic-editing edit does of itself, which mends loose masks, softens hard ones and edits soft "
        "borders without a rim. 95 % bootstrap intervals over photos."
    )
    note = (
        "Each region's value less that by the mask as it was; changed: the share of regions whose mask is another then; "
        "lower seam: the share whose seam is less."
    )
    return [Table(f"{task}_masks", f"{where}: rough masks", words, pd.DataFrame(means)),
            Table(f"{task}_mending", f"{where}: what mending changes", note, pd.DataFrame(changes))]  # fmt: skip


def _chart(means: pd.DataFrame) -> Figure:
    """Mean seams with intervals, a group for each damage."""
    figure, kinds = Figure(figsize=(9, 3.2), layout="constrained"), (CLEAN, *DAMAGES)
    for axes, name in zip(figure.subplots(1, 2), ("seam", "stray seam"), strict=True):
        for offset, (mender, colour) in enumerate(_COLOURS.items()):
            found = [means[name][name_of(kind, mender)] for kind in kinds]
            places = [index + 0.2 * (offset - 1.5) for index in range(len(kinds))]
            heights = [one.value for one in found]
            ends = [[one.value - one.low for one in found], [one.high - one.value for one in found]]
            axes.bar(places, heights, 0.18, color=colour, label=mender or "as it is")
            axes.errorbar(places, heights, yerr=ends, fmt="none", ecolor="black", elinewidth=1, capsize=2)
        axes.set_xticks(range(len(kinds)), kinds)
        axes.set(ylabel=f"{name}, CIELAB a pixel", ylim=(0, None))
    axes.legend(frameon=False, fontsize=9)
    return figure
