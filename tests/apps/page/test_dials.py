"""An edit in a photographer's units and back."""
import dataclasses

import pytest
import torch

from realistic_editing.apps.page.dials import DECIMALS, Dials, read_dials, turned
from realistic_editing.common.errors import InputError
from realistic_editing.enhance.words import describe
from realistic_editing.ops import PRESETS, Recipe, operators, sample_recipe
from realistic_editing.ops.orders import all_orders


@pytest.fixture
def recipes():
    torch.manual_seed(0)
    return sample_recipe(PRESETS["released"].fake, batch=24)


def parameters(recipe):
    return torch.cat([getattr(recipe, name).flatten() for name in ("white_balance", "color_curve", "saturation", "exposure")])


def test_no_edit_reads_as_zero_everywhere():
    nothing = Recipe.identity(all_orders()[:1])
    assert read_dials(nothing) == Dials()
    assert torch.equal(parameters(turned(nothing, Dials())), parameters(nothing))


def test_a_dial_that_is_not_moved_leaves_the_edit_to_the_last_bit(recipes):
    for index in range(24):
        recipe = recipes[index]
        assert torch.equal(parameters(turned(recipe, read_dials(recipe))), parameters(recipe))
        moved = turned(recipe, dataclasses.replace(read_dials(recipe), exposure=0.5))
        same = ("order", "white_balance", "color_curve", "saturation")
        assert all(torch.equal(getattr(moved, name), getattr(recipe, name)) for name in same)
        assert moved.exposure.item() == pytest.approx(2**0.5)


def test_dials_make_the_edit_that_they_say(recipes):
    wanted = Dials(exposure=-0.5, saturation=-30, red=12.5, blue=-8, shadows=4, midtones=-4, highlights=-2)
    for recipe in (Recipe.identity(all_orders()[5:6]), recipes[0], recipes[7]):
        edit = turned(recipe, wanted)
        assert dataclasses.astuple(read_dials(edit)) == pytest.approx(dataclasses.astuple(wanted), abs=0.11)
        image = torch.full((1, 3, 1, 1), 0.4)
        assert torch.allclose(operators.exposure(image, edit.exposure), image / 2**0.5)
        balanced = operators.white_balance(image, edit.white_balance)[0, :, 0, 0]
        assert torch.allclose(balanced, torch.tensor([0.45, 0.4, 0.368]))
        text = "\n".join(describe(edit))
        assert "-0.50 stops" in text and "-30 %" in text and "shadows +4 %, midtones -4 %, highlights -2 %" in text


def test_units_survive_there_and_back(recipes):
    for index in range(24):
        dials = read_dials(recipes[index])
        again = read_dials(turned(Recipe.identity(recipes[index].order), dials))
        for name, places in DECIMALS.items():
            assert getattr(again, name) == pytest.approx(getattr(dials, name), abs=1.01 * 10**-places), name


def test_a_moved_curve_still_rises_and_keeps_its_casts(recipes):
    recipe = recipes[3]
    for shadows, midtones, highlights in ((-12, -25, -25), (25, 25, 12), (25, -25, 0)):
        curve = turned(recipe, Dials(shadows=shadows, midtones=midtones, highlights=highlights)).color_curve
        assert bool((curve > 0).all()) and bool(curve.isfinite().all())
    shown = read_dials(recipe)
    lifted = turned(recipe, dataclasses.replace(shown, midtones=shown.midtones + 2))
    grey = torch.full((1, 3, 1, 1), 0.5)
    rise = operators.color_curve(grey, lifted.color_curve) - operators.color_curve(grey, recipe.color_curve)
    assert torch.allclose(rise, torch.full_like(rise, 0.02), atol=1e-5)


@pytest.mark.parametrize("bad", [{"saturation": -101.0}, {"red": -100.0}, {"exposure": float("nan")}])
def test_what_is_no_edit_is_refused(bad):
    (name, value), nothing = next(iter(bad.items())), Recipe.identity(all_orders()[:1])
    with pytest.raises(InputError, match=f"{name} is {value}"):
        turned(nothing, Dials(**bad))
