"""What the proposed edits are: how their parameters spread over photos, by task and by category (the paper's Figure 9b)."""
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from realistic_editing.evaluation.reports.figures import BLUE, GREY, ORANGE
from realistic_editing.evaluation.reports.table import Table

SPREAD_PARAMETERS = {  # column of the rows -> what it is, and the value that changes nothing
    "log2_exposure": ("exposure, stops", 0.0),
    "saturation": ("saturation, factor", 1.0),
    "red": ("red against green, stops", 0.0),
    "blue": ("blue against green, stops", 0.0),
}
_COLOURS = {"attenuate": BLUE, "amplify": ORANGE}
_LEAST, _MOST = 5, 15  # regions that a category needs for a line of its own, and lines of each task


def spread_method(rows: pd.DataFrame, candidates: Sequence[str]) -> str | None:
    """The first of the candidates that has edits with parameters, or None."""
    known = set(rows.method[rows.saturation.notna()]) if "saturation" in rows else set()
    return next((name for name in candidates if name in known), None)


def spread_tables(rows: pd.DataFrame, method: str) -> list[Table]:
    """The parameters of a method's edits by task, and by category where categories are known.

    Args:
        rows: of `compare`.
        method: one whose edits have parameters.
    """
    rows = rows[rows.method == method]
    tasks = pd.DataFrame([{"task": task} | _cells(group) for task, group in rows.groupby("task", sort=False)])
    note = "Mean (standard deviation) over regions, and, in brackets, the range of the middle 90 %."
    tables = [Table("spread", f"What the edits of {method} are (Figure 9b)", note, tasks)]
    lines = []
    for task, group in rows[rows.category.notna() & (rows.category != "")].groupby("task", sort=False):
        sizes = group.category.value_counts()
        for category in sizes[sizes >= _LEAST].index[:_MOST]:
            lines.append({"task": task, "category": category} | _cells(group[group.category == category]))
    if lines:
        words = f"{note} Categories of at least {_LEAST} regions."
        tables.append(Table("spread_by_category", f"What the edits of {method} are, by category", words, pd.DataFrame(lines)))
    return tables


def deviation(values: pd.Series) -> str:
    """A standard deviation as text; "-" of one value."""
    return f"{values.std():.2f}" if len(values) > 1 else "-"


def _cells(rows: pd.DataFrame) -> dict[str, object]:
    cells: dict[str, object] = {"n": len(rows)}
    for name, (heading, rest) in SPREAD_PARAMETERS.items():
        values = rows[name]
        low, high = values.quantile([0.05, 0.95])
        sign = "" if rest else "+"  # of changes, not of factors
        cells[heading] = f"{values.mean():{sign}.2f} ({deviation(values)}) [{low:{sign}.2f}, {high:{sign}.2f}]"
    return cells


def spread_figure(rows: pd.DataFrame, method: str) -> Figure:
    """Boxes of each parameter for each task; a dotted line marks what changes nothing."""
    rows = rows[rows.method == method]
    tasks = [task for task in _COLOURS if task in set(rows.task)]
    figure = Figure(figsize=(2.6 * len(SPREAD_PARAMETERS), 2.8), layout="constrained")
    panels = figure.subplots(1, len(SPREAD_PARAMETERS))
    for axes, (name, (heading, rest)) in zip(panels, SPREAD_PARAMETERS.items(), strict=True):
        drawn = axes.boxplot(
            [rows[name][rows.task == task].to_numpy() for task in tasks], widths=0.6, patch_artist=True, whis=(5, 95),
            medianprops={"color": "black"}, flierprops={"marker": ".", "markersize": 3, "markeredgecolor": GREY},
        )  # fmt: skip
        for box, task in zip(drawn["boxes"], tasks, strict=True):
            box.set_facecolor(_COLOURS[task])
            box.set_alpha(0.6)
        axes.axhline(rest, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_xticks(range(1, len(tasks) + 1), tasks)
        axes.set_title(heading, fontsize=10)
    return figure
