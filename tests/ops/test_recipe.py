"""Recipes as values: shapes, JSON, strength, joining."""
import json

import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.ops import PRESETS, Recipe, all_orders, parse_order, random_orders, sample_recipe


@pytest.fixture
def recipe():
    return sample_recipe(PRESETS["released"].fake, 5, torch.Generator().manual_seed(0))


def same(a, b):
    names = ("order", "white_balance", "color_curve", "saturation", "exposure")
    return a.blend == b.blend and all(torch.equal(getattr(a, name), getattr(b, name)) for name in names)


def test_json_round_trip_is_exact(recipe, tmp_path):
    recipe.save(tmp_path / "edit.json")
    assert same(Recipe.load(tmp_path / "edit.json"), recipe)
    content = json.loads((tmp_path / "edit.json").read_text())
    assert content["edits"][0]["order"][0] in ("white_balance", "color_curve", "saturation", "exposure")
    assert [path.name for path in tmp_path.iterdir()] == ["edit.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "something"},
        {"version": 2},
        {"edits": []},
        {"edits": [{"order": ["exposure"] * 4}]},
        {"edits": None},
        {"blend": "often"},
    ],
)
def test_broken_recipes_are_refused_by_name(recipe, tmp_path, change):
    path = tmp_path / "edit.json"
    path.write_text(json.dumps(recipe.to_dict() | change))
    with pytest.raises(InputError, match="edit.json"):
        Recipe.load(path)


def test_unusable_numbers_and_files_are_refused(recipe, tmp_path):
    content = recipe.to_dict()
    content["edits"][0]["exposure"] = -1.0
    with pytest.raises(InputError, match="exposure"):
        Recipe.from_dict(content)
    (tmp_path / "text.json").write_text("not json")
    with pytest.raises(InputError, match="text.json"):
        Recipe.load(tmp_path / "text.json")
    with pytest.raises(InputError, match="absent.json"):
        Recipe.load(tmp_path / "absent.json")


def test_strength_runs_from_identity_over_the_recipe_and_past_it(recipe):
    for name in ("white_balance", "color_curve", "saturation", "exposure"):
        value = getattr(recipe, name)
        torch.testing.assert_close(getattr(recipe.at_strength(0.0), name), torch.ones_like(value))
        torch.testing.assert_close(getattr(recipe.at_strength(1.0), name), value)
    stops = recipe.exposure.log2()
    torch.testing.assert_close(recipe.at_strength(0.5).exposure.log2(), stops / 2)
    torch.testing.assert_close(recipe.at_strength(1.5).exposure.log2(), stops * 1.5)
    assert recipe.at_strength(1.5).saturation.min() >= 0
    per_sample = recipe.at_strength(torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0]))
    assert per_sample.exposure[0] == 1 and per_sample.exposure[1] == recipe.exposure[1]


@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf")])
def test_impossible_strengths_are_refused(recipe, strength):
    with pytest.raises(ValueError, match="strength"):
        recipe.at_strength(strength)


def test_shapes_and_blend_are_checked(recipe):
    with pytest.raises(ValueError, match="color_curve"):
        Recipe(recipe.order, recipe.white_balance, recipe.color_curve[:, :2], recipe.saturation, recipe.exposure)
    with pytest.raises(ValueError, match="blend"):
        Recipe(*[getattr(recipe, n) for n in ("order", "white_balance", "color_curve", "saturation", "exposure")], "x")


def test_indexing_joining_and_repeating(recipe):
    assert same(Recipe.cat([recipe[0], recipe[1:]]), recipe)
    assert same(recipe[-1], recipe[4:])
    assert same(recipe.repeat_interleave(2)[1::2], recipe)
    assert len(recipe[torch.tensor([True, False, True, False, False])]) == 2
    with pytest.raises(ValueError, match="blends"):
        Recipe.cat([recipe, Recipe.from_dict(recipe.to_dict() | {"blend": "each"})])
    with pytest.raises(IndexError):
        recipe[5]


def test_without_color_keeps_tone_and_leaves_grey_grey(recipe):
    toned = recipe.without_color()
    assert torch.equal(toned.exposure, recipe.exposure) and torch.equal(toned.order, recipe.order)
    assert bool((toned.saturation == 1).all()) and bool((toned.white_balance == 1).all())
    assert torch.equal(toned.color_curve[:, 0], toned.color_curve[:, 2]) and toned.blend == recipe.blend
    expected = recipe.color_curve.numpy().prod(axis=1) ** (1 / 3)
    torch.testing.assert_close(toned.color_curve[:, 1].numpy(), expected, rtol=1e-5, atol=0)
    again = toned.without_color()
    torch.testing.assert_close(again.color_curve, toned.color_curve)


def test_there_are_24_orders_and_random_ones_are_uniform():
    assert len({tuple(row) for row in all_orders().tolist()}) == 24
    drawn = random_orders(24000, torch.Generator().manual_seed(0))
    assert drawn.sort(dim=1).values.unique(dim=0).tolist() == [[0, 1, 2, 3]]
    counts = drawn.unique(dim=0, return_counts=True)[1]
    assert len(counts) == 24 and counts.min() > 850 and counts.max() < 1150


def test_orders_are_read_from_text():
    assert parse_order("3,1,0,2") == parse_order((3, 1, 0, 2)) == (3, 1, 0, 2)
    for wrong in ("best", "0,1,2", "0,1,2,2", "0,1,2,4", "", (0, 1)):
        with pytest.raises(InputError, match="best_realism"):
            parse_order(wrong)
