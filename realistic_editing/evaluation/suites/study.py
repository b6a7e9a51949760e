"""The tables of a user study: means as the paper prints them (Tables 2 to 4), how sure they are, and how far raters agree."""
import itertools
import math

import numpy as np
import pandas as pd

from realistic_editing.common.tasks import TASKS
from realistic_editing.evaluation.comparison.published import PAPER, PHOTOS
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics import agreement, crossed
from realistic_editing.evaluation.statistics.bootstrap import Estimate, bootstrap
from realistic_editing.evaluation.statistics.significance import holm, signed_rank
from realistic_editing.evaluation.suites.ratings import KEYS, RATED_QUALITIES, read_ratings
from realistic_editing.evaluation.suites.suite import SuiteInputs

WORDS = {"attenuate": "attenuation", "amplify": "amplification"}
_INTERVALS = (
    "95 % intervals with raters and images both as random factors (pigeonhole bootstrap, Owen 2007, at the width of two "
    "crossed random factors); none where there are fewer than two of either"
)


class StudySuite:
    """Tables 2 to 4 of the ratings that a user study gathered; see `Suite`."""

    networks = ()

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        ratings = read_ratings(settings.ratings)
        if settings.limit is not None:
            ratings = ratings[ratings.image.isin(ratings.image.unique()[: settings.limit])]
        counts = {name: int(ratings[name].nunique()) for name in KEYS}
        facts = {"ratings": settings.ratings, "counts": counts | {"ratings": len(ratings)}}
        facts |= {"seed": settings.seed, "resamples": settings.resamples}
        return Report("User study", facts, study_tables(ratings, settings.resamples, settings.seed), {})


def study_tables(ratings: pd.DataFrame, resamples: int, seed: int) -> list[Table]:
    """All tables of a study.

    Args:
        ratings: from `read_ratings`.
        resamples, seed: of the bootstrap.

    Returns:
        For each task its means beside the paper's, their intervals and the comparisons of methods; the raters' agreement.
    """
    tables = []
    for task in TASKS:
        part = ratings[ratings.task == task]
        if len(part):
            tables += [means_table(part, task), intervals_table(part, task, resamples, seed)]
            tables += [comparisons_table(part, task, resamples, seed)] if part.method.nunique() > 1 else []
    return [*tables, agreement_table(ratings, resamples, seed)]


def means_table(ratings: pd.DataFrame, task: str) -> Table:
    """Mean and standard deviation of the ratings of one task, and below them the paper's of other photos and raters."""
    rows = []
    for method, part in ratings.groupby("method", sort=False):
        cells = {name: _printed(part[name].mean(), part[name].std()) for name in RATED_QUALITIES}
        rows.append({"method": method} | cells | {"source": "this study"})
    for row in PAPER:
        if row.task == task:
            cells = {name: _printed(*getattr(row, name)) for name in RATED_QUALITIES}
            source = f"paper, Table {row.table}, {PHOTOS[row.table]}" + (f"; {row.note}" if row.note else "")
            rows.append({"method": row.method} | cells | {"source": source})
    title = f"Ratings of {WORDS[task]}: {_count(ratings)}"
    note = "Mean (sample standard deviation) over all ratings, from 1 to 10, higher is better. The paper's: 8 photographers."
    return Table(f"means_{task}", title, note, pd.DataFrame(rows))


def intervals_table(ratings: pd.DataFrame, task: str, resamples: int, seed: int) -> Table:
    """The same means with their intervals."""
    rows = []
    for method, part in ratings.groupby("method", sort=False):
        row: dict[str, str | int | float | Estimate] = {"method": method}
        for name in RATED_QUALITIES:
            row[name] = crossed.mean(_crossed(part, name).to_numpy(), resamples, seed)
            row[f"SD of {name}"] = float(part[name].std())
        rows.append(row | {"raters": part.rater.nunique(), "images": part.image.nunique(), "ratings": len(part)})
    return Table(f"intervals_{task}", f"Mean ratings of {WORDS[task]}", f"{_INTERVALS}.", pd.DataFrame(rows))


def comparisons_table(ratings: pd.DataFrame, task: str, resamples: int, seed: int) -> Table:
    """Each pair of methods: differences within the same rater and image, and a paired test over images.

    Args:
        ratings: of one task.
        task: names the table.
        resamples, seed: of the bootstrap.
    """
    rows = []
    for name in RATED_QUALITIES:
        grids = {method: _crossed(part, name) for method, part in ratings.groupby("method", sort=False)}
        for first, second in itertools.combinations(grids, 2):
            gaps = grids[first] - grids[second]  # pandas meets them by rater and image; nan where one is missing
            found = crossed.mean(gaps.to_numpy(dtype=float), resamples, seed)
            images = gaps.mean(axis=0).dropna()
            row = {"measure": name, "first": first, "second": second, "first - second": found, "images": len(images)}
            rows.append(row | {"p": signed_rank(images.to_numpy())})
    frame = pd.DataFrame(rows)
    frame["p, Holm"] = holm(frame.p.to_numpy())
    note = (
        f"Differences within the same rater and image; {_INTERVALS}. p: Wilcoxon's signed-rank test on the images' mean "
        "differences, which takes these raters as given; p, Holm: corrected for all rows of this table."
    )
    return Table(f"comparisons_{task}", f"Methods compared, {WORDS[task]}", note, frame)


def agreement_table(ratings: pd.DataFrame, resamples: int, seed: int) -> Table:
    """Krippendorff's alpha of each task and measure; what is rated is a method's result on an image."""
    rows = []
    for task, measure in itertools.product(TASKS, RATED_QUALITIES):
        part = ratings[ratings.task == task].dropna(subset=measure)
        if part.empty:
            continue
        units = part.pivot(index=["image", "method"], columns="rater", values=measure)
        values, images = units.to_numpy(), units.index.get_level_values("image")
        row = {"task": task, "measure": measure}
        for metric in agreement.METRICS:
            row[f"alpha, {metric}"] = bootstrap(_alpha_of(values, metric), images, resamples, seed, limits=(-math.inf, 1))
        rows.append(row | {"raters": values.shape[1], "results": len(values), "ratings": len(part)})
    note = (
        "Krippendorff's alpha: 1 is full agreement, 0 that of chance; 95 % bootstrap intervals over images. Only results "
        "with two ratings or more count."
    )
    return Table("agreement", "How far raters agree", note, pd.DataFrame(rows))


def _crossed(ratings: pd.DataFrame, measure: str) -> pd.DataFrame:
    """(raters, images), nan where there is no rating."""
    return ratings.pivot(index="rater", columns="image", values=measure)


def _alpha_of(values: np.ndarray, metric: str):
    return lambda index: agreement.alpha(values[index], metric)


def _printed(mean: float, deviation: float) -> str:
    if np.isnan(mean):
        return "-"
    return f"{mean:.2f} ({deviation:.2f})" if np.isfinite(deviation) else f"{mean:.2f}"


def _count(ratings: pd.DataFrame) -> str:
    return f"{ratings.rater.nunique()} raters, {ratings.image.nunique()} images, {len(ratings)} ratings"
