"""The tables of a comparison of methods: means with intervals over photos, paired tests, and the paper's ratings."""
import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from realistic_editing.baselines import FAMILIES
from realistic_editing.evaluation.comparison.method_measurer import DISTINCTNESS
from realistic_editing.evaluation.comparison.methods import OURS, PRODUCT, REPRODUCED
from realistic_editing.evaluation.comparison.published import ABLATION, PHOTOS, RUNTIME, TABLES, printed, rated
from realistic_editing.evaluation.measures.photo_changes import MOVED, SALIENCY_CHANGES
from realistic_editing.evaluation.reports.judges import agreement_of_judges
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.statistics.significance import holm, signed_rank

PHOTO = {  # column of the rows -> heading, and where the mean lies
    "realism": ("dR", bootstrap.SIGNED),
    "delta_e_inside": ("ΔE inside", bootstrap.MAGNITUDE),
    "delta_e_outside": ("ΔE outside", bootstrap.MAGNITUDE),
    "ssim_outside": ("SSIM outside", bootstrap.SIGNED),
    "seam": ("seam", bootstrap.MAGNITUDE),
}
SIGN = {"amplify": 1, "attenuate": -1}
NOTE = (
    "n: regions. Means with 95 % bootstrap intervals over photos. Direction accuracy: the share of regions whose mean "
    "saliency moved as the task asks, by most of the saliency models. Saliency: -S of eq. 3 by the networks, the relative "
    "change of the region's mean by patch distinctness, whose maps may be 0; positive = more salient. dR: change in realism. "
    "ΔE: mean CIEDE2000, by the mask M inside and by 1 - M outside; SSIM: of windows wholly outside; seam: how much steeper "
    "colours become along the border. "
    "Published results came as JPEGs, so what differs outside includes the noise of compression; beside those of Mechrez, "
    "results made here are coded the same way first (JPEG of quality 70, 4:2:0). Intervals are widened by Student's t; of "
    "fewer than 20 photos they still hold skewed numbers less often than they say. Of methods that were run "
    "here, on one thread: seconds, the median."
)


@dataclasses.dataclass(frozen=True)
class Layout:
    """How tables are made.

    Args:
        models: the saliency models; the first taught the enhancers.
        compare_to: the method that others are compared with.
        ratings: of which photos, a key of published.TABLES, to show beside; or None.
        resamples, seed: of the bootstrap.
        size: of our network's file, in MB; None: not to be printed.
    """

    models: Sequence[str]
    compare_to: str
    ratings: str | None = None
    resamples: int = 1000
    seed: int = 0
    size: float | None = None


def comparison_tables(rows: pd.DataFrame, layout: Layout) -> list[Table]:
    """For each part and task: the main table, saliency in detail, paired tests; then what the edits are, and ratings.

    Args:
        rows: of `compare`.
        layout: see there.
    """
    tables = []
    for (part, task), group in rows.groupby(["part", "task"], sort=False):
        title = f"{part.replace('_', ' ')}: {task}" if part != task else task
        by_method = dict(list(group.groupby("method", sort=False)))
        main = pd.DataFrame([{"method": name} | _cells(one, SIGN[task], layout) for name, one in by_method.items()])
        tables.append(Table(part, title, NOTE, main))
        tables.append(_saliency(part, title, by_method, SIGN[task], layout))
        if layout.compare_to in by_method and len(by_method) > 1:
            tables.append(_paired(part, title, by_method, SIGN[task], layout))
        if len(layout.models) > 1:
            judges, heading = {model: f"gain_of_mean: {model}" for model in layout.models}, f"{title}: whether judges agree"
            agreement = agreement_of_judges(f"{part}_judges", heading, by_method, judges, layout.resamples, layout.seed)
            tables += [agreement] if agreement else []
    wanted = [(TABLES[layout.ratings], task) for task in SIGN] if layout.ratings else []
    if "adversarial" in set(rows.method):
        wanted.append((ABLATION, "attenuate"))
    for table, task in wanted:
        group = rows[(rows.task == task) & rows.method.map(_rated_as).isin(rated(table, task))]
        if len(group):
            tables.append(_ratings(table, task, group, layout))
    if rows.seconds.notna().any():
        tables.append(_runtime(rows, layout.size))
    return tables


def moved_as_asked(rows: pd.DataFrame, sign: int, models: Sequence[str]) -> np.ndarray:
    """Whether most models say that a region's mean saliency moved by `sign`, 1 or -1: (N,) bool."""
    votes = sum((sign * rows[f"gain_of_mean: {model}"] > MOVED).to_numpy(int) for model in models)
    return votes > len(models) / 2


def _mean(
    values: pd.Series | np.ndarray, rows: pd.DataFrame, layout: Layout, limits: tuple[float, float] | None = None
) -> bootstrap.Estimate:
    """Over the photos for which there is a number."""
    values = np.asarray(values)
    known = ~np.isnan(values)
    if not known.any():
        return bootstrap.Estimate(math.nan, math.nan, math.nan)
    return bootstrap.mean(values[known], rows.photo[known], layout.resamples, layout.seed, limits)


def _cells(rows: pd.DataFrame, sign: int, layout: Layout) -> dict[str, object]:
    cells = {"n": len(rows), "direction accuracy": _mean(moved_as_asked(rows, sign, layout.models), rows, layout)}
    for model in layout.models:
        name = "gain_of_mean" if model == DISTINCTNESS else "mean_relative_gain"
        cells[f"saliency, {model}"] = _mean(rows[f"{name}: {model}"], rows, layout, bootstrap.RELATIVE)
    cells |= {heading: _mean(rows[name], rows, layout, limits) for name, (heading, limits) in PHOTO.items()}
    return cells | {"seconds": float(rows.seconds.median())}


def _saliency(part: str, title: str, by_method: dict[str, pd.DataFrame], sign: int, layout: Layout) -> Table:
    """Every measure of saliency by every model."""
    made = []
    for method, rows in by_method.items():
        for model in layout.models:
            changes = {name: rows[f"{name}: {model}"] for name in SALIENCY_CHANGES}
            unknown = np.full(len(rows), math.nan)
            cells = {
                "direction accuracy": _mean(sign * changes["gain_of_mean"] > MOVED, rows, layout),
                "direction accuracy, contrast": _mean(sign * changes["contrast"] > 0, rows, layout),
                "-S": _mean(
                    unknown if model == DISTINCTNESS else changes[SALIENCY_CHANGES[0]], rows, layout, bootstrap.RELATIVE
                ),
                "relative": _mean(changes["gain_of_mean"], rows, layout, bootstrap.RELATIVE),
                "median relative": float(changes["gain_of_mean"].median()),
                "difference": _mean(changes["difference"], rows, layout),
                "median difference": float(changes["difference"].median()),
                "contrast": _mean(changes["contrast"], rows, layout),
            }
            made.append({"method": method, "model": model} | cells)
    note = (
        "Relative: the change of the region's mean saliency over that mean, which a few regions that are nearly 0 may carry "
        "away: the median is given too; difference: the plain change; contrast: the change of the mean inside "
        "less that outside."
    )
    return Table(f"{part}_saliency", f"{title}: saliency by each model", note, pd.DataFrame(made))


def _paired(part: str, title: str, by_method: dict[str, pd.DataFrame], sign: int, layout: Layout) -> Table:
    """Each method less the reference, region by region, and then by photo."""
    measures = {f"gain_of_mean: {model}": (f"effect, {model}", sign) for model in layout.models}
    measures |= {"realism": ("dR", 1), "seam": ("seam", 1)}
    made = []
    reference = by_method[layout.compare_to].set_index("name")
    for method, rows in by_method.items():
        if method == layout.compare_to:
            continue
        cells: dict[str, object] = {"method": method}
        own = rows.set_index("name")
        for name, (heading, factor) in measures.items():
            # Met by region, for one of the two may have no result of some; a photo's regions are not independent, so that
            # their mean is one pair.
            gaps = factor * (own[name] - reference[name]).dropna()
            gaps = gaps.groupby(own.photo).mean()
            cells["pairs"] = len(gaps)
            whole = pd.DataFrame({"photo": gaps.index})
            cells[heading] = _mean(gaps.to_numpy(), whole, layout)
            cells[f"p, {heading}"] = signed_rank(gaps.to_numpy())
        made.append(cells)
    _correct(made)
    note = (
        f"Means over photos of the method less {layout.compare_to}, by the regions that both have, with 95 % intervals. "
        "Effect: the relative change of the region's mean saliency in the direction that the task asks. Above 0, effect and dR "
        "are better than the reference's, and a seam is worse. p: Wilcoxon's signed-rank test, two-sided, after Holm's "
        "correction for all the tests of this table."
    )
    return Table(f"{part}_paired", f"{title}: each method beside {layout.compare_to}", note, pd.DataFrame(made))


def _correct(rows: list[dict[str, object]]) -> None:
    """Replace the p values of a table by corrected ones."""
    cells = [(row, name) for row in rows for name in row if name.startswith("p, ")]
    corrected = holm(np.array([row[name] for row, name in cells], float))
    for (row, name), p in zip(cells, corrected, strict=True):
        row[name] = float(p)


def _rated_as(method: str) -> str:
    """The name in the paper's tables, see `published.METHOD_OF_NAME`, of a method or of its reproduction."""
    name = method.removesuffix(REPRODUCED)
    return next((family for family, operators in FAMILIES.items() if name in operators), name)


def _ratings(table: str, task: str, rows: pd.DataFrame, layout: Layout) -> Table:
    """The paper's ratings in one of its tables beside what was measured."""
    published, made = rated(table, task), []
    for method, group in rows.groupby("method", sort=False):
        rating = published[_rated_as(method)]
        reproduced = " (here reproduced)" if method.endswith(REPRODUCED) else ""
        cells = {"method": method, "rated": f"{rating.method}{reproduced}"} | {
            name: f"{value:.2f} ({spread:.2f})"
            for name, (value, spread) in (("effectiveness", rating.effectiveness), ("realism", rating.realism))
        }
        made.append(cells | _cells(group, SIGN[task], layout))
    doubts = "; ".join(f"{name}: {row.note}" for name, row in published.items() if row.note)
    note = (
        f"Effectiveness and realism: the paper's ratings by 8 photographers, 1 to 10, mean and standard deviation, of "
        f"{PHOTOS[table]} ({printed(table)}), of the method under `rated`; ours there is the authors' network, here this "
        "package's, and what is reproduced here is not the program whose results were rated: Deepsal is beside each of its "
        "operators. The other columns are measured here, on all photos of the task, which are not the rated ones alone."
    )
    note += f" {doubts}." if doubts else ""
    name, words = (f"ratings_{task}", task) if table != ABLATION else ("ratings_adversarial", "adversarial training")
    return Table(name, f"The paper's ratings beside the measures: {words}", note, pd.DataFrame(made))


def _runtime(rows: pd.DataFrame, size: float | None) -> Table:
    """Section 5's times and sizes beside those measured here."""
    made = []
    for method, group in rows[rows.seconds.notna()].groupby("method", sort=False):
        known = RUNTIME.get(method.removesuffix(REPRODUCED), {})
        cells = {"method": method, "seconds": float(group.seconds.median()), "slowest": float(group.seconds.max())}
        cells["MiB"] = float(group.memory.max())
        cells["size"] = f"{size:.1f} MB" if size is not None and method in (*OURS, PRODUCT) else ""
        made.append(cells | {"in the paper": known.get("time", ""), "size there": known.get("size", "")})
    note = (
        "Seconds for a photo at its own size, one thread of this machine's processor, median and slowest; ours with the "
        "network, the choice of the order and the edit. MiB: the most by which memory rises while the first photo is edited, "
        "in a process that has done so before (Linux only). In the paper: what its section 5 says of the authors' programs on "
        "their machines. Size: of the network's weights as stored, ours in half precision."
    )
    return Table("runtime", "Time and memory (section 5)", note, pd.DataFrame(made))
