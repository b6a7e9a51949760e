"""How parameters spread: by task, by category, and for methods that have any."""
import numpy as np
import pandas as pd

from realistic_editing.evaluation.reports.spread import SPREAD_PARAMETERS, spread_figure, spread_method, spread_tables


def made(categories):
    rows = []
    for task, sign in (("attenuate", -1), ("amplify", 1)):
        for index, category in enumerate(categories):
            row = {"task": task, "category": category, "method": "ours_realism", "saturation": 1.0, "red": 0.0, "blue": 0.0}
            rows += [row | {"log2_exposure": sign * index}, {"task": task, "category": category, "method": "mec"}]
    return pd.DataFrame(rows)


def test_by_task_and_category_by_hand():
    first, second = spread_tables(made(["cat"] * 5 + ["dog"] * 4), "ours_realism")
    assert first.frame.task.tolist() == ["attenuate", "amplify"] and first.frame.n.tolist() == [9, 9]
    assert first.frame["exposure, stops"][1] == f"+4.00 ({np.std(np.arange(9), ddof=1):.2f}) [+0.40, +7.60]"
    assert first.frame["saturation, factor"][0] == "1.00 (0.00) [1.00, 1.00]"
    assert second.frame.category.tolist() == ["cat", "cat"]  # four dogs are too few
    assert second.frame["exposure, stops"][0].startswith("-2.00")


def test_without_categories_there_is_one_table():
    assert [table.name for table in spread_tables(made([""] * 6), "ours_realism")] == ["spread"]


def test_only_methods_with_parameters_are_shown():
    rows = made(["cat"])
    assert spread_method(rows, ["mec", "ours_realism"]) == "ours_realism"
    assert spread_method(rows, ["mec"]) is None
    assert spread_method(rows.drop(columns="saturation"), ["ours_realism"]) is None


def test_a_panel_for_each_parameter_and_a_box_for_each_task():
    figure = spread_figure(made(["cat"] * 6), "ours_realism")
    assert [axes.get_title() for axes in figure.axes] == [heading for heading, _ in SPREAD_PARAMETERS.values()]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["attenuate", "amplify"]
