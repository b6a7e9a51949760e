"""Masks from files: greys, colours, cut-outs, other sizes, and errors that say what to do."""
import numpy as np
import pytest
from PIL import Image, ImageOps

from realistic_editing.data.images import read_mask


def disc(height: int, width: int, dtype=np.uint8) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    inside = ((y + 0.5) / height - 0.5) ** 2 + ((x + 0.5) / width - 0.5) ** 2 < 0.1
    return inside.astype(dtype) * np.iinfo(dtype).max


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_mask_is_read_as_it_is(tmp_path, dtype, noise, save, save_16):
    soft = noise(12, 15, dtype=dtype)
    path = save_16(tmp_path / "m.png", soft) if dtype == np.uint16 else save(tmp_path / "m.png", soft)
    mask, notes = read_mask(path, (12, 15))
    assert mask.dtype == dtype and np.array_equal(mask, soft) and notes == ()


def test_two_level_mask_of_one_bit(tmp_path, save):
    mask, notes = read_mask(save(tmp_path / "m.png", disc(12, 15) > 0), (12, 15))
    assert np.array_equal(mask, disc(12, 15)) and notes == ()


def test_mask_of_ones_is_the_whole_photo(tmp_path, save):
    assert (read_mask(save(tmp_path / "m.png", np.full((12, 15), 255, np.uint8)), (12, 15))[0] == 255).all()


def test_rgb_mask_is_its_luminance(tmp_path, save):
    grey = disc(12, 15)
    assert read_mask(save(tmp_path / "g.png", np.stack([grey] * 3, axis=2)), (12, 15))[1] == ()
    color = np.zeros((12, 15, 3), np.uint8)
    color[:, :, 1] = grey
    mask, notes = read_mask(save(tmp_path / "c.png", color), (12, 15))
    assert np.array_equal(mask, np.where(grey, 182, 0)) and "luminance" in notes[0]


def test_a_cut_out_is_its_alpha_and_opaque_alpha_is_nothing(tmp_path, noise, save):
    grey = disc(12, 15)
    cut_out = np.dstack([noise(12, 15, 3), grey])
    mask, notes = read_mask(save(tmp_path / "c.png", cut_out), (12, 15))
    assert np.array_equal(mask, grey) and "transparency" in notes[0]
    opaque = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    mask, notes = read_mask(save(tmp_path / "o.png", opaque), (12, 15))
    assert np.array_equal(mask, grey) and notes == ()


def test_mask_turns_as_its_exif_says(tmp_path, save):
    turned = Image.Exif()
    turned[0x0112] = 6  # orientation: a quarter turn
    path = save(tmp_path / "m.png", np.triu(np.full((12, 15), 255, np.uint8)), exif=turned)
    assert np.array_equal(read_mask(path, (15, 12))[0], np.asarray(ImageOps.exif_transpose(Image.open(path))))


@pytest.mark.parametrize("size", [(24, 30), (8, 10), (120, 151)])
def test_mask_of_another_size_is_resized_with_a_note(tmp_path, size, save):
    mask, notes = read_mask(save(tmp_path / "m.png", disc(96, 120)), size)
    assert mask.shape == size and "120 x 96" in notes[0] and f"{size[1]} x {size[0]}" in notes[0]
    assert mask.mean() == pytest.approx(disc(96, 120).mean(), rel=0.05)


def test_fine_mask_is_averaged_when_it_shrinks(tmp_path, save):
    stripes = np.zeros((80, 80), np.uint8)
    stripes[:, ::2] = 255
    mask, _ = read_mask(save(tmp_path / "m.png", stripes), (10, 10))
    assert np.abs(mask.astype(int) - 128).max() <= 1


def test_refuses_a_mask_of_other_proportions(tmp_path, save, assert_refused):
    path = save(tmp_path / "m.png", disc(40, 40))
    assert_refused(lambda: read_mask(path, (40, 42)), path, "40 x 40", "42 x 40", "uncropped")


def test_refuses_a_mask_that_was_not_turned(tmp_path, save, assert_refused):
    path = save(tmp_path / "m.png", disc(30, 40))
    assert_refused(lambda: read_mask(path, (400, 300)), path, "40 x 30", "300 x 400", "EXIF")


def test_refuses_a_mask_that_selects_nothing(tmp_path, save, assert_refused):
    path = save(tmp_path / "m.png", np.zeros((9, 9), np.uint8))
    assert_refused(lambda: read_mask(path, (9, 9)), path, "0 everywhere", "white")


def test_refuses_a_mask_of_zeros_and_ones(tmp_path, save, assert_refused):
    path = save(tmp_path / "m.png", disc(9, 9) // 255)
    assert_refused(lambda: read_mask(path, (9, 9)), path, "only 0 and 1", "white (255)")


def test_refuses_a_missing_mask(tmp_path, assert_refused):
    assert_refused(lambda: read_mask(tmp_path / "no.png", (9, 9)), tmp_path / "no.png", "check the path")
