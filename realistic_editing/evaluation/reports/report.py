"""What an evaluation leaves behind: tables and figures with what made them, as Markdown, CSV, LaTeX and JSON."""
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realistic_editing.common.files import replacing
from realistic_editing.common.provenance import command, machine, revision
from realistic_editing.evaluation.reports.latex import to_latex
from realistic_editing.evaluation.reports.page import Item, write_page
from realistic_editing.evaluation.reports.table import Table, text_of, texts
from realistic_editing.evaluation.statistics.bootstrap import Estimate


@dataclasses.dataclass(frozen=True)
class Report:
    """An evaluation's results.

    Args:
        title: the first line.
        facts: name -> what was measured, with which settings; command, revision and machine are added.
        tables: in order.
        figures: file name in the report's folder -> caption.
        photos, items: what the page report.html lets a reader browse, see `page.write_page`.
    """

    title: str
    facts: Mapping[str, Any]
    tables: Sequence[Table]
    figures: Mapping[str, str]
    photos: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    items: Sequence[Item] = ()

    def write(self, folder: str | Path) -> str:
        """Write report.md, report.html, report.json, and a CSV and a LaTeX file for each table into `folder`.

        Returns:
            The Markdown.

        Raises:
            InputError: when the folder cannot be written.
        """
        folder = Path(folder)
        facts = {"command": command(), "revision": revision(), "machine": machine(), **self.facts}
        self._clear(folder)
        lines = [f"# {self.title}", "", *(f"- {name}: {_text(value)}" for name, value in facts.items()), ""]
        for table in self.tables:
            lines += [f"## {table.title}", "", *([table.note, ""] if table.note else []), *_markdown(table.frame), ""]
            with replacing(folder / f"{table.name}.csv") as temporary:
                _flat(table.frame).to_csv(temporary, index=False, lineterminator="\n")
            with replacing(folder / f"{table.name}.tex") as temporary:
                temporary.write_text(to_latex(table), encoding="utf-8")
        for name, caption in self.figures.items():
            lines += [f"![{caption}]({name})", "", caption, ""]
        text = "\n".join(lines)
        content = {"facts": facts, "tables": {t.name: _flat(t.frame).to_dict("records") for t in self.tables}}
        content["figures"] = dict(self.figures)
        with replacing(folder / "report.json") as temporary:
            temporary.write_text(json.dumps(_plain(content), indent=2) + "\n")
        tables = [(table.title, table.note, texts(table.frame)) for table in self.tables]
        write_page(folder / "report.html", self.title, facts, tables, self.figures, self.photos, self.items)
        with replacing(folder / "report.md") as temporary:
            temporary.write_text(text, encoding="utf-8")
        return text


    def _clear(self, folder: Path) -> None:
        """Remove the tables and figures of an earlier report there that this one has not: they would look like its own."""
        try:
            earlier = json.loads((folder / "report.json").read_text())
            tables, figures = set(earlier["tables"]), set(earlier.get("figures", ()))
        except (OSError, ValueError, KeyError):
            return
        gone = [f"{name}{suffix}" for name in tables - {table.name for table in self.tables} for suffix in (".csv", ".tex")]
        for name in [*gone, *(figures - set(self.figures))]:
            (folder / Path(name).name).unlink(missing_ok=True)


def difference_table(own: dict[str, float], fp32_network: dict[str, float], bound: float = 0.002) -> pd.DataFrame:
    """What storing weights in half precision changes.

    Args:
        own, fp32_network: measures of the network and of its full-precision copy.
        bound: the greatest difference that is accepted.
    """
    rows = []
    for name, value in own.items():
        gap = abs(value - fp32_network[name])
        within = "yes" if gap <= bound else "NO"
        rows.append({"measure": name, "weights": value, "fp32_weights": fp32_network[name], "difference": f"{gap:.5f}"})
        rows[-1][f"<= {bound:g}"] = within
    return pd.DataFrame(rows)


def _markdown(frame: pd.DataFrame) -> list[str]:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *texts(frame).to_numpy(object)]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _text(fact: Any) -> str:
    return json.dumps(_plain(fact)) if isinstance(fact, Mapping) else text_of(fact)


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
