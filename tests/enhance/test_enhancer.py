"""What the networks see of a photo."""
import numpy as np
import pytest

from realistic_editing.enhance.enhancer import SIZE, _shrink


@pytest.mark.parametrize("shape", [(20, 20_000, 3), (20_000, 20, 3), (2000, 1500, 3), (50, 40, 3), (1, 1, 3)])
def test_any_photo_becomes_a_square_with_its_mean(shape):
    photo = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    small = _shrink(photo)
    assert small.shape == (SIZE, SIZE, 3) and small.dtype == np.float32
    assert np.abs(small.mean(axis=(0, 1)) - photo.mean(axis=(0, 1)) / 255).max() < 0.03


def test_a_panorama_does_not_alias():
    stripes = np.zeros((20, 20_000), np.uint8)
    stripes[:, ::2] = 255  # far finer than the network's pixels: nothing but grey may be left
    small = _shrink(stripes)
    assert np.abs(small - 0.5).max() < 0.05
