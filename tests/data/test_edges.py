"""Hard masks get the photo's own soft border: what is of the thing, what is not, and where nothing changes."""
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.pixels import resize

THING, REST = np.array([220, 60, 40]), np.array([40, 110, 180])


def photo_of(size=120, factor=8, noise=0, thing=THING, rest=REST):
    """A disc as a camera sees it, each pixel the mean of factor x factor, and how much of each pixel is the disc's."""
    rows, columns = np.mgrid[: size * factor, : size * factor] / factor
    share = resize((np.hypot(rows - 58.3, columns - 61.7) < 35).astype(np.float32), (size, size))
    pixels = share[..., None] * thing + (1 - share[..., None]) * rest
    pixels = pixels + np.random.default_rng(0).normal(0, noise, pixels.shape)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8), share


def error(mask, share):
    border = (share > 0) & (share < 1)
    return float(np.abs(mask / 255 - share)[border].mean())


@pytest.mark.parametrize("noise", [0, 6])
def test_a_hard_mask_becomes_what_the_photo_shows(noise):
    photo, share = photo_of(noise=noise)
    hard = np.where(share >= 0.5, 255, 0).astype(np.uint8)
    soft = soften_hard(photo, hard)
    assert soft.dtype == np.uint8 and error(soft, share) < 0.55 * error(hard, share)
    assert soft.max() == 255 and soft.min() == 0


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_border_that_is_a_pixel_off_is_found_again(shift):
    photo, share = photo_of()
    hard = np.roll(np.where(share >= 0.5, 255, 0), shift, axis=1).astype(np.uint8)
    assert error(soften_hard(photo, hard), share) < 0.5 * error(hard, share)


def test_where_both_sides_look_alike_the_border_is_smoothed_and_nothing_else_changes():
    photo, share = photo_of(rest=THING)
    hard = np.where(share >= 0.5, 255, 0).astype(np.uint8)
    soft = soften_hard(photo, hard)
    rows, columns = np.nonzero(soft != hard)
    assert np.abs(np.hypot(rows + 0.5 - 58.3, columns + 0.5 - 61.7) - 35).max() < 4
    assert 0 < ((soft > 20) & (soft < 235)).sum() < 3 * 2 * np.pi * 35


@pytest.mark.parametrize("change", [
    lambda hard, share: np.rint(255 * share).astype(np.uint8),  # soft already
    lambda hard, share: np.full_like(hard, 255),  # all of the photo
    lambda hard, share: np.full_like(hard, 128),  # half of an edit, on purpose
])  # fmt: skip
def test_what_is_no_hard_mask_stays_as_it_is(change):
    photo, share = photo_of()
    mask = change(np.where(share >= 0.5, 255, 0).astype(np.uint8), share)
    assert np.array_equal(soften_hard(photo, mask), mask)


def test_all_types_of_photo_and_mask_give_one_outcome():
    photo, share = photo_of()
    hard = share >= 0.5
    wanted = soften_hard(photo, np.where(hard, 255, 0).astype(np.uint8))
    for pixels in (photo.astype(np.uint16) * 257, photo / np.float32(255)):
        for mask in (hard, hard * np.uint16(65535), hard.astype(np.float32)):
            assert np.abs(soften_hard(pixels, mask).astype(int) - wanted).max() <= 1
    with pytest.raises(InputError):
        soften_hard(photo, np.zeros((120, 120), np.uint8))


@pytest.mark.parametrize(("thing", "scale"), [
    (np.s_[60, 60], 1), (np.s_[60, 30:90], 1), (np.s_[60:62, 30:90], 1), (np.s_[20:100, 20:100:4], 1),
    (np.s_[60, 20:100], 30),  # a wire of 30 pixels in a photo of 3,600 is none; of 4 it is
    (np.s_[1800:1804, 200:3400], 0),
])  # fmt: skip
def test_what_is_thin_keeps_all_of_the_edit_and_gives_none_away(thing, scale):
    hard = np.zeros((3600, 3600) if scale == 0 else (120, 120), np.uint8)
    hard[thing] = 255
    hard = np.kron(hard, np.ones((scale, scale), np.uint8)) if scale > 1 else hard
    if scale == 0:
        hard[2400:3400, 200:3400] = 255  # beside something thick
    photo = np.where(hard[..., None] > 0, THING, REST).astype(np.uint8)
    soft = soften_hard(photo, hard)
    if scale != 30:
        wire = np.s_[1790:1815, :] if scale == 0 else np.s_[:, :]
        assert np.array_equal(soft[wire], hard[wire])
    assert soft[hard > 0].mean() > 240 and soft[hard == 0].mean() < 3


def test_what_is_soft_on_purpose_beside_a_hard_mask_stays():
    photo, share = photo_of()
    mask = np.where(share >= 0.5, 250, 0).astype(np.uint8)
    mask[2:7, 2:8], mask[110:115, 110:115] = 120, 200
    soft = soften_hard(photo, mask)
    assert (soft[2:7, 2:8] == 120).all() and (soft[110:115, 110:115] == 200).all()
    assert soft[58, 61] == 250  # in its middle it is as it was


def test_a_very_long_border_is_only_smoothed_and_in_time():
    fine = np.random.default_rng(0).integers(0, 2, (90, 90)).astype(np.uint8) * 255
    hard = np.kron(fine, np.ones((16, 16), np.uint8))
    photo = np.random.default_rng(1).integers(0, 256, (*hard.shape, 3)).astype(np.uint8)
    soft = soften_hard(photo, hard)
    assert np.abs(soft.astype(int) - hard).max() < 140 and 0 < (soft != hard).mean() < 0.5


def test_a_large_photo_is_looked_at_smaller():
    photo, share = photo_of()
    large, hard = resize(photo, (4200, 4200)), resize((share >= 0.5).astype(np.uint8) * 255, (4200, 4200))
    hard = np.where(hard >= 128, 255, 0).astype(np.uint8)
    soft = soften_hard(large, hard)
    changed = soft != hard
    assert changed.any() and changed.mean() < 0.05
    assert np.array_equal(soft[:200], hard[:200])


def test_a_region_at_the_photos_edge_keeps_that_edge_whole():
    photo, share = photo_of()
    photo, share = photo[40:, 50:], share[40:, 50:]
    hard = np.where(share >= 0.5, 255, 0).astype(np.uint8)
    soft = soften_hard(photo, hard)
    assert (soft[0, :40] == 255).all() and (soft[:40, 0] == 255).all()
