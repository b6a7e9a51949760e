"""What is marked on the photo before it is a region."""

import math

import numpy as np
import pytest

from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.mask import region_of
from realistic_editing.apps.page import regions
from realistic_editing.apps.page.draft import MOST_CLICKS, MOST_STROKE_POINTS, Draft, marked
from realistic_editing.apps.page.state import open_photo
from realistic_editing.common.errors import InputError


@pytest.fixture(scope="module")
def session():
    return open_photo(FOLDER / "coffee.jpg")


def mark(session, **values):
    return regions.mark(session, values)


def test_a_click_and_a_box_select_what_the_command_selects(session):
    height, width = session.small.shape[:2]
    clicked = mark(session, kind="click", x=366 / width, y=284 / height, adds=True)
    expected, _ = region_of(session.photo, {"points": "366,284"})
    assert np.array_equal(clicked.draft.mask, expected)
    less = mark(clicked, kind="click", x=330 / width, y=330 / height, adds=False)
    expected, _ = region_of(session.photo, {"points": "366,284", "outside": "330,330"})
    assert np.array_equal(less.draft.mask, expected)
    boxed = mark(less, kind="box", x=170 / width, y=15 / height, width=255 / width, height=300 / height)
    expected, _ = region_of(session.photo, {"box": "170,15,255,300"})
    assert np.array_equal(boxed.draft.mask, expected) and not boxed.draft.inside
    assert session.draft is None  # values, not places


def test_the_brush_paints_and_takes_away_on_top_of_what_is_selected(session):
    height, width = session.small.shape[:2]
    painted = mark(session, kind="stroke", points=[[0.2, 0.5], [0.4, 0.5]], radius=0.02, adds=True)
    mask = painted.draft.mask
    assert mask[round(0.5 * height), round(0.3 * width)] == 255 and mask[round(0.5 * height), round(0.5 * width)] == 0
    assert mask.mean() / 255 == pytest.approx((0.2 * width * 0.04 * width + np.pi * (0.02 * width) ** 2) / mask.size, rel=0.1)
    less = mark(painted, kind="stroke", points=[[0.3, 0.4], [0.3, 0.6]], radius=0.02, adds=False)
    assert less.draft.mask[round(0.5 * height), round(0.3 * width)] == 0 and less.draft.mask.any()
    both = mark(less, kind="click", x=0.61, y=0.71)
    assert both.draft.mask[round(0.71 * height), round(0.61 * width)] > 127  # selected beside the strokes
    assert np.array_equal(both.draft.mask > 127, (both.draft.mask > 127) | (less.draft.mask > 127))


def test_propose_takes_what_is_marked(session):
    assert regions.take_draft(session) is session
    painted = regions.set_task(mark(session, kind="stroke", points=[[0.5, 0.5]], radius=0.1), "amplify")
    taken = regions.take_draft(painted)
    assert taken.draft is None and taken.region.task == "amplify" and taken.region.mask.shape == session.photo.pixels.shape[:2]
    assert np.abs((taken.region.mask >= 128).astype(int) - (painted.draft.mask >= 128)).mean() < 0.01  # its border is softened
    erased = mark(painted, kind="stroke", points=[[0.5, 0.5]], radius=0.3, adds=False)
    assert regions.take_draft(erased).regions == () and regions.unmark(painted).draft is None


def test_a_switch_that_turns_a_region_says_so_until_it_is_turned_back(session):
    one = regions.take_draft(mark(session, kind="stroke", points=[[0.5, 0.5]], radius=0.1))
    turned = regions.set_task(one, "amplify")
    assert any("the switch turned this region" in note for note in turned.region.notes)
    assert regions.set_task(turned, "attenuate").region.notes == one.region.notes


def test_one_switch_is_of_what_is_marked_or_else_of_the_region(session):
    one = regions.take_draft(mark(session, kind="stroke", points=[[0.5, 0.5]], radius=0.1))
    assert one.region.task == "attenuate" and regions.set_task(one, "amplify").region.task == "amplify"
    marking = regions.set_task(mark(one, kind="stroke", points=[[0.2, 0.2]], radius=0.1), "amplify")
    assert marking.region.task == "attenuate" and marking.task == "amplify"
    assert [region.task for region in regions.take_draft(marking).regions] == ["attenuate", "amplify"]


@pytest.mark.parametrize("bad", [
    {}, {"kind": "click"}, {"kind": "click", "x": 2, "y": 0.5}, {"kind": "click", "x": "0.5", "y": 0.5},
    {"kind": "click", "x": True, "y": 0.5}, {"kind": "click", "x": float("nan"), "y": 0.5},
    {"kind": "click", "x": 10**400, "y": 0.5},
    {"kind": "box", "x": 0.1, "y": 0.1, "width": 0.001, "height": 0.5},
    {"kind": "box", "x": 1, "y": 1, "width": 1, "height": 1},
    {"kind": "box", "x": 0.1, "y": 0.1, "width": -0.5, "height": 0.5}, {"kind": "stroke", "points": [], "radius": 0.1},
    {"kind": "stroke", "points": [[0.1]], "radius": 0.1}, {"kind": "stroke", "points": "ab", "radius": 0.1},
    {"kind": "stroke", "points": [[0.1, 0.1]] * (MOST_STROKE_POINTS + 1), "radius": 0.1},
    {"kind": "stroke", "points": [[0.1, 0.1]], "radius": 2}, {"kind": "spray", "x": 0.1, "y": 0.1},
    {"kind": "click", "x": 0.5, "y": 0.5, "adds": False},
])  # fmt: skip
def test_marks_that_are_none_are_refused(session, bad):
    with pytest.raises(InputError):
        regions.mark(session, bad)


def test_clicks_are_bounded(session):
    many = Draft(np.zeros(session.small.shape[:2], np.uint8), inside=((0.5, 0.5),) * MOST_CLICKS)
    with pytest.raises(InputError, match="too many clicks"):
        marked(session.photo, session.small, many, {"kind": "click", "x": 0.5, "y": 0.5})


def test_a_feathered_border_fades_out_and_the_rest_stays(session):
    mask = np.zeros((400, 600), np.uint8)
    mask[100:300, 150:450] = 255
    for sigma in (2.0, 12.0):
        soft = regions.feathered(mask, sigma).astype(float) / 255
        assert soft.shape == mask.shape and abs(soft.mean() - (mask > 0).mean()) < 0.01
        expected = [(1 + math.erf((x + 0.5 - 150) / (sigma * 2**0.5))) / 2 for x in range(300)]  # of a step through a Gaussian
        assert soft[200, :300] == pytest.approx(expected, abs=0.03)
    assert regions.feathered(mask, 0) is mask


def test_feather_can_be_taken_back(session):
    from realistic_editing.apps.page.session import set_feather

    one = regions.take_draft(mark(session, kind="stroke", points=[[0.5, 0.5]], radius=0.1))
    soft = set_feather(one, 6, {})
    assert soft.region.feather == 6 and (soft.region.mask != one.region.mask).any()
    assert np.array_equal(set_feather(soft, 0, {}).region.mask, one.region.mask)
    assert np.array_equal(set_feather(set_feather(soft, 3, {}), 6, {}).region.mask, soft.region.mask)  # not one on the other
    assert regions.set_task(soft, "amplify").region.feather == 6
    with pytest.raises(InputError, match="feather is"):
        set_feather(one, regions.most_feather(one) + 1, {})
