"""Trimaps and mattes."""
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from scipy.sparse import csc_matrix

from realistic_editing.data.matte import alpha_matte, pymatting, trimap


def disc(size: int, radius: int) -> np.ndarray:
    yy, xx = np.mgrid[:size, :size] - size // 2
    return xx**2 + yy**2 <= radius**2


def test_the_band_reaches_five_percent_of_the_root_of_the_area_to_each_side():
    mask = np.zeros((300, 300), bool)
    mask[50:250, 50:250] = True  # 200 x 200: the band is 10 wide
    known = trimap(mask)
    inside, outside = np.argwhere(known == 1), np.argwhere(known != 0)
    assert inside.min() == 60 and inside.max() == 239
    assert outside.min() == 40 and outside.max() == 259


def test_a_region_cut_by_the_photos_border_has_no_band_there():
    mask = np.zeros((100, 100), bool)
    mask[40:, 20:80] = True
    assert (trimap(mask)[-1, 40:60] == 1).all()


def test_a_thin_region_keeps_a_core():
    mask = np.zeros((400, 400), bool)
    mask[198:202] = True
    assert (trimap(mask) == 1).any()


def test_a_matte_finds_the_true_edge_under_a_rough_mask():
    truth = cv2.GaussianBlur(disc(160, 50).astype(np.float32), (0, 0), 1)[..., None]
    photo = np.rint(truth * (220, 40, 40) + (1 - truth) * (30, 60, 200)).astype(np.uint8)
    rough = np.roll(disc(160, 50), 2, axis=1)
    found = alpha_matte(photo, rough)
    assert found.shape == (160, 160) and found.dtype == np.uint8
    assert np.abs(found / 255 - truth[..., 0]).mean() < 0.4 * np.abs(rough - truth[..., 0]).mean()


@pytest.mark.parametrize("size", [(1, 30), (30, 1), (2, 2), (3, 50), (50, 50)])
def test_any_shape_gives_a_mask_of_that_shape(size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for mask in (np.zeros(size, bool), np.ones(size, bool), np.arange(np.prod(size)).reshape(size) % 3 == 0):
        assert alpha_matte(photo, mask).shape == size


def test_nothing_stays_nothing_and_everything_everything():
    photo = np.zeros((20, 20, 3), np.uint8)
    assert not alpha_matte(photo, np.zeros((20, 20), bool)).any()
    assert (alpha_matte(photo, np.ones((20, 20), bool)) == 255).all()


def test_the_hard_mask_stands_in_where_the_solver_fails(monkeypatch):
    def fails(*_, **__):
        raise ValueError("Conjugate gradient descent did not converge within 1000 iterations")

    monkeypatch.setattr("pymatting.estimate_alpha_cf", fails)
    mask = disc(60, 20)
    assert np.array_equal(alpha_matte(np.zeros((60, 60, 3), np.uint8), mask), mask * np.uint8(255))


@pytest.mark.parametrize("answer", [0.0, 1.0, np.nan])
def test_the_hard_mask_stands_in_for_a_matte_that_lost_its_region(monkeypatch, answer):
    monkeypatch.setattr("pymatting.estimate_alpha_cf", lambda image, known, **_: np.full(known.shape, answer))
    mask = disc(200, 20)
    assert np.array_equal(alpha_matte(np.zeros((200, 200, 3), np.uint8), mask), mask * np.uint8(255))


def test_large_photos_are_matted_small():
    mask = cv2.resize(disc(100, 35).astype(np.uint8), (1500, 1500)) > 0
    photo = np.where(mask[..., None], np.uint8((200, 50, 50)), np.uint8((50, 50, 200)))
    found = alpha_matte(photo, mask)
    assert np.abs(found / 255 - mask).mean() < 0.01


def test_a_matte_leaves_the_number_of_threads_as_it_was():
    """Threads that no one asked for wait for each other at full speed; on busy cores everything took ten times as long."""
    code = """
import numpy as np, torch
from realistic_editing.data.matte import alpha_matte
mask = np.zeros((60, 60), bool)
mask[20:40, 20:40] = True
alpha_matte(np.zeros((60, 60, 3), np.uint8), mask)
assert torch.get_num_threads() == 1, torch.get_num_threads()
"""
    threads = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", code], env=os.environ | threads, check=True)


def test_nothing_is_printed_where_a_first_try_at_a_factor_fails(capsys):
    """PyMatting prints at each shift that fails before one does, which enlarged photos bring about."""
    pymatting().ichol(csc_matrix(np.array([[1.0, 2.0], [2.0, 1.0]])))
    assert capsys.readouterr().out == ""
