"""Recipes applied to batches: orders, masks, both blends, gradients."""
import dataclasses

import pytest
import torch

from realistic_editing.ops import PRESETS, Recipe, all_orders, apply, operators, sample_recipe
from realistic_editing.ops.apply import apply_inside

FUNCTIONS = [operators.white_balance, operators.color_curve, operators.saturation, operators.exposure]


def step_by_step(image, mask, recipe):
    """The definition, one sample and one operator at a time."""
    parameters = [recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure]
    results = []
    for i in range(len(recipe)):
        original = now = image[i : i + 1]
        for operator in recipe.order[i].tolist():
            edited = FUNCTIONS[operator](now, parameters[operator][i : i + 1]).clamp(0, 1)
            now = (1 - mask[i : i + 1]) * now + mask[i : i + 1] * edited if recipe.blend == "each" else edited
        results.append(now if recipe.blend == "each" else (1 - mask[i : i + 1]) * original + mask[i : i + 1] * now)
    return torch.cat(results)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(24, 3, 9, 11, generator=generator)
    mask = torch.rand(24, 1, 9, 11, generator=generator)
    mask[..., :3, :] = 0
    mask[..., 6:, :] = 1
    recipe = sample_recipe(PRESETS["released"].fake, 24, generator)
    return image, mask, recipe


@pytest.mark.parametrize("blend", ["final", "each"])
def test_all_24_orders_in_one_batch_follow_the_definition(batch, blend):
    image, mask, recipe = batch
    recipe = Recipe(
        all_orders(), recipe.white_balance, recipe.color_curve, recipe.saturation, recipe.exposure, blend=blend
    )
    torch.testing.assert_close(apply(image, mask, recipe), step_by_step(image, mask, recipe), atol=2e-6, rtol=0)


@pytest.mark.parametrize("blend", ["final", "each"])
@pytest.mark.parametrize("order", all_orders().tolist()[::5])
def test_edits_of_one_order_are_the_same_bits_as_among_others(batch, blend, order):
    image, mask, recipe = batch
    few = Recipe.from_dict(recipe[:4].to_dict() | {"order": [order] * 4, "blend": blend})
    other = Recipe.from_dict(recipe[:1].to_dict() | {"order": [order[::-1]], "blend": blend})
    few.exposure.requires_grad_(True)
    alone = apply(image[:4], mask[:4], few)
    among = apply(image[[0, 1, 2, 3, 0]], mask[[0, 1, 2, 3, 0]], Recipe.cat([few, other]))[:4]
    assert torch.equal(alone, among)
    slopes = [torch.autograd.grad(edited.square().sum(), few.exposure)[0] for edited in (alone, among)]
    torch.testing.assert_close(*slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("blend", ["final", "each"])
def test_outside_the_mask_nothing_changes_by_a_bit(batch, blend):
    image, mask, recipe = batch
    recipe = Recipe.from_dict(recipe.to_dict() | {"blend": blend})
    edited = apply(image, mask, recipe)
    assert torch.equal(edited[..., :3, :], image[..., :3, :])
    assert not torch.equal(edited[..., 6:, :], image[..., 6:, :])
    assert edited.min() >= 0 and edited.max() <= 1


def test_blends_agree_on_hard_masks_and_differ_on_soft_ones(batch):
    image, mask, recipe = batch
    each = Recipe.from_dict(recipe.to_dict() | {"blend": "each"})
    hard = mask.round()
    torch.testing.assert_close(apply(image, hard, recipe), apply(image, hard, each), atol=1e-6, rtol=0)
    assert (apply(image, mask, recipe) - apply(image, mask, each)).abs().max() > 0.01


def test_it_works_under_vmap_and_of_no_photos(batch):
    image, mask, recipe = batch

    def brightened(exposure):
        return apply(image[:1], mask[:1], dataclasses.replace(recipe[:1], exposure=exposure[None]))

    exposures = torch.tensor([0.5, 1.5])
    wanted = torch.stack([brightened(one) for one in exposures])
    torch.testing.assert_close(torch.func.vmap(brightened)(exposures), wanted)
    orders = torch.stack([recipe.order[:1], recipe.order[1:2]])
    by_order = torch.func.vmap(lambda order: apply(image[:1], mask[:1], dataclasses.replace(recipe[:1], order=order)))(orders)
    torch.testing.assert_close(by_order[0], apply(image[:1], mask[:1], recipe[:1]))
    assert apply_inside(image[:0], mask[:0], recipe[:0]).shape == (0, 3, 9, 11)


def test_order_matters(batch):
    image, mask, recipe = batch
    other = Recipe.from_dict(recipe.to_dict())
    other = Recipe(recipe.order.flip(1), other.white_balance, other.color_curve, other.saturation, other.exposure)
    assert (apply(image, mask, recipe) - apply(image, mask, other)).abs().max() > 0.01


def test_identity_recipe_changes_nothing(batch):
    image, mask, _ = batch
    torch.testing.assert_close(apply(image, mask, Recipe.identity(all_orders())), image, atol=1e-6, rtol=0)


@pytest.mark.parametrize("blend", ["final", "each"])
def test_gradcheck_in_image_mask_and_parameters(blend):
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(2, 3, 2, 2, generator=generator, dtype=torch.float64) * 0.3 + 0.2
    mask = torch.rand(2, 1, 2, 2, generator=generator, dtype=torch.float64)
    order = torch.tensor([[3, 1, 0, 2], [2, 0, 3, 1]])
    values = [
        torch.rand(2, *shape, generator=generator, dtype=torch.float64) * 0.2 + 0.85 for shape in ((3,), (3, 8), (), ())
    ]

    def function(image, mask, *values):
        return apply(image, mask, Recipe(order, *values, blend=blend))

    inputs = [tensor.requires_grad_() for tensor in (image, mask, *values)]
    assert torch.autograd.gradcheck(function, inputs)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_are_finite_at_black_grey_and_white(batch, level):
    image, mask, recipe = batch
    image = torch.full_like(image, level).requires_grad_()
    recipe.exposure.requires_grad_(), recipe.color_curve.requires_grad_()
    apply(image, mask, recipe).square().sum().backward()
    assert image.grad.isfinite().all()
    assert recipe.exposure.grad.isfinite().all() and recipe.color_curve.grad.isfinite().all()


def test_refuses_what_does_not_belong_together(batch):
    image, mask, recipe = batch
    with pytest.raises(ValueError, match="do not belong together"):
        apply(image, mask[:, :, :5], recipe)
    with pytest.raises(ValueError, match="do not belong together"):
        apply(image, mask, recipe[:5])


@pytest.mark.parametrize("area", [0.0, 0.1, 1.0])
def test_only_the_pixels_under_the_mask_need_work(area):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 3, 20, 30, generator=generator)
    mask = torch.rand(3, 1, 20, 30, generator=generator) * (torch.rand(3, 1, 20, 30, generator=generator) < area)
    recipe = sample_recipe(PRESETS["released"].fake, 3, generator)
    exposure = recipe.exposure.clone().requires_grad_(True)
    recipe = dataclasses.replace(recipe, exposure=exposure)
    whole, inside = apply(image, mask, recipe), apply_inside(image, mask, recipe)
    torch.testing.assert_close(inside, whole, atol=1e-6, rtol=0)
    assert torch.equal(inside[mask.expand_as(image) == 0], image[mask.expand_as(image) == 0])
    slopes = [torch.autograd.grad(result.square().sum(), exposure)[0] for result in (whole, inside)]
    torch.testing.assert_close(slopes[1], slopes[0], atol=1e-3, rtol=1e-4)
