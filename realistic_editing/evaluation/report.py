"""What an evaluation leaves behind: tables and figures with what made them, as Markdown, CSV, JSON and LaTeX."""
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realistic_editing.common.files import replacing
from realistic_editing.common.provenance import command, machine, revision
from realistic_editing.evaluation.bootstrap import Estimate
from realistic_editing.evaluation.latex import latex


@dataclasses.dataclass(frozen=True)
class Table:
    """Results to print.

    Args:
        name: of its CSV file.
        title: what it shows, on which photos.
        note: what a reader must know to read it.
        frame: cells are text, numbers or Estimates.
    """

    name: str
    title: str
    note: str
    frame: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class Report:
    """An evaluation's results.

    Args:
        title: the first line.
        facts: name -> what was measured, with which settings; command, revision and machine are added.
        tables: in order.
        figures: file name in the report's folder -> caption.
    """

    title: str
    facts: Mapping[str, Any]
    tables: Sequence[Table]
    figures: Mapping[str, str]

    def write(self, folder: str | Path) -> str:
        """Write report.md, report.json, and a CSV and a LaTeX file for each table, into `folder`.

        Returns:
            The Markdown.

        Raises:
            InputError: when the folder cannot be written.
        """
        folder = Path(folder)
        facts = {"command": command(), "revision": revision(), "machine": machine(), **self.facts}
        lines = [f"# {self.title}", "", *(f"- {name}: {_text(value)}" for name, value in facts.items()), ""]
        for table in self.tables:
            lines += [f"## {table.title}", "", *([table.note, ""] if table.note else []), *_markdown(table.frame), ""]
            with replacing(folder / f"{table.name}.csv") as temporary:
                _flat(table.frame).to_csv(temporary, index=False, lineterminator="\n")
            with replacing(folder / f"{table.name}.tex") as temporary:
                temporary.write_text(latex(table.name, table.title, table.note, list(table.frame.columns), _cells(table.frame)))
        for name, caption in self.figures.items():
            lines += [f"![{caption}]({name})", "", caption, ""]
        text = "\n".join(lines)
        content = {"facts": facts, "tables": {t.name: _flat(t.frame).to_dict("records") for t in self.tables}}
        with replacing(folder / "report.json") as temporary:
            temporary.write_text(json.dumps(_plain(content), indent=2) + "\n")
        with replacing(folder / "report.md") as temporary:
            temporary.write_text(text)
        return text


def difference_table(own: dict[str, float], reference: dict[str, float], bound: float = 0.002) -> pd.DataFrame:
    """What storing weights in half precision changes.

    Args:
        own, reference: measures of the network and of its full-precision copy.
        bound: the greatest difference that is let pass.
    """
    rows = []
    for name, value in own.items():
        gap = abs(value - reference[name])
        within = "yes" if gap <= bound else "NO"
        rows.append({"measure": name, "weights": value, "reference": reference[name], "difference": f"{gap:.5f}"})
        rows[-1][f"<= {bound:g}"] = within
    return pd.DataFrame(rows)


def _markdown(frame: pd.DataFrame) -> list[str]:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *_cells(frame)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[_text(cell) for cell in row] for row in frame.to_numpy(object)]


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.3f}"
    if isinstance(cell, Estimate) and math.isnan(cell.value):
        return ""
    return json.dumps(_plain(cell)) if isinstance(cell, Mapping) else str(cell)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """An Estimate as three columns: NAME, NAME_low, NAME_high."""
    rows = []
    for row in frame.to_dict("records"):
        flat: dict[str, Any] = {}
        for name, cell in row.items():
            estimate = isinstance(cell, Estimate)
            flat |= {name: cell.value, f"{name}_low": cell.low, f"{name}_high": cell.high} if estimate else {name: cell}
        rows.append(flat)
    return pd.DataFrame(rows)


def _plain(value: Any) -> Any:
    """What JSON can hold: nan becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
