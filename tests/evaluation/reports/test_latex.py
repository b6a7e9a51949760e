"""LaTeX of a table: booktabs, every sign printed as it is, numbers to the right."""
import pandas as pd
import pytest

from realistic_editing.evaluation.reports.latex import escaped, to_latex
from realistic_editing.evaluation.reports.report import Report
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics.bootstrap import Estimate

FRAME = pd.DataFrame(
    [
        {"method": "ours_1 & co", "x": Estimate(0.5, -0.25, 0.75), "share": 1.0, "n": 3, "p": 4.1e-6},
        {"method": "50 %", "x": Estimate(float("nan"), 0, 0), "share": float("nan"), "n": -4, "p": 0.25},
    ]
)


def test_a_table_line_by_line():
    assert to_latex(Table("t", "Ratings.", "Mean #1", FRAME)).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Ratings. Mean \#1.}",
        r"\label{tab:t}",
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r"method & x & share & n & p \\",
        r"\midrule",
        r"ours\_1 \& co & 0.500 {[}$-$0.250, 0.750] & 1.000 & 3 & \textless{} 0.0001 \\",
        r"50 \% &  &  & $-$4 & 0.2500 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a\\b", r"a\textbackslash{}b"), ("{~^}", r"\{\textasciitilde{}\textasciicircum{}\}"), ("<= $1", r"\textless{}= \$1")],
)
def test_signs_that_latex_means_otherwise(text, wanted):
    assert escaped(text) == wanted


def test_a_report_leaves_it_beside_the_csv(tmp_path):
    table = Table("t", "T", "", FRAME)
    Report("Title", {}, [table], {}).write(tmp_path)
    assert (tmp_path / "t.tex").read_text() == to_latex(table) and (tmp_path / "t.csv").exists()
