"""Tables as LaTeX, in the style of booktabs."""
import re
from collections.abc import Sequence

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"$\pm$", "Δ": r"$\Delta$", "≥": r"$\ge$", "≤": r"$\le$",
}  # fmt: skip
_NUMBER = re.compile(r"\s*[-+]?\d")


def escaped(text: str) -> str:
    """Text as LaTeX shows it."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def latex(name: str, title: str, note: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table environment, to be read with \\input; needs \\usepackage{booktabs} and, for its width, {graphicx}.

    Args:
        name: of its label.
        title, note: of its caption.
        columns: of the head.
        cells: rows of text; a column whose cells are numbers is aligned to the right.

    Returns:
        The source.
    """
    numeric = [all(not row[i] or _NUMBER.match(row[i]) for row in cells) for i in range(len(columns))]
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{escaped(' '.join([title + '.', note]).strip())}}}",
        rf"\label{{tab:{name.replace('_', '-')}}}", r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}", r"\toprule",
    ]  # fmt: skip
    lines += [" & ".join(map(escaped, columns)) + r" \\", r"\midrule"]
    lines += [" & ".join(map(escaped, row)) + r" \\" for row in cells]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}", r"\end{table}", ""])
