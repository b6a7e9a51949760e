"""What is said of a region: tone, colour, thing and place."""
import cv2
import numpy as np
import pytest

from realistic_editing.selection.words import color_name, describe_region, place_of


def square(y, x, side=30):
    mask = np.zeros((120, 160), np.uint8)
    mask[y : y + side, x : x + side] = 255
    return mask


@pytest.mark.parametrize(("y", "x", "words"), [
    (45, 0, "at the left edge"), (45, 10, "on the left"), (45, 130, "at the right edge"), (45, 65, "near the middle"),
    (0, 65, "at the top edge"), (5, 65, "near the top"), (90, 65, "at the bottom edge"), (0, 0, "in the upper left corner"),
    (85, 120, "in the lower right corner"), (20, 100, "on the right"), (10, 108, "near the top"),
])  # fmt: skip
def test_places(y, x, words):
    assert place_of(square(y, x)) == words


@pytest.mark.parametrize(("rgb", "name"), [
    ((220, 30, 30), "red"), ((250, 150, 30), "orange"), ((240, 230, 40), "yellow"), ((40, 160, 60), "green"),
    ((40, 80, 220), "blue"), ((130, 50, 190), "purple"), ((250, 150, 200), "pink"), ((120, 75, 30), "brown"),
    ((250, 250, 250), "white"), ((128, 128, 128), "grey"), ((15, 15, 15), "black"),
])  # fmt: skip
def test_colours_have_their_names(rgb, name):
    lab = cv2.cvtColor(np.float32([[rgb]]) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    assert color_name(*map(float, lab)) == name


def test_a_whole_sentence():
    photo = np.full((120, 160, 3), 90, np.uint8)
    mask = square(45, 0)
    photo[mask > 0] = (255, 120, 110)
    assert describe_region(photo, mask, "vehicle", 0.137) == "bright red vehicle at the left edge, 14 % of attention"
    photo[mask > 0] = (20, 20, 20)
    assert describe_region(photo, mask, "", 0.02) == "black thing at the left edge, 2 % of attention"
    assert describe_region(photo, mask, "person", 0.02) == "person at the left edge, 2 % of attention"
