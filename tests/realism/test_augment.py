"""What training samples may go through: recoloured things, degraded files, other tones and masks."""
import cv2
import numpy as np
import pytest

from realistic_editing.realism.augment import (
    ANY_COLOR,
    DEGRADATIONS,
    FIXED_COLOR,
    Degradation,
    turn_hue,
    vary_mask,
    vary_tone,
)


@pytest.fixture
def photo():
    return np.random.default_rng(0).uniform(0.4, 0.55, (40, 60, 3)).astype(np.float32)


def test_no_category_is_of_both_kinds():
    assert not FIXED_COLOR & ANY_COLOR and {1, 24, 52} <= FIXED_COLOR and {3, 28, 33} <= ANY_COLOR


def test_turning_hue_keeps_lightness_grey_and_the_outside(photo):
    mask = np.zeros(photo.shape[:2], np.float32)
    mask[:, :30] = 1
    turned = turn_hue(photo, mask, 1.0)
    before, after = (cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB) for pixels in (photo, turned))
    np.testing.assert_array_equal(turned[:, 30:], photo[:, 30:])
    np.testing.assert_allclose(after[..., 0], before[..., 0], atol=0.5)
    angle = np.arctan2(after[..., 2], after[..., 1]) - np.arctan2(before[..., 2], before[..., 1])
    colorful = np.hypot(before[..., 1], before[..., 2]) > 8
    np.testing.assert_allclose(np.angle(np.exp(1j * (angle - 1.0)))[:, :30][colorful[:, :30]], 0, atol=0.05)
    grey = np.full_like(photo, 0.5)
    np.testing.assert_allclose(turn_hue(grey, mask, 2.0), grey, atol=0.004)
    np.testing.assert_allclose(turn_hue(photo, mask, 0.0), photo, atol=0.004)


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_degradations_are_slight_repeatable_and_do_something(photo, kind):
    photo = cv2.GaussianBlur(photo, (9, 9), 0)
    degradation = Degradation(kind, quality=60, scale=0.5, noise=0.02, seed=3)
    once, again = degradation.apply(photo), degradation.apply(photo)
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.float32 and once.shape == photo.shape and once.min() >= 0 and once.max() <= 1
    assert np.abs(once - photo).mean() < 0.03
    assert (kind == "none") == np.array_equal(once, photo)


def test_all_kinds_are_drawn():
    generator = np.random.default_rng(0)
    assert {Degradation.sample(generator).kind for _ in range(200)} == set(DEGRADATIONS)


def test_tones_and_masks_vary_for_a_share(photo):
    generator = np.random.default_rng(1)
    mask = np.zeros((64, 64), np.float32)
    mask[20:44, 20:44] = 1
    tones = [vary_tone(photo, generator) for _ in range(60)]
    masks = [vary_mask(mask, generator) for _ in range(60)]
    assert 15 < sum(np.array_equal(tone, photo) for tone in tones) < 50
    assert 20 < sum(np.array_equal(one, mask) for one in masks) < 55
    assert {float(np.sign(one.sum() - mask.sum())) for one in masks} == {-1.0, 0.0, 1.0}
    assert all(tone.dtype == np.float32 and tone.min() >= 0 and tone.max() <= 1 for tone in tones)
    dot = np.zeros((64, 64), np.float32)
    dot[30:34, 30:34] = 1  # too small to lose anything
    assert all(vary_mask(dot, generator).sum() >= 16 for _ in range(60))
