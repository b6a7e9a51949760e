"""A table of results, and how its cells are printed."""
import dataclasses
import math
from typing import Any

import pandas as pd

from realistic_editing.evaluation.statistics.bootstrap import Estimate


@dataclasses.dataclass(frozen=True)
class Table:
    """Results to print.

    Args:
        name: of its CSV and LaTeX files.
        title: what it shows, on which photos.
        note: what a reader must know to read it.
        frame: cells are text, numbers or Estimates.
    """

    name: str
    title: str
    note: str
    frame: pd.DataFrame


def texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A table's cells as text: p values, in columns named "p" or "p, ...", to four decimals, all else as `text_of`."""
    return frame.apply(lambda column: column.map(_p_text if column.name == "p" or column.name.startswith("p, ") else text_of))


def _p_text(p: float) -> str:
    return "" if math.isnan(p) else "< 0.0001" if p < 1e-4 else f"{p:.4f}"


def text_of(cell: Any) -> str:
    """A cell as text: three decimals, more where they would all be 0; nothing where it is nan."""
    if isinstance(cell, float):
        if math.isnan(cell):
            return ""
        return f"{cell:.1e}" if 0 < abs(cell) < 0.0005 else f"{cell:.3f}"
    if isinstance(cell, Estimate) and math.isnan(cell.value):
        return ""
    return str(cell)
