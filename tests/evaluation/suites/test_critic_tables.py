"""Samples and tables of a critic: hand-computed answers, and samples that can be made again."""
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import samples
from realistic_editing.evaluation.suites import critic_tables as critic
from realistic_editing.ops import OPERATORS, PRESETS, Recipe, sample_recipe

REGION = Region(Path("a.jpg"), Path("a.png"), "coco", "1", "7", category=1, split="test")
PRESET = PRESETS["released"]


def test_one_operator_alone():
    for index, name in enumerate(OPERATORS):
        recipe = sample_recipe(samples.only(PRESET.fake, name), 20, torch.Generator().manual_seed(0))
        assert samples.edit_counts(recipe) == [1] * 20
        for other in set(OPERATORS) - {name}:
            assert (getattr(recipe, other) == 1).all()
        assert samples.only(PRESET.fake, name).allowed == (index,)


def test_edits_are_counted():
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3]] * 3))
    exposure, saturation = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([1.0, 1.0, 0.5])
    recipe = dataclasses.replace(recipe, exposure=exposure, saturation=saturation)
    assert samples.edit_counts(recipe) == [0, 1, 2]
    drawn = samples.edit_counts(sample_recipe(PRESET.fake, 300, torch.Generator().manual_seed(0)))
    assert set(drawn) == {2, 3, 4}


def test_samples_depend_on_the_region_and_the_seed_alone():
    first, again = samples.recipes_of(REGION, PRESET, 3, 0), samples.recipes_of(REGION, PRESET, 3, 0)
    assert set(first) == {"real", "fake", "fake_human", *OPERATORS}
    assert all(first[kind].to_dict() == again[kind].to_dict() for kind in first)
    other = samples.recipes_of(dataclasses.replace(REGION, region_id="8", category=2), PRESET, 3, 0)
    assert "fake_human" not in other and other["fake"].to_dict() != first["fake"].to_dict()
    assert samples.recipes_of(REGION, PRESET, 3, 1)["fake"].to_dict() != first["fake"].to_dict()


def frame(real, fake, **more):
    count = len(real)
    columns = {"index": range(count), "photo": [str(i // 2) for i in range(count)], "human": False, "draw": 0, "edits": 2}
    return pd.DataFrame(columns | {"untouched": 0.5, "real": real, "fake": fake} | more)


def test_table_by_hand():
    human = {"human": [True, False, True, False], "fake_human": [0.85, np.nan, 0.1, np.nan]}
    table = critic.critic_table(frame([0.9, 0.4, 0.8, 0.7], [0.5, 0.45, 0.1, 0.2], **human), 20, 0).set_index("comparison")
    assert table.loc["human regions: real against fake, human ranges", "AUC"].value == pytest.approx(3 / 4)
    row = table.loc["real against fake"]
    assert row["AUC"].value == pytest.approx(14 / 16) and row["pair accuracy"].value == pytest.approx(3 / 4)
    assert row["mean of the first"].value == pytest.approx(0.7) and row["mean of the second"].value == pytest.approx(0.3125)
    assert (row.photos, row.samples) == (2, 8)
    assert np.isnan(row["AUC"].low)  # two photos do not say how sure it is
    six = frame([0.9, 0.4, 0.8, 0.7, 0.6, 0.3], [0.5, 0.45, 0.1, 0.2, 0.7, 0.6])
    three = critic.critic_table(six, 20, 0).set_index("comparison").loc["real against fake"]["AUC"]
    assert 0 <= three.low <= three.value <= three.high <= 1
    apart = critic.critic_table(frame([0.9] * 8, [0.1] * 8), 20, 0).set_index("comparison").loc["real against fake"]
    assert str(apart["pair accuracy"]) == "1.000 [0.398, 1.000]" and str(apart["AUC"]) == "1.000"  # of four photos
    assert critic.summary(frame([1.0], [0.0])) == {
        "AUC": 1, "pair accuracy": 1, "ECE": 0, "mean of real": 1, "mean of fake": 0,
    }  # fmt: skip


def test_reliability_by_hand():
    table = critic.reliability(frame([0.95, 0.95, 0.55, 0.05], [0.95, 0.05, 0.05, 0.05]), bins=10)
    assert table.bin.tolist() == [0, 5, 9] and table["count"].tolist() == [4, 1, 3]
    assert table.share.tolist() == pytest.approx([1 / 4, 1, 2 / 3])


def test_worst_are_one_a_photo():
    scores = frame([0.1, 0.2, 0.9, 0.3], [0.0, 0.5, 0.8, 0.9])
    assert critic.worst(scores, "real", 5) == [(0, 0, 0.1), (3, 0, 0.3)]
    assert critic.worst(scores, "fake", 1) == [(3, 0, 0.9)]


def test_goals_of_figure_3():
    rows = []
    for photo in "ab":
        for edit, factors in critic.CRITIC_SWEEP.items():
            for factor in factors:
                change = -0.8 * min(abs(factor - 1), 1) if edit == "exposure" else -0.2 * (factor < 0.9)
                rows.append(("coco", photo, "1", edit, factor, change))
    changes = pd.DataFrame(rows, columns=["source", "photo", "region", "edit", "factor", "change"])
    table = critic.realism_sweep_table(changes, 20, 0).set_index(["edit", "factor"])
    assert table.loc[("exposure", "2"), "mean dR"].value == pytest.approx(-0.8)
    met = {key: row.met for key, row in table.iterrows()}
    assert met["exposure", "2"] == met["exposure", "0.5"] == met["exposure", "1"] == met["saturation", "1.1"] == "yes"
    assert met["saturation", "0"] == met["saturation", "2"] == "NO" and met["exposure", "0.7"] == ""
    assert np.allclose(table["SD between photos"], 0)


def test_spread_is_even_and_whole_where_there_are_few():
    assert samples.spread(list(range(10)), 5) == [0, 2, 4, 6, 8]
    assert samples.spread(list(range(3)), 5) == [0, 1, 2]
