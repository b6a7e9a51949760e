"""Edits whose effect is known: identity, known values, untouched surroundings."""
import pytest
import torch
from torch.nn import functional as F

from realistic_editing.saliency import known_edits

GENERATOR = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 24, 32, generator=GENERATOR)
MASK = torch.zeros(1, 1, 24, 32)
MASK[..., 8:16, 10:22] = 1
INSIDE = MASK[0, 0] > 0


@pytest.mark.parametrize(("name", "rest"), known_edits.NO_CHANGE.items())
def test_the_resting_factor_changes_nothing_and_others_only_the_region(name, rest):
    torch.testing.assert_close(known_edits.EDITS[name](IMAGE, MASK, rest), IMAGE)
    edited = known_edits.EDITS[name](IMAGE, MASK, 0.5)
    assert torch.equal(edited[..., ~INSIDE], IMAGE[..., ~INSIDE]) and not torch.allclose(edited, IMAGE)
    assert edited.min() >= 0 and edited.max() <= 1


def test_known_values():
    inside = IMAGE[..., INSIDE]
    torch.testing.assert_close(known_edits.edit_exposure(IMAGE, MASK, 0.5)[..., INSIDE], inside / 2)
    grey = known_edits.edit_saturation(IMAGE, MASK, 0.0)[..., INSIDE]
    torch.testing.assert_close(grey, inside.amax(dim=1, keepdim=True).expand_as(grey))
    flat = known_edits.edit_contrast(IMAGE, MASK, 0.0)[..., INSIDE]
    torch.testing.assert_close(flat, inside.mean(dim=2, keepdim=True).expand_as(flat))
    middle = known_edits.edit_contrast(IMAGE, MASK, 0.5)[..., INSIDE]
    torch.testing.assert_close(middle.std(dim=2), inside.std(dim=2) / 2)


def test_fading_ends_at_the_colour_around():
    image = torch.zeros(1, 3, 24, 32)
    image[:, 0] = 0.8  # red all around
    image[:, :, INSIDE] = torch.tensor([0.0, 0.0, 1.0])[None, :, None]
    torch.testing.assert_close(known_edits.edit_fading(image, MASK, 1.0)[0, :, 12, 15], torch.tensor([0.8, 0.0, 0.0]))
    torch.testing.assert_close(known_edits.edit_fading(image, MASK, 0.5)[0, :, 12, 15], torch.tensor([0.4, 0.0, 0.5]))


def test_a_region_without_surroundings_has_nothing_to_fade_to():
    assert torch.equal(known_edits.edit_fading(IMAGE, torch.ones_like(MASK), 1.0), IMAGE)


def test_surroundings_are_a_square_step_from_the_region_whatever_its_shape():
    mask = (torch.rand(2, 1, 50, 60, generator=GENERATOR) > 0.995) * torch.rand(2, 1, 50, 60, generator=GENERATOR)
    assert torch.equal(known_edits.surroundings(mask), F.max_pool2d(mask, 11, stride=1, padding=5) - mask)


def test_camouflage_ends_at_the_mean_and_deviation_around():
    image = 0.5 + 0.05 * torch.randn(1, 3, 24, 32, generator=torch.Generator().manual_seed(1))
    image[:, 0, INSIDE] += 0.3
    hidden = known_edits.edit_camouflage(image, MASK, 1.0)
    ring = known_edits.surroundings(MASK)[0, 0] > 0
    for statistic in (torch.mean, torch.std):
        around = statistic(image[0][:, ring], dim=1)
        torch.testing.assert_close(statistic(hidden[0][:, INSIDE], dim=1), around, atol=2e-3, rtol=0)
    assert torch.equal(known_edits.edit_camouflage(image, torch.ones_like(MASK), 1.0), image)


def test_photos_of_a_batch_are_edited_each_by_its_factor():
    images, factors = torch.cat([IMAGE, IMAGE.flip(3)]), torch.tensor([0.4, 1.3])
    for edit in known_edits.EDITS.values():
        together = edit(images, MASK.expand(2, -1, -1, -1), factors)
        alone = [edit(images[index : index + 1], MASK, float(factors[index])) for index in range(2)]
        torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize("name", known_edits.NEUTRAL)
def test_what_should_not_matter_changes_the_region_alone_and_little(name):
    smooth = torch.nn.functional.avg_pool2d(IMAGE, 7, 1, 3)
    before, after = known_edits.NEUTRAL[name](smooth, MASK, 1 / 3 if name == "hue of grey" else 1.0)
    assert torch.equal(before[..., ~INSIDE], smooth[..., ~INSIDE]) and torch.equal(after[..., ~INSIDE], smooth[..., ~INSIDE])
    assert 0.001 < (after - before)[..., INSIDE].abs().mean() < 0.08


def test_a_turned_hue_keeps_what_the_channels_add_up_to():
    red = torch.tensor([0.5, 0.45, 0.45])[None, :, None, None].expand(1, 3, 24, 32)
    before, after = known_edits.turn_hue_of_grey(red, MASK, 1 / 3)
    turned = before[0, :, 12, 15].roll(1)  # a third of the circle: red's place is green's
    torch.testing.assert_close(after[0, :, 12, 15], turned)
