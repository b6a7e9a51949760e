"""The screened Poisson equation against a dense solve, and by its limits."""
import numpy as np
import pytest

from realistic_editing.baselines.poisson import graph_laplacian, screened_poisson

SIDES = np.zeros((6, 7), np.int32)
SIDES[2:4, 1:5] = 1


@pytest.fixture
def pair():
    return np.random.default_rng(0).uniform(-50, 50, (2, 6, 7, 3)).astype(np.float32)


def test_agrees_with_least_squares_solved_densely(pair):
    colours, image = pair.astype(np.float64)
    index = np.arange(SIDES.size).reshape(SIDES.shape)
    joined = [
        (index[y, x], index[v, u])
        for y, x in np.ndindex(SIDES.shape)
        for v, u in ((y, x + 1), (y + 1, x))
        if v < 6 and u < 7 and SIDES[y, x] == SIDES[v, u]
    ]
    gradient = np.zeros((len(joined), SIDES.size))
    for row, (one, other) in enumerate(joined):
        gradient[row, one], gradient[row, other] = -1, 1
    result = screened_poisson(*pair, (3.0, 1.0, 0.5), SIDES)
    for channel, weight in enumerate((3.0, 1.0, 0.5)):
        flat = image[..., channel].ravel()
        equations = np.vstack([np.eye(SIDES.size), weight * gradient])
        right = np.concatenate([colours[..., channel].ravel(), weight * gradient @ flat])
        expected = np.linalg.lstsq(equations, right, rcond=None)[0]
        assert result[..., channel].ravel() == pytest.approx(expected, abs=5e-3)


def test_weight_0_gives_the_colours_and_a_great_one_the_photo_with_each_sides_mean(pair):
    colours, image = pair
    result = screened_poisson(colours, image, (0.0, 1e3, 1e3), SIDES)
    assert result[..., 0] == pytest.approx(colours[..., 0], abs=1e-4)
    for side in (0, 1):
        where = SIDES == side
        shift = (colours - image)[where].mean(axis=0)[1:]
        assert result[where][:, 1:] == pytest.approx(image[where][:, 1:] + shift, abs=0.01)


def test_two_pixels_by_hand():
    # Minimise (a - 0)^2 + (b - 1)^2 + (b - a)^2: a = 1/3, b = 2/3.
    colours = np.array([[[0.0], [1.0]]], np.float32)
    assert screened_poisson(colours, colours * 0, (1.0,), np.zeros((1, 2)))[0, :, 0] == pytest.approx([1 / 3, 2 / 3], abs=1e-4)
    assert screened_poisson(colours, colours * 0, (1.0,), np.array([[0, 1]]))[0, :, 0] == pytest.approx([0, 1], abs=1e-4)


def test_a_photo_with_its_own_colours_stays(pair):
    assert np.array_equal(screened_poisson(pair[0], pair[0], (5.0, 2.0, 2.0), SIDES), pair[0])


def test_the_laplacian_counts_neighbours_of_the_same_side():
    # 0 0    the corner below right is alone
    # 0 1
    expected = [[2, -1, -1, 0], [-1, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 0]]
    assert np.array_equal(graph_laplacian(np.array([[0, 0], [0, 1]])).toarray(), expected)
