"""Photos in and out of files: nothing lost, nothing half-written."""
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from realistic_editing.data.images import Photo, read_photo, write_photo

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MAKE, ORIENTATION, EXPOSURE_TIME, TAKEN, LENS = 0x010F, 0x0112, 0x829A, 0x9003, 0xA434
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rating>4</rating></x:xmpmeta>'


def noise(*shape: int, dtype=np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def make_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "A camera", orientation
    exif.get_ifd(EXIF_IFD).update({EXPOSURE_TIME: (1, 125), TAKEN: "2020:01:02 03:04:05", LENS: "A long lens's name"})
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (48.0, 51.0, 29.5)})
    return exif


def assert_has_exif(path: Path) -> None:
    exif = Image.open(path).getexif()
    details = exif.get_ifd(EXIF_IFD)
    assert exif[MAKE] == "A camera"
    assert exif.get(ORIENTATION, 1) == 1
    assert details[TAKEN] == "2020:01:02 03:04:05"
    assert details[LENS] == "A long lens's name"
    exposure = details[EXPOSURE_TIME]
    assert (np.divide(*exposure) if isinstance(exposure, tuple) else float(exposure)) == pytest.approx(1 / 125)
    assert [float(part) for part in exif.get_ifd(GPS_IFD)[2]] == [48.0, 51.0, 29.5]


def save(path: Path, pixels: np.ndarray, **options) -> Path:
    """Write with Pillow: a second opinion on every format it knows."""
    Image.fromarray(pixels).save(path, **options)
    return path



# Reading photos


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_reads_what_pillow_reads(tmp_path, suffix):
    path = save(tmp_path / f"photo[1]{suffix}", noise(13, 17, 3))
    photo = read_photo(path)
    expected = np.asarray(Image.open(path).convert("RGB"))
    assert photo.pixels.dtype == np.uint8 and photo.alpha is None and photo.notes == ()
    # JPEG decoders may round the colour conversion differently.
    assert np.abs(photo.pixels.astype(int) - expected).max() <= (3 if suffix == ".jpg" else 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_as_exif_says_and_resets_it(tmp_path, orientation):
    path = save(tmp_path / "a.png", noise(5, 8, 3), exif=make_exif(orientation))
    photo = read_photo(path)
    assert np.array_equal(photo.pixels, np.asarray(ImageOps.exif_transpose(Image.open(path))))
    for suffix in (".png", ".tif", ".webp", ".jpg"):
        out = tmp_path / f"out{suffix}"
        write_photo(out, photo, photo.pixels)
        assert_has_exif(out)
        assert read_photo(out).pixels.shape == photo.pixels.shape


def test_turns_alpha_with_the_photo(tmp_path):
    path = save(tmp_path / "a.png", noise(5, 8, 4), exif=make_exif(6))
    photo = read_photo(path)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert np.array_equal(photo.alpha, expected[:, :, 3]) and np.array_equal(photo.pixels, expected[:, :, :3])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_reads_16_bits(tmp_path, suffix, save_16):
    pixels = noise(9, 7, 3, dtype=np.uint16)
    photo = read_photo(save_16(tmp_path / f"a{suffix}", pixels))
    assert photo.pixels.dtype == np.uint16 and np.array_equal(photo.pixels, pixels)


def test_grey_becomes_rgb_with_a_note(tmp_path):
    pixels = noise(6, 5)
    photo = read_photo(save(tmp_path / "a.png", pixels))
    assert np.array_equal(photo.pixels, np.repeat(pixels[:, :, None], 3, axis=2))
    assert any("grey" in note for note in photo.notes)


def test_grey_of_16_bits_with_alpha(tmp_path, save_16):
    pixels = noise(6, 5, 2, dtype=np.uint16)
    photo = read_photo(save_16(tmp_path / "a.png", pixels))
    assert np.array_equal(photo.pixels[:, :, 1], pixels[:, :, 0]) and np.array_equal(photo.alpha, pixels[:, :, 1])


def test_grey_with_a_profile_is_converted_through_it(tmp_path):
    # A grey profile would be wrong on the RGB result, so the result must carry another one.
    path = tmp_path / "a.png"
    Image.fromarray(noise(6, 5)).save(path, icc_profile=_grey_profile())
    photo = read_photo(path)
    assert photo.metadata["icc-profile-data"][16:20] == b"RGB "
    assert any("sRGB" in note for note in photo.notes)


def _grey_profile() -> bytes:
    """The smallest grey profile: the header of another, and the tags that a grey curve needs."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, int(2.2 * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    parts, offset, table = [curve, white, text], 128 + 4 + 36, b""
    for name, part in zip((b"kTRC", b"wtpt", b"desc"), parts, strict=True):
        table += name + struct.pack(">II", offset, len(part))
        offset += len(part)
    header = bytearray(SRGB[:128])
    header[0:4], header[8:12], header[16:20] = struct.pack(">I", offset), b"\2\x10\0\0", b"GRAY"
    return bytes(header) + struct.pack(">I", 3) + table + b"".join(parts)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_becomes_srgb_with_a_note(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    ink = np.zeros((8, 8, 4), np.uint8)
    ink[:, :, 0] = 255  # cyan
    Image.fromarray(ink, "CMYK").save(path, quality=95)
    photo = read_photo(path)
    red, _, blue = photo.pixels[4, 4]
    assert photo.pixels.shape == (8, 8, 3) and blue > 150 > 90 > red
    assert any("CMYK" in note for note in photo.notes)
    write_photo(tmp_path / "out.png", photo, photo.pixels)
    assert read_photo(tmp_path / "out.png").metadata["icc-profile-data"][16:20] == b"RGB "


def test_palette(tmp_path):
    image = Image.fromarray(noise(9, 9, 3)).quantize(7)
    image.save(tmp_path / "a.png")
    assert np.array_equal(read_photo(tmp_path / "a.png").pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".tif"])
def test_first_of_several_pages_with_a_note(tmp_path, suffix):
    first, second = (Image.new("RGB", (8, 6), color) for color in ((255, 0, 0), (0, 0, 255)))
    first.save(tmp_path / f"a{suffix}", save_all=True, append_images=[second], lossless=True)
    photo = read_photo(tmp_path / f"a{suffix}")
    assert photo.pixels.shape == (6, 8, 3) and (photo.pixels == (255, 0, 0)).all()
    assert any("first of 2 pages" in note for note in photo.notes)


# Writing photos


def whole_photo(tmp_path: Path, dtype=np.uint8, alpha: bool = True) -> Photo:
    exif = make_exif().tobytes()
    pixels = noise(12, 15, 3, dtype=dtype)
    metadata = {"xres": 11.811, "yres": 11.811, "resolution-unit": "in"}
    metadata.update({"exif-data": exif, "icc-profile-data": SRGB, "xmp-data": XMP})
    return Photo(pixels, noise(12, 15, dtype=dtype, seed=1) if alpha else None, metadata, tmp_path / "source")


@pytest.mark.parametrize(
    ("suffix", "dtype", "alpha"),
    [
        (".tif", np.uint16, True),
        (".tiff", np.uint8, True),
        (".png", np.uint16, True),
        (".PNG", np.uint8, False),
        (".webp", np.uint8, True),
        (".jpg", np.uint8, False),
    ],
)
def test_round_trip_keeps_everything(tmp_path, suffix, dtype, alpha):
    photo = whole_photo(tmp_path, dtype, alpha)
    path = tmp_path / f"out{suffix}"
    write_photo(path, photo, photo.pixels)
    back = read_photo(path)
    assert back.pixels.dtype == dtype and back.notes == ()
    if suffix != ".jpg":
        assert np.array_equal(back.pixels, photo.pixels)
        assert (back.alpha is None) == (not alpha) and (not alpha or np.array_equal(back.alpha, photo.alpha))
    assert back.metadata["icc-profile-data"] == SRGB and back.metadata["xmp-data"] == XMP
    if suffix != ".webp":  # WebP has no field for it beside EXIF
        assert back.metadata["xres"] == pytest.approx(11.811, rel=1e-3)
    assert_has_exif(path)
    # Once more, from what was read: EXIF taken from a TIFF must serve the other formats too.
    write_photo(tmp_path / "again.png", back, back.pixels)
    assert_has_exif(tmp_path / "again.png")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bit_identical_outside_the_mask_after_reading_and_writing(tmp_path, suffix, dtype, save_16):
    source = save_16(tmp_path / "a.tif", noise(30, 40, 3, dtype=dtype)) if dtype == np.uint16 else None
    source = source or save(tmp_path / "a.png", noise(30, 40, 3))
    photo = read_photo(source)
    edited = photo.pixels.copy()
    edited[5:15, 10:20] //= 2
    write_photo(tmp_path / f"out{suffix}", photo, edited)
    assert np.array_equal(read_photo(tmp_path / f"out{suffix}").pixels, edited)


def test_jpeg_is_close_and_not_subsampled(tmp_path):
    photo = read_photo(save(tmp_path / "a.png", np.full((16, 16, 3), (250, 10, 30), np.uint8)))
    pixels = photo.pixels.copy()
    pixels[:, ::2] = (10, 30, 250)  # chroma at the finest scale
    write_photo(tmp_path / "out.jpg", photo, pixels)
    assert np.abs(read_photo(tmp_path / "out.jpg").pixels.astype(int) - pixels).mean() < 6


def test_drops_the_thumbnail_which_shows_the_unedited_photo(tmp_path):
    thumbnail = save(tmp_path / "a.jpg", noise(20, 20, 3)).read_bytes()
    path = save(tmp_path / "b.jpg", noise(9, 9, 3), exif=_exif_with_thumbnail(thumbnail))
    assert thumbnail in path.read_bytes()
    photo = read_photo(path)
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        write_photo(tmp_path / f"out{suffix}", photo, photo.pixels)
        assert thumbnail not in (tmp_path / f"out{suffix}").read_bytes()


def _exif_with_thumbnail(jpeg: bytes) -> bytes:
    first = struct.pack("<HHHII", 1, MAKE, 2, 4, int.from_bytes(b"abc\0", "little")) + struct.pack("<I", 26)
    second = struct.pack("<HHHIIHHII", 2, 513, 4, 1, 56, 514, 4, 1, len(jpeg)) + struct.pack("<I", 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + jpeg


def test_exif_of_a_tiff_by_another_program(tmp_path):
    info = ImageFileDirectory_v2()
    info[MAKE] = "A camera"
    details = ImageFileDirectory_v2()
    details[TAKEN], details[LENS] = "2020:01:02 03:04:05", "A long lens's name"
    details[EXPOSURE_TIME] = 1 / 125
    places = ImageFileDirectory_v2()
    places[1], places[2] = "N", (48.0, 51.0, 29.5)
    info[EXIF_IFD], info[GPS_IFD] = dict(details), dict(places)
    photo = read_photo(save(tmp_path / "a.tif", noise(8, 9, 3), tiffinfo=info))
    for suffix in (".jpg", ".tif"):
        write_photo(tmp_path / f"out{suffix}", photo, photo.pixels)
        assert_has_exif(tmp_path / f"out{suffix}")


@pytest.mark.parametrize("block", [b"garbage", b"II*\0\xff\xff\0\0", b"II*\0\x08\0\0\0\xff\x7f" + bytes(40)])
def test_damaged_exif_is_left_out_with_a_note(tmp_path, block):
    path = save(tmp_path / "a.jpg", noise(5, 6, 3), exif=b"Exif\0\0" + block)
    photo = read_photo(path)
    assert any("EXIF is damaged" in note for note in photo.notes)
    write_photo(tmp_path / "out.tif", photo, photo.pixels)
    assert np.array_equal(read_photo(tmp_path / "out.tif").pixels, photo.pixels)


@pytest.mark.parametrize("size", [(1, 1), (20000, 20), (20, 20000)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_extreme_sizes(tmp_path, size, suffix):
    photo = read_photo(save(tmp_path / "a.png", noise(*size, 3)))
    write_photo(tmp_path / f"out{suffix}", photo, photo.pixels)
    assert read_photo(tmp_path / f"out{suffix}").pixels.shape == (*size, 3)


def test_writes_over_the_file_it_came_from_and_reads_the_new_one(tmp_path):
    path = save(tmp_path / "a.png", noise(10, 10, 3))
    photo = read_photo(path)
    write_photo(path, photo, 255 - photo.pixels)
    assert np.array_equal(read_photo(path).pixels, 255 - photo.pixels)
