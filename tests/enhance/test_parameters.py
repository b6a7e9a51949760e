"""29 free numbers and a recipe: bounds, the inverse, and the identity."""
import pytest
import torch

from realistic_editing.enhance.parameters import FREE, bounded, free, unchanged
from realistic_editing.ops import RANGES, Recipe, apply, random_orders
from realistic_editing.ops.recipe import PARAMETERS

GENERATOR = torch.Generator().manual_seed(0)


def test_any_numbers_give_a_recipe_inside_the_ranges():
    recipe = bounded(random_orders(5), 20 * torch.randn(5, FREE, generator=GENERATOR))
    assert FREE == 29
    for name in PARAMETERS:
        low, high = RANGES[name]
        value = getattr(recipe, name)
        assert ((value >= low) & (value <= high)).all(), name
    assert bounded(random_orders(1), torch.zeros(1, FREE, dtype=torch.float16)).exposure.dtype == torch.float32


def test_the_inverse_gives_the_same_edit():
    recipe = bounded(random_orders(6, GENERATOR), torch.randn(6, FREE, generator=GENERATOR))
    again = bounded(recipe.order, free(recipe))
    image = torch.rand(6, 3, 4, 4, generator=GENERATOR)
    everywhere = torch.ones(6, 1, 4, 4)
    # White balance and curves are told up to scale, so pictures are compared and not numbers.
    torch.testing.assert_close(apply(image, everywhere, again), apply(image, everywhere, recipe), atol=1e-5, rtol=0)


def test_unchanged_is_the_identity_and_can_move():
    order = random_orders(2, GENERATOR)
    logits = unchanged(order).requires_grad_(True)
    image = torch.rand(2, 3, 4, 4, generator=GENERATOR)
    edited = apply(image, torch.ones(2, 1, 4, 4), bounded(order, logits))
    torch.testing.assert_close(edited, image, atol=1e-6, rtol=0)
    edited.square().sum().backward()
    assert (logits.grad.abs() > 0).all()


def test_the_ends_of_the_ranges_stay_finite():
    ends = {name: torch.tensor(RANGES[name]) for name in ("saturation", "exposure")}
    recipe = Recipe(torch.tensor([[0, 1, 2, 3]] * 2), torch.ones(2, 3), torch.ones(2, 3, 8), **ends)
    logits = free(recipe)
    assert logits.isfinite().all()
    torch.testing.assert_close(bounded(recipe.order, logits).exposure, recipe.exposure, atol=0.01, rtol=0)


@pytest.mark.parametrize("name", ["white_balance", "color_curve"])
def test_a_common_scale_means_nothing(name):
    order = torch.tensor([[3, 1, 0, 2]])
    recipe = bounded(order, torch.randn(1, FREE, generator=GENERATOR))
    scaled = Recipe(order, **{n: getattr(recipe, n) * (0.9 if n == name else 1) for n in PARAMETERS})
    torch.testing.assert_close(free(scaled), free(recipe), atol=1e-4, rtol=0)
