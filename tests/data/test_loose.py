"""Loose masks: told from those that follow a thing, and mended where that makes them follow it."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_photo
from realistic_editing.data.loose import FADED, LOOSE, REFINED, SOFTENED, firmness, mend_if_loose
from realistic_editing.data.masks import damaged, intersection_over_union
from realistic_editing.data.matte import alpha_matte

DEMO = Path(__file__).parents[2] / "realistic_editing/apps/demo_photo"
TRUE = np.zeros((240, 320), np.uint8)
cv2.ellipse(TRUE, (150, 120), (75, 50), 20, 0, 360, 255, -1)
DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (17, 17))
LOOSE_MASKS = {"grown": cv2.dilate(TRUE, DISC), "shrunk": cv2.erode(TRUE, DISC), "shifted": np.roll(TRUE, (8, 12), (0, 1))}


@pytest.fixture(scope="module")
def photo():
    """A reddish ellipse on green, both with noise."""
    noise = np.random.default_rng(0).normal(0, 8, (*TRUE.shape, 3))
    colours = np.where(TRUE[..., None] > 0, (190, 80, 60), (70, 120, 80))
    return np.clip(cv2.GaussianBlur(colours.astype(np.float32), (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_mask_that_follows_its_thing_stays(photo, dtype):
    levels = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    same, soft = (photo * np.float64(levels)).astype(dtype), cv2.GaussianBlur(TRUE, (0, 0), 1.0)
    for mask in (TRUE, TRUE > 0, soft, 255 - TRUE):
        assert firmness(same, mask) > 2 and mend_if_loose(same, mask) is None


@pytest.mark.parametrize("kind", LOOSE_MASKS)
def test_a_loose_mask_is_mended(photo, kind):
    rough = LOOSE_MASKS[kind]
    mended = mend_if_loose(photo, rough)
    assert firmness(photo, rough) < LOOSE and mended.mask.dtype == np.uint8 and mended.mask.shape == TRUE.shape
    assert intersection_over_union(mended.mask, TRUE) > max(0.9, intersection_over_union(rough, TRUE))
    assert mended.way == REFINED and mended.overlap == intersection_over_union(mended.mask, rough)


@pytest.mark.parametrize(("thing", "seen"), [("cup.png", "coffee.jpg"), ("spoon.png", "coffee.jpg")])
def test_a_jagged_mask_is_mended_and_a_clean_one_stays(thing, seen):
    photo, clean = read_photo(DEMO / seen).srgb, cv2.imread(str(DEMO / thing), cv2.IMREAD_GRAYSCALE) >= 128

    jagged = damaged(255 * clean.astype(np.uint8), "jagged", np.random.default_rng(0))
    mended = mend_if_loose(photo, jagged)
    assert firmness(photo, jagged) > LOOSE and mended.way == REFINED
    assert intersection_over_union(mended.mask, clean) > max(0.85, intersection_over_union(jagged, clean))
    assert mend_if_loose(photo, clean) is None


def test_a_border_that_is_nearly_right_is_softened_where_it_is():
    photo, flag = read_photo(DEMO / "astronaut.jpg").srgb, cv2.imread(str(DEMO / "flag.png"), cv2.IMREAD_GRAYSCALE) >= 128
    mended = mend_if_loose(photo, flag)
    assert mended.way == SOFTENED and np.array_equal(mended.mask, alpha_matte(photo, flag))


def test_a_border_in_the_middle_of_nothing_fades_out(photo):
    grown = LOOSE_MASKS["grown"]
    noise = np.random.default_rng(1).integers(110, 140, photo.shape, dtype=np.uint8)
    for plain in (noise, np.full_like(photo, 120)):
        mended = mend_if_loose(plain, grown)
        assert mended.way == FADED and mended.overlap > 0.98
        steps = np.abs(np.diff(mended.mask.astype(int), axis=1))
        assert 0 < steps.max() < 60 and mended.mask.max() == 255 and mended.mask.min() == 0
        assert mend_if_loose(plain, mended.mask) is None  # softened once is enough


@pytest.mark.parametrize("line", [(0, 1, 80), (0.3, 1, 120), (1, 0, 100), (1, -1, 40)])
def test_what_straight_lines_cut_off_stays(photo, line):
    """As the upper third of a sky: whatever lies near the line, it was drawn on purpose."""
    across, down, where = line
    rows, columns = np.mgrid[: TRUE.shape[0], : TRUE.shape[1]]
    cut = (across * columns + down * rows < where).astype(np.uint8) * 255
    band = np.where(np.abs(across * columns + down * rows - where) < 30, 255, 0).astype(np.uint8)
    for mask in (cut, 255 - cut, band):
        assert firmness(photo, mask) < LOOSE and mend_if_loose(photo, mask) is None
    wavy = (across * columns + down * rows + 6 * np.sin(columns / 9 + rows / 9) < where).astype(np.uint8) * 255
    assert mend_if_loose(photo, wavy) is not None


def test_firmness_is_that_of_the_photo_at_any_size(photo):
    large = cv2.resize(photo, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    for mask in (TRUE, LOOSE_MASKS["grown"]):
        found = firmness(large, cv2.resize(mask, large.shape[1::-1], interpolation=cv2.INTER_LINEAR))
        assert (found < LOOSE) == (firmness(photo, mask) < LOOSE)


def test_what_says_nothing_or_is_meant_stays(photo):
    grown = LOOSE_MASKS["grown"]
    assert mend_if_loose(photo, cv2.GaussianBlur(grown, (0, 0), 8)) is None  # a feather
    assert mend_if_loose(photo, grown // 2) is None  # half of an edit
    assert np.isnan(firmness(photo, np.full_like(TRUE, 255)))  # no border but the photo's own
    assert mend_if_loose(photo, np.full_like(TRUE, 255)) is None
    for size in ((1, 1), (1, 200), (9, 9)):
        assert mend_if_loose(np.zeros((*size, 3), np.uint8), np.full(size, 255, np.uint8)) is None


def test_what_cannot_be_used_is_refused(photo):
    with pytest.raises(InputError, match="0 everywhere"):
        mend_if_loose(photo, np.zeros_like(TRUE))
    with pytest.raises(InputError, match="resize it"):
        firmness(photo, TRUE[:50])
