"""One turn of the hues inside, apart from those around or towards them; lightness, chroma and background stay."""
import numpy as np
import pytest
import torch

from realistic_editing.baselines import baseline
from realistic_editing.baselines.gamut import lab_to_rgb, rgb_to_lab
from realistic_editing.baselines.ohr import HueRotation, divergence_by_turn
from realistic_editing.evaluation.suites.baseline_agreement.ohr import agreement
from realistic_editing.evaluation.suites.baseline_agreement.pairs import turn


def lch(light, chroma, degrees):
    """One colour, (3,) sRGB."""
    hue = np.deg2rad(degrees)
    lab = torch.tensor([light, chroma * np.cos(hue), chroma * np.sin(hue)], dtype=torch.float32)
    return lab_to_rgb(lab[None, :, None, None] / 100)[0, :, 0, 0].numpy()


def lab(image):
    """(H, W, 3) sRGB in [0, 1] -> (H, W, 3) CIELAB."""
    return 100 * rgb_to_lab(torch.from_numpy(image).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()


@pytest.fixture
def mask():
    mask = np.zeros((40, 60), np.float32)
    mask[10:30, 20:40] = 1
    return mask


def photo(mask, inside, outside):
    """Two hues of the same lightness and chroma: inside the mask, and outside."""
    return np.where(mask[..., None] > 0, lch(60, 25, inside), lch(60, 25, outside)).astype(np.float32)


def hue(image, mask):
    inside = lab(image)[mask > 0].mean(axis=0)
    return np.rad2deg(np.arctan2(inside[2], inside[1])) % 360


def test_divergence_by_hand():
    # Turned by 0, (1, 0, 0, 0) meets (1/2, 1/2, 0, 0): the mean (3/4, 1/4, 0, 0) has 0.5623 nats, less (0 + ln 2) / 2.
    # Turned by 1, the same; turned by 2 and 3 nothing is shared: ln 2.
    apart = divergence_by_turn(np.array([1.0, 0, 0, 0]), np.array([0.5, 0.5, 0, 0]))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert apart == pytest.approx([entropy - np.log(2) / 2] * 2 + [np.log(2)] * 2)


@pytest.mark.parametrize(("inside", "outside"), [(40, 40), (40, 70), (300, 100)])
def test_hues_are_set_opposite_or_alike(mask, inside, outside):
    image = photo(mask, inside, outside)
    for method, task, expected in (
        (HueRotation(), "amplify", outside + 180),
        (HueRotation(), "attenuate", outside + 180),
        (HueRotation("fair"), "amplify", outside + 180),
        (HueRotation("fair"), "attenuate", outside),
    ):
        found = hue(method.change(image, mask, task), mask)
        assert abs((found - expected + 180) % 360 - 180) < 2.5, (method.mode, task)


def test_lightness_and_chroma_stay_and_nothing_changes_outside(mask):
    noise = np.random.default_rng(0).normal(0, 0.03, (40, 60, 3))
    image = (photo(mask, 40, 60) + noise).clip(0, 1).astype(np.float32)
    result = HueRotation().edit(image, mask, "amplify")
    before, after = lab(image)[mask > 0], lab(result)[mask > 0]
    assert np.abs(after[:, 0] - before[:, 0]).max() < 0.1
    change = np.hypot(*after[:, 1:].T) - np.hypot(*before[:, 1:].T)
    assert change.max() < 0.1 and np.median(np.abs(change)) < 0.1  # it only falls, where a colour does not fit
    _, coherence = turn(before, after)
    assert coherence > 0.999
    assert np.array_equal(result[mask == 0], image[mask == 0])


def test_only_the_background_within_reach_counts(mask):
    image = photo(mask, 40, 70)
    image[:, :5] = lch(60, 25, 250)  # 15 pixels away: beyond 0.2 of the diagonal of 72
    assert hue(HueRotation(reach=0.2).change(image, mask, "amplify"), mask) == pytest.approx(250, abs=2.5)
    image[:, :14] = image[:, 46:] = image[:6] = image[34:] = lch(60, 25, 300)
    near, far = (hue(HueRotation(reach=reach).change(image, mask, "amplify"), mask) for reach in (0.05, 1.0))
    assert near == pytest.approx(250, abs=2.5)
    assert far == pytest.approx(185, abs=10)  # as far from 70 as from 300


def test_grey_has_no_hue_to_turn(mask):
    grey = np.full((40, 60, 3), 0.5, np.float32)
    assert np.array_equal(HueRotation().change(grey, mask, "amplify"), grey)
    grey[mask > 0] = lch(60, 25, 40)
    assert np.array_equal(HueRotation().change(grey, mask, "amplify"), grey)
    everywhere = np.ones_like(mask)  # nor is there a background
    assert np.array_equal(HueRotation().change(photo(mask, 40, 70), everywhere, "amplify"), photo(mask, 40, 70))


def test_a_soft_mask_turns_in_part(mask):
    image = photo(mask, 40, 70)
    whole, half = (HueRotation().change(image, part, "amplify") for part in (mask, mask / 2))
    assert np.allclose(half, (image + whole) / 2, atol=1e-5)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="mode is 'better'"):
        baseline("ohr", mode="better")
    with pytest.raises(ValueError, match="sigma 0"):
        HueRotation(sigma=0)


def test_agrees_with_the_published_results(mechrez_root):
    figures, _ = agreement(mechrez_root, limit=16)
    assert figures["turned"] >= 12
    assert figures["hue_error"] <= 30  # 23 over the whole set; the median of any 16 scatters about it
    assert figures["light"] <= 2 and figures["chroma"] <= 2
    assert figures["changed_outside"] == 0
