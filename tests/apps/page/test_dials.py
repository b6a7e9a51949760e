"""An edit in a photographer's units and back."""
import dataclasses

import pytest
import torch

from realistic_editing.apps.page.dials import DECIMALS, Dials, compared, in_words, read_dials, turned
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
    wanted = Dials(exposure=-0.5, saturation=-30, temperature=30, tint=-10, shadows=4, midtones=-4, highlights=-2)
    for recipe in (Recipe.identity(all_orders()[5:6]), recipes[0], recipes[7]):
        edit = turned(recipe, wanted)
        assert dataclasses.astuple(read_dials(edit)) == pytest.approx(dataclasses.astuple(wanted), abs=0.11)
        image = torch.full((1, 3, 1, 1), 0.4)
        assert torch.allclose(operators.exposure(image, edit.exposure), image / 2**0.5)
        balanced = operators.white_balance(image, edit.white_balance)[0, :, 0, 0]  # red +20 / 200 stops, blue -40 / 200
        assert torch.allclose(balanced, 0.4 * 2 ** torch.tensor([0.1, 0.0, -0.2]), atol=0.4 * 0.0035 * 1.01)
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


@pytest.mark.parametrize("bad", [{"saturation": -101.0}, {"temperature": 2000.0}, {"exposure": float("nan")}])
def test_what_is_no_edit_is_refused(bad):
    (name, value), nothing = next(iter(bad.items())), Recipe.identity(all_orders()[:1])
    with pytest.raises(InputError, match=f"{name} is {value}"):
        turned(nothing, Dials(**bad))


def test_warmer_is_more_red_and_less_blue_and_magenta_is_more_of_both():
    grey, nothing = torch.full((1, 3, 1, 1), 0.4), Recipe.identity(all_orders()[:1])
    warm, pink = (
        operators.white_balance(grey, turned(nothing, dials).white_balance)[0, :, 0, 0]
        for dials in (Dials(temperature=100), Dials(tint=100))
    )
    assert torch.allclose(warm, 0.4 * 2 ** torch.tensor([0.5, 0.0, -0.5]))
    assert torch.allclose(pink, 0.4 * 2 ** torch.tensor([0.5, 0.0, 0.5]))


def test_an_edit_is_said_in_a_photographers_words_the_strongest_first():
    assert in_words(Dials(exposure=-0.5, saturation=-16, temperature=12)) == "darker, less colour, warmer"
    assert in_words(Dials(shadows=4, tint=-30)) == "greener, lighter shadows" and in_words(Dials()) == "hardly any change"
    one, other = Dials(exposure=-0.5, saturation=-16), Dials(exposure=-0.2, saturation=-14)
    assert compared(one, other) == "darker" and compared(other, one) == "lighter"
    assert compared(Dials(exposure=0.05), Dials()) == "a little lighter" and compared(one, one) == "much the same"
