"""Selection by box and points, and rough masks mended, on a thing whose true mask is known."""
from pathlib import Path

import cv2
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_photo
from realistic_editing.data.masks import damaged, intersection_over_union
from realistic_editing.data.refine import refine_mask
from realistic_editing.data.select import select, select_box, select_points
from realistic_editing.data.selector import Selection

DEMO = Path(__file__).parents[2] / "realistic_editing/apps/demo_photo"
TRUE = np.zeros((120, 160), np.uint8)
cv2.ellipse(TRUE, (70, 60), (35, 22), 20, 0, 360, 255, -1)


@pytest.fixture(scope="module")
def photo():
    """A reddish ellipse on green, both with noise."""
    noise = np.random.default_rng(0).normal(0, 12, (120, 160, 3))
    colours = np.where(TRUE[..., None] > 0, (190, 80, 60), (70, 120, 80))
    return np.clip(colours + noise, 0, 255).astype(np.uint8)


def overlap(mask):
    """Intersection over union with the true region."""
    found, true = mask >= 128, TRUE > 0
    return (found & true).sum() / (found | true).sum()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_box_selects_the_thing_in_it(photo, dtype):
    levels = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    mask = select_box((photo * np.float64(levels)).astype(dtype), (25, 25, 95, 72))
    assert mask.dtype == np.uint8 and mask.shape == TRUE.shape and overlap(mask) > 0.9


def test_points_select_what_they_are_in(photo):
    two = photo.copy()
    two[90:110, 130:150] = (190, 80, 60)  # another thing of the same colour, which no point marks
    mask = select_points(two, [(70, 60)], [(10, 10)])
    assert overlap(mask) > 0.9 and not mask[92:108, 132:148].any()


@pytest.mark.parametrize("kind", ["grown", "shrunk", "shifted", "jagged"])
def test_a_rough_mask_finds_the_true_border(photo, kind):
    rough = damaged(TRUE, kind, np.random.default_rng(1))
    mended = refine_mask(photo, rough)
    assert overlap(mended) > max(overlap(rough), 0.9)
    assert np.array_equal(mended, refine_mask(photo, rough))  # the same again


@pytest.mark.parametrize("kind", ["grown", "shifted", "jagged"])
def test_a_thing_of_many_colours_is_found_whole(kind):
    pixels, mask = read_photo(DEMO / "astronaut.jpg").srgb, cv2.imread(str(DEMO / "flag.png"), cv2.IMREAD_GRAYSCALE)
    flag = mask >= 128  # stripes and stars, of which GrabCut leaves some
    mended = refine_mask(pixels, damaged(mask, kind, np.random.default_rng(0))) >= 128
    assert (mended & flag).sum() / (mended | flag).sum() > 0.92


def test_like_things_beside_it_are_not_taken_along():
    photo, mask = np.full((200, 300, 3), (70, 120, 80), np.uint8), np.zeros((200, 300), np.uint8)
    for centre in (90, 210):
        cv2.circle(photo, (centre, 100), 40, (190, 80, 60), -1)
    cv2.circle(mask, (90, 104), 42, 255, -1)
    mended = refine_mask(photo, mask)
    assert mended[100, 90] == 255 and mended[100, 210] == 0


def test_no_part_of_a_mask_is_lost():
    photo, mask = np.full((200, 300, 3), (70, 120, 80), np.uint8), np.zeros((200, 300), np.uint8)
    cv2.circle(photo, (90, 100), 40, (190, 80, 60), -1)
    cv2.circle(mask, (90, 104), 42, 255, -1)
    cv2.circle(mask, (240, 100), 20, 255, -1)  # nothing is there, and yet it was said
    mended, thing = refine_mask(photo, mask), np.zeros_like(mask)
    cv2.circle(thing, (90, 100), 40, 255, -1)
    assert intersection_over_union(mended[:, :180], thing[:, :180]) > 0.95
    assert intersection_over_union(mended[:, 180:], mask[:, 180:]) > 0.7


def test_where_there_is_no_border_the_mask_stays(photo):
    flat = np.full_like(photo, 120)
    assert overlap(refine_mask(flat, TRUE)) > 0.8


def test_what_cannot_be_selected_is_refused(photo):
    for box in ((0, 0, 200, 50), (5, 5, 0, 10), (-1, 0, 10, 10)):
        with pytest.raises(InputError, match="x,y,width,height within 160 x 120"):
            select_box(photo, box)
    with pytest.raises(InputError, match="leaves nothing to tell"):
        select_box(photo, (0, 0, 160, 120))
    with pytest.raises(InputError, match="none is inside"):
        select_points(photo, [])
    with pytest.raises(InputError, match="beyond the photo"):
        select_points(photo, [(160, 3)])


def test_grabcut_selects_where_it_is_asked_to(photo):
    for said in ({"box": (25, 25, 95, 72)}, {"inside": [(70, 60)], "outside": [(10, 10)]}):
        found = select(photo, **said, by="grabcut")
        assert overlap(found.mask) > 0.9 and np.isnan(found.overlap) and not found.notes
    with pytest.raises(InputError, match="leaves nothing to tell|leave one out"):
        select(photo, [(70, 60)], box=(25, 25, 95, 72), by="grabcut")
    with pytest.raises(InputError, match="network or grabcut"):
        select(photo, [(70, 60)], by="magic")


def test_a_box_and_points_together(photo):
    found = select(photo, [(70, 60)], [(10, 10)], (25, 25, 95, 72))
    assert overlap(found.mask) > 0.8 and 0 <= found.overlap <= 1


def test_a_large_photo_is_selected_at_its_own_size(photo):
    large = cv2.resize(photo, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    mask = select_box(large, (250, 250, 950, 720))
    assert mask.shape == (1200, 1600) and overlap(cv2.resize(mask, (160, 120), interpolation=cv2.INTER_AREA)) > 0.9


class Unsure:
    """Looks at a photo and finds a rectangle, or nothing, and is as sure of it as it is told to be."""

    def __init__(self, found, rows=(40, 80), columns=(50, 90), overlap=0.2):
        self.found, self.place, self.overlap = found, np.s_[slice(*rows), slice(*columns)], overlap

    def select(self, inside, outside, box):
        probability = np.zeros((120, 160), np.float32)
        probability[self.place] = self.found
        return Selection(probability, self.overlap, np.zeros(12))


def test_a_selection_in_doubt_is_told(photo):
    found = select(photo, [(70, 60)], looks=Unsure(1.0))
    assert found.overlap == 0.2 and "in doubt (expected overlap 20 %)" in found.notes[0]


def test_a_click_that_takes_half_the_photo_is_told(photo):
    def told(looks, *points, **box):
        return [note for note in select(photo, points, looks=looks, **box).notes if "perhaps what is behind the thing" in note]

    lower, inner = Unsure(1.0, (50, 120), (0, 160), 0.7), Unsure(1.0, (8, 112), (10, 150), 0.7)
    assert told(lower, (70, 60))[0].startswith("one click selected 5")
    assert not told(lower, (70, 60), (20, 90)) and not told(lower, box=(1, 41, 158, 78))  # more was said
    assert not told(inner, (70, 60))  # a thing that fills the photo


def test_where_the_network_finds_nothing_grabcut_selects_and_says_so(photo):
    found = select(photo, [(70, 60)], [(10, 10)], looks=Unsure(0.0))
    assert overlap(found.mask) > 0.9 and "so GrabCut selected" in found.notes[0]
    with pytest.raises(InputError, match="nothing was found"):
        select(photo, [(70, 60)], box=(25, 25, 95, 72), looks=Unsure(0.0))
