"""Whether the earlier methods that run here do what their published results do, or, without those, what they promise."""
import dataclasses
import importlib
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from omegaconf import ListConfig

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.common.tasks import TASKS
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.suites.baseline_agreement.tuning import untouched
from realistic_editing.evaluation.suites.suite import SuiteInputs, TablesAndFigures

_PACKAGE = "realistic_editing.evaluation.suites.baseline_agreement"
METHODS = ("ohr", "wrs", "hagiwara", "mec", "gazeshift", "deepsal")  # a module of _PACKAGE each
_FEWEST = 5  # photos, or regions, that a verdict is given on


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a figure is to be: from `least` to `most`."""

    least: float = float("-inf")
    most: float = float("inf")

    def __str__(self) -> str:
        if self.least == float("-inf"):
            return f"<= {self.most:g}"
        return f">= {self.least:g}" if self.most == float("inf") else f"{self.least:g} to {self.most:g}"

    def verdict(self, value: float, count: int) -> str:
        """"yes" or "NO", or "too few" photos to say."""
        if count < _FEWEST or math.isnan(value):
            return "too few"
        return "yes" if self.least <= value <= self.most else "NO"


# (method, figure of its `agreement`) -> goal
_GOALS = {
    ("ohr", "hue_error"): Goal(most=25),
    ("ohr", "light"): Goal(most=2),
    ("ohr", "chroma"): Goal(most=2),
    ("ohr", "changed_outside"): Goal(most=0),
    ("wrs", "inside_same_direction"): Goal(least=0.7),
    ("wrs", "outside_same_direction"): Goal(least=0.7),
    ("hagiwara", "unchanged"): Goal(0.4, 0.7),
    ("hagiwara", "inside_L"): Goal(least=1),
    ("hagiwara", "outside_L"): Goal(most=1),
    ("mec", "object_enhancement_direction_accuracy"): Goal(least=0.85),
    ("mec", "object_enhancement_ratio"): Goal(least=0.7),
    ("mec", "object_enhancement_seconds"): Goal(most=120),
    ("mec", "distractors_attenuation_direction_accuracy"): Goal(least=0.85),
    ("mec", "distractors_attenuation_ratio"): Goal(least=0.5),
    # By the held-out network: the other network is the one that these were fitted to.
    **{("gazeshift", f"gazeshift_{task}_heldout_direction_accuracy"): Goal(least=0.8) for task in TASKS},
    **{
        ("deepsal", f"deepsal_{kind}_{task}_heldout_direction_accuracy"): Goal(least=0.8)
        for kind in ("recolor", "conv", "warp")
        for task in TASKS
    },
}


class BaselineSuite:
    """The earlier methods that run here; see `Suite`."""

    networks = ()

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        asked = list(settings.method) if isinstance(settings.method, ListConfig) else settings.method
        found = measure_baselines(settings.paths.data, asked, settings.limit, settings.output)
        return Report("Earlier methods", {"limit": settings.limit or "all photos"}, *found)


def measure_baselines(
    root: str | Path, asked: Sequence[str] | str | None, limit: int | None, output: str | Path
) -> TablesAndFigures:
    """Measure each method's agreement; its rows, one a photo, go into `output` as NAME_photos.csv.

    Args:
        root: the folder of the data sets.
        asked: methods, or one; None: all.
        limit: of photos of each part, for a quick look; None: all.
        output: the report's folder.

    Returns:
        A table of all methods' figures beside their goals, and no figures.

    Raises:
        InputError: when there is no such method, or its data are absent.
    """
    names = METHODS if asked is None else [asked] if isinstance(asked, str) else list(asked)
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise InputError(f"method names {', '.join(unknown)}; use one or several of {', '.join(METHODS)}")
    made = []
    for name in names:
        module = importlib.import_module(f"{_PACKAGE}.{name}")
        figures, rows = module.agreement(root, limit)
        with replacing(Path(output) / f"{name}_photos.csv") as temporary:
            rows.to_csv(temporary, index=False, lineterminator="\n")
        others = untouched(name, rows)
        apart = figures if len(others) == len(rows) else module.figures_of(others) if len(others) else {}
        for figure, value in figures.items():
            goal = _GOALS.get((name, figure))
            met = goal.verdict(value, _count(rows, figure)) if goal else ""
            row = {"method": name, "figure": figure, "value": float(value), "goal": str(goal or ""), "met": met}
            made.append(row | {"held-out photos": float(apart.get(figure, math.nan))})
    note = (
        "Each figure is documented at the method's `agreement` in realistic_editing/evaluation/suites/baseline_agreement. "
        "Held-out photos: the figure over photos that chose none of the method's constants (tuning.py there), blank where "
        f"all did. Too few: less than {_FEWEST}."
    )
    return [Table("agreement", "Earlier methods beside their published results", note, pd.DataFrame(made))], {}


def _count(rows: pd.DataFrame, figure: str) -> int:
    """How many rows a figure is of: those of the method, part and task that its name holds."""
    for column in {"method", "part", "task"} & set(rows.columns):
        named = rows[[value in figure for value in rows[column]]]
        rows = named if len(named) else rows
    return len(rows)
