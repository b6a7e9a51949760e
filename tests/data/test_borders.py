"""How far a region differs from what is beside it."""
import math

import numpy as np
import pytest

from realistic_editing.data.borders import difference_across


def scene(step: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey photo with a little grain, and a square that is lighter by `step` levels."""
    photo = np.random.default_rng(0).integers(118, 123, (200, 300, 3)).astype(np.uint8)
    mask = np.zeros((200, 300), np.uint8)
    mask[60:140, 80:200] = 255
    photo[mask > 0] += np.uint8(step)
    return photo, mask


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_thing_differs_by_its_colour_and_a_piece_of_sky_by_nothing(kind):
    (same, mask), (lighter, _) = scene(0), scene(60)
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[kind]
    assert difference_across((same.astype(float) * scale).astype(kind), mask) < 0.5
    assert difference_across((lighter.astype(float) * scale).astype(kind), mask) == pytest.approx(22, abs=2)  # of CIELAB's L


def test_where_there_is_no_border_nothing_is_said():
    photo, mask = scene(60)
    assert math.isnan(difference_across(photo, np.full_like(mask, 255)))
    mask[:] = 0
    mask[:3, :3] = 255  # in the corner, where the photo's own border is
    assert math.isnan(difference_across(photo, mask))


def test_a_line_too_thin_to_have_an_inside_says_nothing():
    photo, mask = np.zeros((200, 300, 3), np.uint8), np.zeros((200, 300), np.uint8)
    photo[100, 50:250], mask[100, 50:250] = 255, 255
    assert math.isnan(difference_across(photo, mask))
