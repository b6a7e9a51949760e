"""The screened Poisson equation against a dense solve, by hand, and by its limits."""
import numpy as np
import pytest

from realistic_editing.baselines.poisson import screened_poisson


@pytest.fixture
def pair():
    return np.random.default_rng(0).uniform(-50, 50, (2, 6, 7, 3)).astype(np.float32)


def test_agrees_with_least_squares_solved_densely(pair):
    colours, image = pair.astype(np.float64)
    index = np.arange(6 * 7).reshape(6, 7)
    across, down = np.stack([index[:, :-1], index[:, 1:]], axis=-1), np.stack([index[:-1], index[1:]], axis=-1)
    joined = np.concatenate([across.reshape(-1, 2), down.reshape(-1, 2)])
    gradient = np.zeros((len(joined), index.size))
    for row, (one, other) in enumerate(joined):
        gradient[row, one], gradient[row, other] = -1, 1
    result = screened_poisson(*pair, (3.0, 1.0, 0.5))
    for channel, weight in enumerate((3.0, 1.0, 0.5)):
        flat = image[..., channel].ravel()
        equations = np.vstack([np.eye(index.size), weight * gradient])
        right = np.concatenate([colours[..., channel].ravel(), weight * gradient @ flat])
        expected = np.linalg.lstsq(equations, right, rcond=None)[0]
        assert result[..., channel].ravel() == pytest.approx(expected, abs=1e-4)


def test_weight_0_gives_the_colours_and_a_great_one_the_photo_with_their_mean(pair):
    colours, image = pair
    result = screened_poisson(colours, image, (0.0, 1e3, 1e3))
    assert result[..., 0] == pytest.approx(colours[..., 0], abs=1e-4)
    shift = (colours - image).mean(axis=(0, 1))[1:]
    assert result[..., 1:] == pytest.approx(image[..., 1:] + shift, abs=0.01)


def test_two_pixels_by_hand():
    # Minimise (a - 0)^2 + (b - 1)^2 + (b - a)^2: a = 1/3, b = 2/3.
    colours = np.array([[[0.0], [1.0]]], np.float32)
    assert screened_poisson(colours, colours * 0, (1.0,))[0, :, 0] == pytest.approx([1 / 3, 2 / 3], abs=1e-6)


def test_a_photo_with_its_own_colours_stays(pair):
    assert np.array_equal(screened_poisson(pair[0], pair[0], (10.0, 1.0, 1.0)), pair[0])
