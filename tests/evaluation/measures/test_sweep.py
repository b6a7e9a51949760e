"""Edits by one parameter: identity, known values, untouched surroundings; the fast path against the plain one."""
import pytest
import torch

from realistic_editing.evaluation.measures import sweep
from realistic_editing.ops import PRESETS, apply, sample_recipe

GENERATOR = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 24, 32, generator=GENERATOR)
MASK = torch.zeros(1, 1, 24, 32)
MASK[..., 8:16, 10:22] = 1
INSIDE = MASK[0, 0] > 0


@pytest.mark.parametrize(("name", "rest"), [("exposure", 1.0), ("saturation", 1.0), ("contrast", 1.0), ("fading", 0.0)])
def test_the_resting_factor_changes_nothing_and_others_only_the_region(name, rest):
    torch.testing.assert_close(sweep.SWEPT_EDITS[name](IMAGE, MASK, rest), IMAGE)
    edited = sweep.SWEPT_EDITS[name](IMAGE, MASK, 0.5)
    assert torch.equal(edited[..., ~INSIDE], IMAGE[..., ~INSIDE]) and not torch.allclose(edited, IMAGE)
    assert edited.min() >= 0 and edited.max() <= 1


def test_known_values():
    inside = IMAGE[..., INSIDE]
    torch.testing.assert_close(sweep.edit_exposure(IMAGE, MASK, 0.5)[..., INSIDE], inside / 2)
    grey = sweep.edit_saturation(IMAGE, MASK, 0.0)[..., INSIDE]
    torch.testing.assert_close(grey, inside.amax(dim=1, keepdim=True).expand_as(grey))
    flat = sweep.edit_contrast(IMAGE, MASK, 0.0)[..., INSIDE]
    torch.testing.assert_close(flat, inside.mean(dim=2, keepdim=True).expand_as(flat))
    middle = sweep.edit_contrast(IMAGE, MASK, 0.5)[..., INSIDE]
    torch.testing.assert_close(middle.std(dim=2), inside.std(dim=2) / 2)


def test_fading_ends_at_the_colour_around():
    image = torch.zeros(1, 3, 24, 32)
    image[:, 0] = 0.8  # red all around
    image[:, :, INSIDE] = torch.tensor([0.0, 0.0, 1.0])[None, :, None]
    torch.testing.assert_close(sweep.edit_fading(image, MASK, 1.0)[0, :, 12, 15], torch.tensor([0.8, 0.0, 0.0]))
    torch.testing.assert_close(sweep.edit_fading(image, MASK, 0.5)[0, :, 12, 15], torch.tensor([0.4, 0.0, 0.5]))


def test_a_region_without_surroundings_has_nothing_to_fade_to():
    assert torch.equal(sweep.edit_fading(IMAGE, torch.ones_like(MASK), 1.0), IMAGE)


def test_the_fast_path_is_apply():
    recipe = sample_recipe(PRESETS["released"].fake, 6, torch.Generator().manual_seed(1))
    soft = MASK * torch.rand(MASK.shape, generator=GENERATOR)
    want = apply(IMAGE.expand(6, -1, -1, -1), soft.expand(6, -1, -1, -1), recipe)
    torch.testing.assert_close(sweep.edit(IMAGE, soft, recipe), want, atol=1e-5, rtol=0)


class Brightness(torch.nn.Module):
    """Scores and maps that can be computed by hand: the mean value in the mask, and the value of each pixel."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image, mask=None):
        value = image.mean(dim=1, keepdim=True)
        return value if mask is None else (value * mask).sum(dim=(1, 2, 3)) / mask.sum(dim=(1, 2, 3))


def test_judges_by_hand():
    image = torch.full((1, 3, 24, 32), 0.4)
    edited = torch.cat([sweep.edit_exposure(image, MASK, factor) for factor in (0.5, 1.0, 1.5) * 4])
    dr = sweep.realism_judge(Brightness())(image, MASK, edited)
    torch.testing.assert_close(dr, torch.tensor([-0.2, 0.0, 0.2] * 4))
    change = sweep.saliency_judge(Brightness())(image, MASK, edited)
    torch.testing.assert_close(change, torch.tensor([-0.5, 0.0, 0.5] * 4), atol=1e-5, rtol=0)
