"""Reports: what is written can be read again, and says what made it."""
import json

import numpy as np
import pandas as pd

from realistic_editing.evaluation.reports.report import Report, difference_table
from realistic_editing.evaluation.reports.sheets import save_sheet
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.statistics.bootstrap import Estimate


def test_a_report_as_markdown_csv_and_json(tmp_path):
    first = {"name": "a", "x": Estimate(0.5, 0.25, 0.75), "y": 1.0, "n": 3}
    second = {"name": "b", "x": Estimate(1, 1, 1), "y": np.nan, "n": 4}
    table = Table("t", "Table", "Note.", pd.DataFrame([first, second]))
    save_sheet(np.zeros((4, 4, 3), np.uint8), tmp_path / "a.png")
    text = Report("Title", {"weights": "w", "card": {"step": 3}}, [table], {"a.png": "A."}).write(tmp_path)
    assert text == (tmp_path / "report.md").read_text()
    assert "| a | 0.500 [0.250, 0.750] | 1.000 | 3 |" in text and "![A.](a.png)" in text and "revision" in text
    page = (tmp_path / "report.html").read_text()
    assert "<td>0.500<small> [0.250, 0.750]</small></td>" in page
    assert "data:image/png;base64" in page and "Every image" not in page
    table = pd.read_csv(tmp_path / "t.csv")
    assert table.columns.tolist() == ["name", "x", "x_low", "x_high", "y", "n"] and table.x_low[0] == 0.25
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["facts"]["card"] == {"step": 3} and content["facts"]["machine"]
    assert content["tables"]["t"][1]["y"] is None and content["tables"]["t"][0]["x_high"] == 0.75


def test_p_values_are_numbers_in_the_csv_and_short_in_the_text(tmp_path):
    frame = pd.DataFrame({"name": ["a", "b", "c"], "p, dR": [4.1e-6, 0.03125, np.nan]})
    text = Report("Title", {}, [Table("t", "Table", "", frame)], {}).write(tmp_path)
    assert "| a | < 0.0001 |" in text and "| b | 0.0312 |" in text and "| c |  |" in text
    assert "<td>&lt; 0.0001</td>" in (tmp_path / "report.html").read_text()
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), frame)


def test_tables_and_figures_of_an_earlier_report_do_not_stay(tmp_path):
    first, second = (Table(name, name, "", pd.DataFrame({"a|b": ["x|y"]})) for name in ("first", "second"))
    (tmp_path / "mine.csv").write_text("of the user's")
    for name in ("a.png", "b.png", "mine.png"):
        save_sheet(np.zeros((4, 4, 3), np.uint8), tmp_path / name)
    Report("Title", {}, [first, second], {"a.png": "A.", "b.png": "B."}).write(tmp_path)
    text = Report("Title", {}, [second], {"b.png": "B."}).write(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"mine.csv", "mine.png", "b.png", "second.csv", "second.tex", "report.md", "report.json", "report.html"}
    assert "x\\|y" in text  # or it would end the cell


def test_differences_are_checked():
    table = difference_table({"a": 0.5, "b": 0.5}, {"a": 0.5015, "b": 0.51})
    assert table["<= 0.002"].tolist() == ["yes", "NO"]
