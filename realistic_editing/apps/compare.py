"""Compare methods on a data set: what scripts/evaluate.py does for dataset=..."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from realistic_editing.apps.regions import build_regions, load_regions
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.ade20k import read_ade20k
from realistic_editing.data.coco import category_names
from realistic_editing.evaluation.comparison.method_measurer import JUDGES, MeasurementPlan, picture_file
from realistic_editing.evaluation.comparison.methods import ALIASES, OURS, PRODUCT, choose
from realistic_editing.evaluation.comparison.photo_sets import (
    INPUT,
    PhotoSet,
    TestPhoto,
    folder_set,
    mechrez_set,
    quick_look,
    region_set,
)
from realistic_editing.evaluation.comparison.published import TABLES
from realistic_editing.evaluation.comparison.rivals import rival_name
from realistic_editing.evaluation.comparison.run import Comparison, compare
from realistic_editing.evaluation.comparison.store import PICTURES
from realistic_editing.evaluation.comparison.tables import Layout, comparison_tables
from realistic_editing.evaluation.reports import figures
from realistic_editing.evaluation.reports.page import Item
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.spread import spread_figure, spread_method, spread_tables
from realistic_editing.evaluation.suites.suite import SuiteInputs
from realistic_editing.weights import file_size

_SPREAD = "spread.png"
_SHOWN = ("delta_e_inside", "delta_e_outside", "ssim_outside", "seam")  # of the measures, under each picture of the page


class ComparisonSuite:
    """Methods beside each other on a data set; see `Suite`."""

    networks = ("saliency", "critic", *TASKS)

    def run(self, inputs: SuiteInputs) -> Report:
        return compare_methods(inputs.settings)


def compare_methods(config: DictConfig) -> Report:
    """Edit the photos of `config.dataset` by each method, and measure; rows and settings are kept in `config.output`.

    Args:
        config: as configs/evaluate/evaluate.yaml.

    Returns:
        The report, not yet written.

    Raises:
        InputError: when data, weights or a setting cannot be used.
    """
    asked = list(config.method) if isinstance(config.method, ListConfig) else config.method
    if config.task is not None and config.task not in TASKS:
        raise InputError(f"task is {config.task!r}; use {' or '.join(TASKS)}")
    ratings = config.paper_ratings or (config.dataset if config.dataset in TABLES else None)
    if ratings is not None and ratings not in TABLES:
        raise InputError(f"paper_ratings is {ratings!r}; use {', '.join(TABLES)}")
    found = _photos(config)
    there = [photo for photo in found.photos if config.task in (None, photo.region.task)]
    chosen = quick_look(there, config.limit)
    if not chosen:
        raise InputError(f"dataset={config.dataset} has no photo for task={config.task}; leave out task, or add photos")
    methods = choose(asked, found.photos, [rival_name(weights) for weights in config.rivals])
    compare_to = _reference(config.compare_to, methods)
    plan = MeasurementPlan(
        **{name: config[name] for name in (*JUDGES, *TASKS, "seed", "edits", "device")},
        size=config.edit_size.critic,
        pictures=str(Path(config.output) / PICTURES),
        rivals=tuple(weights for weights in config.rivals if rival_name(weights) in methods),
    )
    comparison = compare(chosen, methods, plan, config.output, config.workers)
    problems = [*found.problems, *comparison.problems]
    for problem in problems:
        print(f"left out: {problem}")
    if not len(comparison.rows):
        raise InputError(f"dataset={config.dataset}: nothing could be measured; {'; '.join(problems[:3])}")
    size = max(file_size(config[task]) for task in TASKS) / 1e6
    layout = Layout(comparison.models, compare_to, ratings, config.resamples, config.seed, size)
    tables, pictures = comparison_tables(comparison.rows, layout), {}
    shown = spread_method(comparison.rows, (compare_to, *OURS))
    if shown is not None:
        tables += spread_tables(comparison.rows, shown)
        figures.save_figure(spread_figure(comparison.rows, shown), Path(config.output) / _SPREAD)
        pictures = {_SPREAD: f"The parameters of the edits of {shown}: median, middle half and middle 90 % of the regions."}
    facts, (photos, items) = _facts(config, comparison, problems), _sheet(comparison, plan.pictures)
    if len(chosen) < len(there):
        facts["regions"] += f"; limit={config.limit} picked from {_counted(there)}"
    return Report(f"Comparison: {config.dataset}", facts, tables, pictures, photos, items)


def _sheet(comparison: Comparison, folder: str) -> tuple[dict[str, Path], list[Item]]:
    """Every photo, and every result with its measures, for the page."""
    photos, items = {}, []
    for row in comparison.rows.to_dict("records"):
        before, after = (picture_file(folder, row["name"], method) for method in (INPUT, row["method"]))
        if row["method"] == INPUT or not (before.is_file() and after.is_file()):  # deleted since it was measured
            continue
        photos[row["name"]] = before
        measures = {f"saliency, {model}": row[f"gain_of_mean: {model}"] for model in comparison.models}
        measures |= {"dR": row["realism"]} | {name: row[name] for name in _SHOWN}
        items.append(Item(row["name"], row["part"], row["method"], after, measures))
    return photos, items


def _reference(asked: str | None, methods: list[str]) -> str:
    """The method that others are compared with: where none is named, ours."""
    if asked is None:
        return next((name for name in (PRODUCT, *OURS) if name in methods), methods[0])
    found = ALIASES.get(asked, asked)
    if found not in methods:
        raise InputError(f"compare_to is {asked!r}, which is not compared; use one of {', '.join(methods)}")
    return found


def _photos(config: DictConfig) -> PhotoSet:
    if config.dataset == "mechrez":
        return mechrez_set(config.paths.data)
    if config.dataset == "folder":
        return folder_set(config.path, config.task, with_input=False)
    root = config.paths.data
    if config.dataset == "ade20k":
        regions = build_regions(read_ade20k(root), "ade20k", config, photos=config.limit)
        return region_set(regions, config.task, lambda region: region.region_id)  # which is the class's name
    if not (Path(root) / "coco").is_dir():
        raise InputError(f"{root}: holds no coco/; set paths.data or REALISTIC_EDITING_DATA to the folder that does")
    names = category_names(root)
    coco = OmegaConf.merge(config, {"regions": {"sources": ["coco"], "folders": []}})
    # Split val chose checkpoints; split test had no part in anything.
    regions = load_regions(coco, ("test",), config.limit)
    return region_set(regions, config.task, lambda region: names.get(region.category, ""))


def _counted(photos: Sequence[TestPhoto]) -> str:
    """How many regions of how many photos, as the facts say it of what was measured."""
    return f"{len(photos)} of {len({(photo.region.source, photo.region.photo_id) for photo in photos})} photos"


def _facts(config: DictConfig, comparison: Comparison, problems: list[str]) -> dict[str, Any]:
    size = config.edit_size.critic
    facts = {
        "regions": f"{comparison.rows.name.nunique()} of {comparison.rows.photo.nunique()} photos",
        "measured at": f"{size} x {size} pixels, photo, mask and result resized alike; patch distinctness in the photo's shape",
        "soft masks": "means inside are weighted by the mask M, outside by 1 - M; borders lie where M crosses 0.5",
        "ours": "what users get, `Enhancer.propose` with its defaults; ours_random, ours_realism and ours_saliency are the "
        "network's single pass, `propose(order=..., refine=0, guard=None)`",
        "settings": comparison.settings,
        "rows": f"{len(comparison.rows)}, of which {comparison.measured} measured now",
    }
    return facts | ({"left out": "; ".join(problems)} if problems else {})
