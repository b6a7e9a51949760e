"""The ellipse nearest to a mask."""
import numpy as np
import pytest

from realistic_editing.data.ellipse import Ellipse, fit_ellipse, overlap

SHAPE = (120, 160)


def test_weights_at_known_places():
    weights = Ellipse(80, 60, 40, 20, feather=40).weights(*SHAPE)
    assert weights[59, 79] == 1 and weights[59, 79 + 23] == 1  # within 1 - f of the radius
    assert weights[59, 79 + 49] == 0 and 0.3 < weights[59, 79 + 36] < 0.6 and weights[60 + 25, 79] == 0
    turned = Ellipse(80, 60, 40, 20, angle=90, feather=40).weights(*SHAPE)
    assert turned[59 + 23, 79] == 1 and turned[59, 79 + 25] == 0
    # Clockwise as seen: at 30 degrees the long axis goes down on the right.
    down = Ellipse(80, 60, 40, 10, angle=30).weights(*SHAPE)
    assert down[60 + 15, 80 + 26] == 1 and down[60 - 15, 80 + 26] == 0


@pytest.mark.parametrize("angle", [0, 35, -60])
def test_an_ellipse_is_found_again(angle):
    true = Ellipse(70, 65, 45, 18, angle, 30)
    mask = (255 * true.weights(*SHAPE)).astype(np.uint8)
    found, share = fit_ellipse(mask)
    assert share > 0.93 and share == pytest.approx(overlap(found, mask / 255), abs=1e-6)
    assert abs(found.x - 70) < 2 and abs(found.y - 65) < 2 and (found.angle == 0) == (angle == 0)


def test_other_shapes_and_depths():
    mask = np.zeros((300, 500), np.uint16)
    mask[50:250, 100:400] = 65535
    found, square = fit_ellipse(mask)
    assert 0.75 < square < 0.93 and found.angle == 0 and abs(found.x - 250) < 10
    cross = np.zeros((300, 300), np.uint8)
    cross[140:160, 20:280] = cross[20:280, 140:160] = 255
    assert fit_ellipse(cross)[1] < 0.5
    dot = np.zeros((400, 400), np.float32)
    dot[7, 9] = 1
    found, _ = fit_ellipse(dot)
    assert abs(found.x - 9.5) < 8 and abs(found.y - 7.5) < 8
