"""An edit over time: its ends, its middle, its smoothness, and its fading."""
import pytest
import torch

from realistic_editing.enhance.timeline import Timeline, ramp
from realistic_editing.ops import Recipe, apply
from realistic_editing.ops.sampling import get_preset, sample_recipe


def drawn(count):
    """Edits of one order."""
    recipe = sample_recipe(get_preset("paper").fake, count, torch.Generator().manual_seed(0))
    order = recipe.order[:1].expand(count, 4).clone()
    return Recipe(order, recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure)


def test_one_edit_stays_itself():
    recipe = drawn(1)
    image, mask = torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    for frame in (0, 7, 5000):
        assert torch.allclose(apply(image, mask, Timeline((3,), recipe).at(frame)), apply(image, mask, recipe), atol=1e-5)
    assert torch.allclose(apply(image, mask, Timeline((3,), recipe).at(9, 0.0)), image, atol=1e-5)


def test_half_way_is_half_the_stops():
    recipe = Recipe.identity(torch.tensor([[3, 1, 0, 2]] * 2))
    recipe = Recipe(recipe.order, recipe.white_balance, recipe.color_curve, recipe.saturation, torch.tensor([1.0, 2.0]))
    timeline = Timeline((0, 10), recipe, 10.0)
    assert timeline.at(5).exposure.item() == pytest.approx(2**0.5, abs=1e-5)
    assert timeline.at(0).exposure.item() < timeline.at(5).exposure.item() < timeline.at(10).exposure.item()


def test_it_is_smooth_and_stays_between_the_edits():
    recipe = drawn(6)
    timeline = Timeline(tuple(range(0, 60, 10)), recipe, 10.0)
    for value in ("exposure", "saturation"):
        values = torch.cat([getattr(timeline.at(frame), value) for frame in range(-20, 90)])
        low, high = getattr(recipe, value).aminmax()
        bend = (values[2:] - 2 * values[1:-1] + values[:-2]).abs().max()
        assert bend < 0.02 * (high - low) and values.min() >= low and values.max() <= high


def test_scales_that_mean_nothing_do_not_count():
    recipe = drawn(2)
    scaled = Recipe(recipe.order, recipe.white_balance * torch.tensor([[1.0], [9.0]]), recipe.color_curve, recipe.saturation,
                    recipe.exposure)  # fmt: skip
    image, mask = torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    one, other = (apply(image, mask, Timeline((0, 4), each, 4.0).at(2)) for each in (recipe, scaled))
    assert torch.allclose(one, other, atol=1e-5)


def test_what_has_no_half_way_is_refused():
    recipe = Recipe.identity(torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0]]))
    with pytest.raises(ValueError, match="differ in their order"):
        Timeline((0, 1), recipe)
    with pytest.raises(ValueError, match="1 moments and 2 edits"):
        Timeline((0,), recipe)


def test_fading():
    assert ramp(5, None) == 1 and ramp(30, 30) == 0 and ramp(40, 30) == 0 and ramp(18, 30) == 1
    assert ramp(24, 30) == pytest.approx(0.5)
    values = [ramp(frame, 30) for frame in range(15, 33)]
    assert values == sorted(values, reverse=True)
