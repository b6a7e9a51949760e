"""What a region loses by an edit: its shading, and the contrast between its pixels."""
import dataclasses

import pytest
import torch

from realistic_editing.enhance.terms import flattened, least_change, logit_change, lost_contrast, lost_shading, tinted_greys
from realistic_editing.ops import Recipe, apply


def test_grey_takes_the_contrast_between_hues_that_darkening_keeps():
    image = torch.full((1, 3, 8, 8), 0.9)
    image[:, 1:, :, ::2], image[:, 1:, :, 1::2] = 0.1, 0.4  # red in two strengths, of one greatest channel
    recipe = Recipe.identity(torch.tensor([[3, 0, 1, 2]] * 2))
    recipe = dataclasses.replace(recipe, saturation=torch.tensor([0.5, 1.0]), exposure=torch.tensor([1.0, 0.5]))
    both, inside = image.expand(2, -1, -1, -1), torch.ones(2, 1, 8, 8)
    grey, dark = lost_contrast(both, apply(both, inside, recipe), inside)
    assert float(grey) > 0.3 and float(dark) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(("left", "right", "inside"), [(0.5, 0.0, 1.0), (0.5, 0.5, 1.0), (0.0, 0.0, 1.0), (0.5, 0.2, 0.0)])
def test_the_slope_of_lost_contrast_is_finite_at_black_where_nothing_differs_and_without_a_region(left, right, inside):
    image = torch.full((1, 3, 4, 4), right)
    image[..., :2] = left
    edited = (image * 0.5).requires_grad_()
    lost = lost_contrast(image, edited, torch.full((1, 1, 4, 4), inside))
    lost.sum().backward()
    assert lost.isfinite().all() and edited.grad.isfinite().all()


def test_greys_are_tinted_by_what_they_gain_and_not_by_what_they_lose():
    image, mask = torch.full((1, 3, 8, 8), 0.8), torch.ones(1, 1, 8, 8)
    mint = image * torch.tensor([0.9, 1.0, 0.97])[:, None, None]
    gained, lost = (float(tinted_greys(*pair, mask)) for pair in ((image, mint), (mint, image)))
    assert gained > 5 and lost == pytest.approx(0, abs=0.01)
    assert float(tinted_greys(image, image * 0.5, mask)) == pytest.approx(0, abs=0.01)  # darker, and as grey
    red = torch.tensor([0.8, 0.1, 0.1])[:, None, None].expand_as(image)
    assert float(tinted_greys(red, red * torch.tensor([0.5, 1.0, 1.0])[:, None, None], mask)) == 0  # was none
    outside = torch.where(torch.arange(8) < 4, red, image)
    assert float(tinted_greys(outside, torch.where(torch.arange(8) < 4, red, mint), (torch.arange(8) < 4) * mask)) == 0
    edited = torch.zeros_like(image).requires_grad_()
    tinted_greys(torch.zeros_like(image), edited, mask).sum().backward()
    assert edited.grad.isfinite().all()


def shading_lost(image, **changes):
    recipe = dataclasses.replace(Recipe.identity(torch.tensor([[3, 0, 1, 2]])), **changes)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    return float(lost_shading(image, mask, recipe).mean())


def test_exposure_and_grey_keep_the_shading_of_a_region():
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    assert shading_lost(image) == pytest.approx(0, abs=1e-4)
    for shade in (1.0, 0.2):
        assert shading_lost(image * shade, exposure=torch.tensor([0.5])) == pytest.approx(0, abs=1e-3)
    assert shading_lost(image, saturation=torch.tensor([0.0])) == pytest.approx(0, abs=1e-4)


def test_black_has_no_shading_to_lose():
    image = torch.zeros(1, 3, 8, 8)
    image[..., ::2, :] = 0.5
    assert shading_lost(image) == 0


def test_a_channel_that_ends_on_the_way_takes_the_shading_though_the_result_is_not_white():
    red = torch.tensor([0.8, 0.16, 0.3])[None, :, None, None].expand(1, 3, 8, 8)
    clipped = {"exposure": torch.tensor([3.0]), "saturation": torch.tensor([0.0])}
    assert shading_lost(red, saturation=torch.tensor([0.0])) == 0
    assert 0.1 < shading_lost(red, **clipped) <= 1
    outside = red.clone()
    outside[..., :4] = 0.2  # what is red lies beside the region
    assert shading_lost(outside, **clipped) == 0


def test_shading_weighs_by_the_mask_of_each_photo():
    red, grey = torch.tensor([0.8, 0.16, 0.3])[None, :, None, None].expand(1, 3, 8, 8), torch.full((1, 3, 8, 8), 0.2)
    half = grey.clone()
    half[..., :4, :] = red[..., :4, :]
    recipe = dataclasses.replace(
        Recipe.identity(torch.tensor([[3, 0, 1, 2]] * 3)), exposure=torch.full((3,), 3.0), saturation=torch.zeros(3)
    )
    lost = flattened(lost_shading(torch.cat([grey, half, red]), torch.ones(3, 1, 8, 8), recipe))
    assert lost[0] == 0
    assert float(lost[1]) == pytest.approx(float(lost[2]) / 2, rel=0.02)


def test_the_slope_of_lost_shading_is_finite_at_black_and_white():
    image = torch.cat([torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)])
    exposure = torch.tensor([1.5, 1.5], requires_grad=True)
    recipe = dataclasses.replace(Recipe.identity(torch.tensor([[3, 0, 1, 2]] * 2)), exposure=exposure)
    lost = lost_shading(image, torch.ones(2, 1, 4, 4), recipe)
    lost.sum().backward()
    assert lost.isfinite().all() and exposure.grad.isfinite().all()


def test_the_guard_goes_by_logits_and_by_realism_itself_where_evidence_makes_most_of_it():
    before = torch.tensor([0.02, 0.5, 0.8, 0.99])
    least = least_change(before, -0.25)
    torch.testing.assert_close(least[1:3], torch.tensor([-0.1, -0.1]))
    torch.testing.assert_close(logit_change(before, least)[[0, 3]], torch.tensor([-0.25, -0.25]), rtol=1e-3, atol=0)
    assert (least[[0, 3]] > -0.1).all() and float(least_change(before, 0.0).abs().max()) < 1e-12
