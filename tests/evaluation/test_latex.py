"""Tables as LaTeX: escaped, aligned, one file each."""
import math

import pandas as pd

from realistic_editing.evaluation.bootstrap import Estimate
from realistic_editing.evaluation.latex import escaped, latex
from realistic_editing.evaluation.report import Report, Table


def test_what_latex_would_read_as_commands_is_escaped():
    assert escaped("50 % of ours_random & {a}") == r"50 \% of ours\_random \& \{a\}"
    assert escaped("x \\ y ~ ^ < ΔE") == r"x \textbackslash{} y \textasciitilde{} \textasciicircum{} \textless{} $\Delta$E"


def test_numbers_stand_to_the_right_and_the_rules_are_those_of_booktabs():
    text = latex("a_b", "Title", "Note.", ["method", "n", "p"], [["ours", "3", "< 0.1"], ["mec", "", "0.2"]])
    assert r"\begin{tabular}{lrl}" in text and r"\caption{Title. Note.}" in text and r"\label{tab:a-b}" in text
    lines = text.splitlines()
    inner = lines[lines.index(r"\toprule") : lines.index(r"\bottomrule")]
    assert inner == [r"\toprule", r"method & n & p \\", r"\midrule", r"ours & 3 & \textless{} 0.1 \\", r"mec &  & 0.2 \\"]
    assert text.count("{") == text.count("}")


def test_a_report_writes_a_file_for_each_table(tmp_path):
    frame = pd.DataFrame({"method": ["ours"], "dR": [Estimate(0.1, 0.05, 0.2)], "none": [math.nan]})
    Report("R", {}, [Table("one", "One", "", frame), Table("two", "Two", "", frame)], {}).write(tmp_path)
    assert {file.name for file in tmp_path.glob("*.tex")} == {"one.tex", "two.tex"}
    assert r"ours & 0.100 [0.050, 0.200] &  \\" in (tmp_path / "one.tex").read_text()
