"""Tables of made rows: shares, paired tests and ratings by hand."""
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from realistic_editing.evaluation.comparison.method_measurer import DISTINCTNESS
from realistic_editing.evaluation.comparison.published import METHOD_OF_NAME, PAPER, TABLES, rated
from realistic_editing.evaluation.comparison.published import PHOTOS as RATED
from realistic_editing.evaluation.comparison.tables import Layout, comparison_tables, moved_as_asked

MODELS = ["one", "two", DISTINCTNESS]
LAYOUT = Layout(MODELS, "ours_realism", resamples=50)
PHOTOS = 8


def made(part="object_enhancement", task="amplify", shift=0.1):
    """ours_realism moves by `shift`, mec by twice that, input by nothing; mec has no result of the last photo."""
    rows = []
    for index in range(PHOTOS):
        for method, factor in (("input", 0), ("ours_realism", 1), ("mec", 2)):
            if (method, index) == ("mec", PHOTOS - 1):
                continue
            row = {"name": f"{index}", "part": part, "task": task, "photo": f"photo{index}", "method": method}
            change = factor * shift * (1 + index / 100)
            names = ("mean_relative_gain", "gain_of_mean", "difference", "contrast")
            row |= {f"{name}: {model}": change for name in names for model in MODELS}
            row |= {"realism": -0.01 * factor, "delta_e_inside": factor, "delta_e_outside": 0.0, "ssim_outside": 1.0}
            row |= {"seconds": 0.5 if factor == 1 else np.nan, "memory": 7.5 if index == 0 else np.nan}
            rows.append(row | {"seam": factor})
    return pd.DataFrame(rows)


def tables(rows, layout=LAYOUT):
    return {table.name: table.frame.set_index("method") for table in comparison_tables(rows, layout)}


def test_the_main_table_by_hand():
    frame = tables(made())["object_enhancement"]
    assert frame.n.to_dict() == {"input": 8, "ours_realism": 8, "mec": 7}
    assert frame["direction accuracy"].map(lambda cell: cell.value).to_dict() == {"input": 0, "ours_realism": 1, "mec": 1}
    assert frame.loc["mec", "saliency, one"].value == pytest.approx(0.2 * 1.03)
    assert frame.loc["ours_realism", "seconds"] == 0.5 and np.isnan(frame.loc["mec", "seconds"])


def test_intervals_of_few_photos_stay_where_each_measure_can_lie():
    rows = made()[lambda rows: rows.photo.isin([f"photo{index}" for index in range(4)])]
    first = rows.photo == "photo0"
    rows.loc[~first, ["delta_e_inside", "seam"]], rows.loc[first, ["delta_e_inside", "seam"]] = 0, 9
    changes = ["realism", "mean_relative_gain: one"]
    rows.loc[~first, changes], rows.loc[first, changes] = -0.9, 0.8
    found = tables(rows)["object_enhancement"].loc["mec"]
    assert str(found["direction accuracy"]) == "1.000 [0.398, 1.000]"
    assert found["ΔE inside"].low == found["seam"].low == 0 and found["dR"].low == found["saliency, one"].low == -1


def test_attenuation_counts_the_other_way_and_parts_stand_apart():
    rows = pd.concat([made(), made("distractors_attenuation", "attenuate", -0.1), made("saliency_shift", "amplify", -0.1)])
    found = tables(rows)
    assert found["object_enhancement"].loc["mec", "direction accuracy"].value == 1
    assert found["distractors_attenuation"].loc["mec", "direction accuracy"].value == 1
    assert found["saliency_shift"].loc["mec", "direction accuracy"].value == 0
    effect = found["distractors_attenuation_paired"].loc["mec", "effect, one"].value
    assert effect == pytest.approx(0.1 * 1.03)  # mec takes away more: positive


def test_pairs_are_photos_that_both_have():
    frame = tables(made())["object_enhancement_paired"]
    assert frame.pairs.to_dict() == {"input": 8, "mec": 7}
    assert frame.loc["input", "effect, two"].value == pytest.approx(-0.1 * 1.035)
    alone = 2 * binom.pmf(0, 8, 0.5)  # all 8 on one side; with Holm's correction, the least of the table's ten
    assert frame.loc["input", "p, dR"] == pytest.approx(10 * alone)


def test_regions_of_a_photo_are_one_pair():
    rows = made()
    rows.loc[rows.photo == "photo1", "photo"] = "photo0"
    assert tables(rows)["object_enhancement_paired"].pairs["input"] == 7


def test_regions_that_one_side_has_not_are_no_difference():
    rows = made()
    # Two regions of one photo; mec has the first alone, and on it does what ours does.
    pair = rows[rows.method.isin(["mec", "ours_realism"]) & (rows.photo == "photo0")].assign(photo="both")
    effects = [f"gain_of_mean: {model}" for model in MODELS]
    first, second = pair.assign(name="first"), pair[pair.method == "ours_realism"].assign(name="second")
    first[effects], second[effects] = 0.1, 0.5
    frame = tables(pd.concat([first, second]))["object_enhancement_paired"]
    assert frame.pairs["mec"] == 1 and frame.loc["mec", "effect, one"].value == 0


def test_methods_that_never_differ_have_p_1():
    rows = made()
    same = pd.concat([rows, rows[rows.method == "ours_realism"].assign(method="same")])
    frame = tables(same)["object_enhancement_paired"]
    assert frame.loc["same", ["p, dR", "p, seam", "p, effect, one"]].tolist() == [1.0] * 3


def test_direction_accuracy_is_by_most_models():
    rows = pd.DataFrame({"gain_of_mean: one": [0.1, 0.1, -0.1], "gain_of_mean: two": [0.1, 0.0, -0.1]})
    rows[f"gain_of_mean: {DISTINCTNESS}"] = [-0.1, 0.0, 0.1]
    assert moved_as_asked(rows, 1, MODELS).tolist() == [True, False, False]
    assert moved_as_asked(rows, -1, MODELS).tolist() == [False, False, True]


def test_the_ratings_stand_beside_methods_that_have_them():
    found = tables(made(), Layout(MODELS, "ours_realism", "mechrez", 50))["ratings_amplify"]
    assert found.index.tolist() == ["mec"]
    assert found.loc["mec", "effectiveness"] == "7.06 (2.68)" and found.loc["mec", "realism"] == "7.31 (2.93)"
    assert "ratings_amplify" not in tables(made())


def test_every_set_has_ratings_of_methods_by_our_names():
    found = {name for table in RATED for task in ("attenuate", "amplify") for name in rated(table, task)}
    assert found == set(METHOD_OF_NAME.values())
    assert {row.method for row in PAPER} == set(METHOD_OF_NAME) and set(TABLES.values()) < set(RATED)
    assert rated("3a", "amplify") == {}


def test_the_adversarial_network_brings_table_4():
    rows = made().assign(task="attenuate").replace({"method": {"mec": "adversarial"}})
    found = tables(rows)["ratings_adversarial"]
    assert found.loc["adversarial", "effectiveness"] == "5.06 (2.84)" and "ratings_adversarial" not in tables(made())


def test_times_stand_beside_those_of_the_paper():
    rows = made().assign(seconds=np.nan)
    assert "runtime" not in tables(rows)
    rows.loc[rows.method == "mec", "seconds"] = np.arange((rows.method == "mec").sum())
    found = tables(rows)["runtime"]
    assert found.loc["mec", "MiB"] == 7.5 and found.loc["mec", "size"] == ""
    rows.loc[rows.method == "ours_realism", ["seconds", "method"]] = 0.1, "ours_random"
    ours = tables(rows, Layout(MODELS, "mec", resamples=50, size=4.936))["runtime"].loc["ours_random"]
    assert ours["size"] == "4.9 MB" and ours["size there"] == "26 MB"
    assert found.index.tolist() == ["mec"] and found.loc["mec", "in the paper"] == "more than a day"
    assert found.loc["mec", "seconds"] == np.median(np.arange((rows.method == "mec").sum()))


def test_reproduced_methods_meet_the_ratings_and_are_marked():
    rows = made().assign(task="attenuate")
    named = {"mec": "deepsal_conv_reproduced", "input": "gazeshift_reproduced", "ours_realism": "ours_random"}
    rows = rows.replace({"method": named})
    found = {table.name: table for table in comparison_tables(rows, Layout(MODELS, "ours_random", "deepsal", 50))}
    assert "(Table 3 (a))" in found["ratings_attenuate"].note
    frame = found["ratings_attenuate"].frame.set_index("method")
    assert frame.rated.to_dict() == {"ours_random": "Ours, random", "deepsal_conv_reproduced": "DeepSal (here reproduced)"}
    assert frame.loc["deepsal_conv_reproduced", "effectiveness"] == "7.08 (2.84)"
    frame = tables(rows, Layout(MODELS, "ours_random", "adobe_stock", 50))["ratings_attenuate"]
    assert set(frame.index) == {"gazeshift_reproduced", "deepsal_conv_reproduced", "ours_random"}


def test_one_photo_has_no_interval_and_no_p():
    found = tables(made()[lambda rows: rows.photo == "photo0"])
    assert str(found["object_enhancement"].loc["mec", "saliency, one"]) == "0.200"
    assert np.isnan(found["object_enhancement_paired"].filter(like="p, ").to_numpy(float)).all()
    assert str(found["object_enhancement_paired"].loc["mec", "effect, one"]) == "0.100"
