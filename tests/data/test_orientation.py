"""Photos and masks are turned as viewers turn them, by every reader and in every format."""
import numpy as np
import pytest
from PIL import Image, ImageOps

from realistic_editing.data.containers import heif_turns
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.data.pixels import read_own_mask, read_rgb


def corners() -> np.ndarray:
    """(40, 64, 3), another grey in each corner and on two sides."""
    pixels = np.zeros((40, 64, 3), np.uint8)
    pixels[:20, :32], pixels[:, :8], pixels[-6:], pixels[:8, -10:] = 255, 90, 140, 30
    return pixels


def save(path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    exif[315] = "me"
    options = {} if path.suffix in (".png", ".tif") else {"quality": 98}
    Image.fromarray(corners()).save(path, exif=exif.tobytes(), **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif", "heic"])
def test_every_reader_turns_as_viewers_do(tmp_path, suffix, orientation):
    if suffix == "heic":
        pytest.importorskip("pillow_heif", reason="needs the extra heif").register_heif_opener()
    path = tmp_path / f"a.{suffix}"
    save(path, orientation)
    with Image.open(path) as picture:
        shown = np.asarray(ImageOps.exif_transpose(picture).convert("RGB")).astype(int)
    assert shown.shape[:2] == ((64, 40) if orientation >= 5 else (40, 64))
    masks = read_mask(path, shown.shape[:2])[0], read_own_mask(path)
    for found in (read_photo(path).srgb, read_rgb(path, upright=True), *(np.dstack([mask] * 3) for mask in masks)):
        assert found.shape == shown.shape and np.abs(found - shown).mean() < 2
    photo = read_photo(path)
    write_photo(tmp_path / "out.jpg", photo, photo.pixels)
    with Image.open(tmp_path / "out.jpg") as result:
        assert result.size == (shown.shape[1], shown.shape[0]) and result.getexif().get(274, 1) == 1
        assert result.getexif()[315] == "me"


def test_the_exif_of_a_heic_has_no_say(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="needs the extra heif")
    exif = Image.Exif()
    exif[274] = 6
    heif.register_heif_opener()
    Image.fromarray(corners()).save(tmp_path / "a.heic", exif=exif, quality=95)
    data = (tmp_path / "a.heic").read_bytes()
    assert b"irot" not in data and heif_turns(data) == []
    for pixels in (read_photo(tmp_path / "a.heic").pixels, read_rgb(tmp_path / "a.heic", upright=True)):
        assert pixels.shape == (40, 64, 3)


def test_turns_of_damaged_boxes_are_none(tmp_path):
    save(tmp_path / "a.avif", 6)
    data = (tmp_path / "a.avif").read_bytes()
    assert heif_turns(data) == [(b"irot", 3)]
    for cut in range(12, data.index(b"mdat"), 7):
        assert heif_turns(data[:cut]) in ([], [(b"irot", 3)])
