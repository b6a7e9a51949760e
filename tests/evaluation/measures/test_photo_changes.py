"""What an edit did: the rule for soft masks, saliency by hand, SSIM, and that what lies outside stays outside."""
import math

import numpy as np
import pytest
import torch

from realistic_editing.data.mechrez import INPUT_NAME, read_mechrez
from realistic_editing.data.pixels import read_grey, resize
from realistic_editing.data.regions import read_region
from realistic_editing.evaluation.measures.photo_changes import (
    photo_changes,
    saliency_changes,
    seam,
    ssim,
    ssim_outside,
    zone_means,
)

SIDE = 48


@pytest.fixture
def image():
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def mask():
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., 12:30, 14:34] = 1
    return mask


def row(*values):
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_the_rule_for_soft_masks_by_hand():
    inside, outside = zone_means(row(1.0, 2.0, 4.0), row(1.0, 0.5, 0.0))
    assert inside == pytest.approx((1 + 0.5 * 2) / 1.5)
    assert outside == pytest.approx((0.5 * 2 + 4) / 1.5)


def test_a_zone_that_holds_nothing_has_no_mean():
    inside, outside = zone_means(row(1.0, 3.0), row(1.0, 1.0))
    assert inside == 2 and math.isnan(outside)


def test_saliency_by_hand():
    found = saliency_changes(row(0.2, 0.4, 0.5), row(0.3, 0.4, 0.3), row(1.0, 1.0, 0.0))
    assert found["mean_relative_gain"] == pytest.approx((0.1 / 0.2 + 0) / 2, rel=1e-5)
    assert found["gain_of_mean"] == pytest.approx(0.35 / 0.3 - 1, rel=1e-3)
    assert found["difference"] == pytest.approx(0.05)
    assert found["contrast"] == pytest.approx(0.05 - (0.3 - 0.5))


def test_saliency_of_no_edit_and_of_its_opposite(mask):
    before, after = (torch.rand(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert set(saliency_changes(before, before, mask).values()) == {0.0}
    there, back = saliency_changes(before, after, mask), saliency_changes(after, before, mask)
    for name in ("difference", "contrast"):
        assert there[name] == pytest.approx(-back[name])


def test_a_map_of_0_makes_no_infinite_change(mask):
    nothing, some = torch.zeros(1, 1, SIDE, SIDE), torch.full((1, 1, SIDE, SIDE), 0.1)
    assert all(map(math.isfinite, saliency_changes(nothing, some, mask).values()))
    assert saliency_changes(nothing, nothing, mask)["gain_of_mean"] == 0


def test_ssim_is_1_for_the_same_symmetric_and_bounded(image):
    other = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(ssim(image, image), torch.ones(1, 1, SIDE, SIDE, dtype=torch.float64))
    torch.testing.assert_close(ssim(image, other), ssim(other, image))
    assert ssim(image, other).abs().max() <= 1 and ssim(image, 1 - image).mean() < 0


def test_ssim_of_two_greys_by_hand():
    # Without variance only the term of the means is left.
    grey, lighter = torch.full((1, 3, 20, 20), 0.5), torch.full((1, 3, 20, 20), 0.6)
    expected = (2 * 0.5 * 0.6 + 1e-4) / (0.5**2 + 0.6**2 + 1e-4)
    assert ssim(grey, lighter)[0, 0, 10, 10].item() == pytest.approx(expected, rel=1e-6)


def test_ssim_of_less_contrast_by_hand():
    # The same mean, contrast c: (2 c s + C2) / (s + c^2 s + C2) with s the variance, large beside C2 in this checkerboard.
    board = (torch.arange(40)[:, None] + torch.arange(40)).remainder(2).float().expand(1, 3, 40, 40)
    weaker = 0.5 + 0.5 * (board - 0.5)
    found = ssim(board, weaker)[0, 0, 20, 20].item()
    assert found == pytest.approx((2 * 0.5 * 0.25 + 9e-4) / (0.25 + 0.25 * 0.25 + 9e-4), rel=1e-3)


def test_an_edit_inside_changes_nothing_outside(image, mask):
    found = photo_changes(image, torch.where(mask > 0, 0.5 * image, image), mask)
    assert found["delta_e_outside"] == 0 and found["ssim_outside"] == 1
    assert found["delta_e_inside"] > 5


def test_an_edit_outside_is_seen_outside(image, mask):
    found = photo_changes(image, torch.where(mask > 0, image, 0.5 * image), mask)
    assert found["delta_e_inside"] == 0 and found["delta_e_outside"] > 5 and found["ssim_outside"] < 0.9


def test_no_edit_is_0_everywhere(image, mask):
    assert photo_changes(image, image, mask) == {
        "delta_e_inside": 0, "delta_e_outside": 0, "ssim_outside": pytest.approx(1), "seam": 0
    }  # fmt: skip


def test_a_mask_over_all_has_no_outside(image):
    found = photo_changes(image, 0.5 * image, torch.ones(1, 1, SIDE, SIDE))
    assert math.isnan(found["delta_e_outside"]) and math.isnan(found["ssim_outside"]) and found["seam"] == 0


def test_windows_that_touch_the_region_count_for_nothing(image, mask):
    edited = image.clone()
    edited[..., 8:12, 14:34] = 0  # outside, but within reach of windows on the region
    assert ssim_outside(image, edited, mask) < 1
    edited[..., 8:12, 14:34] = image[..., 8:12, 14:34]
    edited[..., 12:30, 14:34] = 0
    assert ssim_outside(image, edited, mask) == pytest.approx(1, abs=1e-12)


def test_a_seam_grows_with_the_step_and_lies_at_the_border(mask):
    flat = torch.full((1, 3, SIDE, SIDE), 0.4)
    small, large = (seam(flat, flat + step * mask, mask) for step in (0.1, 0.3))
    assert 0 < small < large
    inner = torch.zeros_like(mask)
    inner[..., 18:24, 20:28] = 1  # a step, but not along the mask's border
    assert seam(flat, flat + 0.3 * inner, mask) == 0
    assert seam(flat + 0.3 * mask, flat, mask) == 0  # a step that an edit takes away is no seam
    assert seam(flat, flat + 0.3 * mask, mask, thing=mask) == 0  # nor one along the thing's own border
    assert seam(flat, flat + 0.3 * mask, mask, thing=inner) == seam(flat, flat + 0.3 * mask, mask) > 0


def test_a_seam_by_hand():
    black, mask = torch.zeros(1, 3, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    mask[..., SIDE // 2 :] = 1
    # Black beside white: lightness grows by 100 in one column of the band, which has `width` columns on either side.
    assert seam(black, black + mask, mask) == pytest.approx(100 / 4, rel=1e-4)
    assert seam(black, black + mask, mask, width=1) == pytest.approx(100 / 2, rel=1e-4)
    # Where the photo has half that step already, it grows by the other half: grey of lightness 50 is 0.4663 in sRGB.
    grey = black + 0.4663 * mask
    assert seam(grey, black + mask, mask) == pytest.approx(50 / 4, rel=1e-2)


# Part -> method -> the median change of the published maps inside the mask, and the share of photos whose contrast rose, as
# measured once from the set's own saliency maps.
PUBLISHED = {
    "object_enhancement": {"mec": (0.159, 0.93), "ohr": (0.048, 0.84), "wrs": (0.029, 0.61), "hag": (0.049, 0.95)},
    "saliency_shift": {"mec": (0.316, 1.00), "ohr": (0.057, 0.84), "wrs": (0.040, 0.53), "hag": (0.160, 1.00)},
    "distractors_attenuation": {"mec": (-0.203, 0.00), "ohr": (0.026, 0.80), "wrs": (0.019, 0.60)},
}


@pytest.mark.parametrize("part", PUBLISHED)
def test_the_rule_finds_what_the_published_maps_say(part, mechrez_root):
    found = {method: [] for method in PUBLISHED[part]}
    for photo in read_mechrez(mechrez_root, part):
        before = read_grey(photo.pca_saliency[INPUT_NAME])
        mask = resize(read_region(photo.region)[1], before.shape)
        for method, changes in found.items():
            after = resize(read_grey(photo.pca_saliency[method]), before.shape)
            changes.append(saliency_changes(*(torch.from_numpy(array)[None, None] / 255 for array in (before, after, mask))))
    for method, (median, share) in PUBLISHED[part].items():
        assert np.median([change["difference"] for change in found[method]]) == pytest.approx(median, abs=1.2e-3)
        assert np.mean([change["contrast"] > 0 for change in found[method]]) == pytest.approx(share, abs=0.006)
