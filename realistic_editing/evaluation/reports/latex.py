r"""A table of results as LaTeX, to be \input where \usepackage{booktabs} is in force."""
import numbers
import re

from realistic_editing.evaluation.reports.table import Table, texts
from realistic_editing.evaluation.statistics.bootstrap import Estimate

_MEANT_OTHERWISE = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after \\ it would open the argument of a line break
    "\n": " ",
    "Δ": r"$\Delta$",
    **{sign: "\\" + sign for sign in "&%$#_{}"},
}


def to_latex(table: Table) -> str:
    """A table in a float, with its title and note as the caption and its name as the label.

    Args:
        table: cells are text, numbers or Estimates; columns that hold no text are set to the right.

    Returns:
        LaTeX; needs the package booktabs.
    """
    frame = table.frame
    columns = "".join("r" if all(_numeric(cell) for cell in frame[name]) else "l" for name in frame.columns)
    caption = " ".join(f"{part.rstrip('.')}." for part in (table.title, table.note) if part)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(map(escaped, frame.columns)),
        r"\midrule",
        *(_line(map(_cell, *rows)) for rows in zip(frame.to_numpy(object), texts(frame).to_numpy(object), strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text whose every sign LaTeX prints as it is."""
    return "".join(_MEANT_OTHERWISE.get(sign, sign) for sign in text)


def _line(cells) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell, text: str) -> str:
    text = escaped(text)
    return re.sub(r"(?<![\de])-(?=\d)", "$-$", text) if _numeric(cell) else text  # or it prints as a hyphen


def _numeric(cell) -> bool:
    return isinstance(cell, numbers.Number | Estimate)
