"""Files cut short are refused, which OpenCV would decode; whole ones are read as OpenCV reads them."""
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_grey, read_own_mask, read_rgb, read_stored
from realistic_editing.data.whole import is_whole

KINDS = {"jpg": {}, "progressive.jpg": {"progressive": True}, "png": {}, "webp": {"lossless": True}, "bmp": {}}


def picture(side: int = 200) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))


def encoded(kind: str, **more) -> bytes:
    file = io.BytesIO()
    picture().save(file, {"jpg": "JPEG"}.get(kind.split(".")[-1], kind.upper()), **KINDS[kind], **more)
    return file.getvalue()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_short_is_refused(tmp_path, kind, kept):
    data = encoded(kind)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(data[: int(kept * len(data))])
    for read in (read_rgb, read_grey, read_own_mask, read_stored):
        with pytest.raises(InputError, match=rf"a\.{kind}: is cut short; fetch it again"):
            read(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [b"", bytes(100), b"\xff\xd8\xff\xe0 another picture"])
def test_a_whole_file_is_read_as_before_whatever_follows_it(tmp_path, kind, after):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(encoded(kind) + after)
    assert np.array_equal(read_rgb(path), cv2.imread(str(path))[..., ::-1])


def test_the_end_of_a_thumbnail_is_not_the_photos():
    small = io.BytesIO()
    picture(40).save(small, "JPEG")
    thumbnail = b"Exif\0\0" + small.getvalue()
    data = encoded("jpg", exif=thumbnail)
    assert is_whole(data) and data.count(b"\xff\xd9") == 2
    assert not is_whole(data[: len(data) // 2]) and data[: len(data) // 2].count(b"\xff\xd9") == 1


def test_padding_and_junk_before_a_marker_do_not_hide_the_end():
    data = encoded("jpg")
    assert is_whole(data[:2] + b"\xff\xff\xff" + data[2:]) and is_whole(data[:2] + b"junk" + data[2:])


@pytest.mark.parametrize("upright", [False, True])
def test_orientation_is_kept_or_turned_as_before(tmp_path, upright):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(40).crop((0, 0, 40, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert read_rgb(tmp_path / "a.jpg", upright).shape == ((40, 20, 3) if upright else (20, 40, 3))


def test_an_empty_file_and_another_format_are_no_images(tmp_path):
    for content in (b"", b"not an image", b"\xff", b"RIFF"):
        (tmp_path / "a.jpg").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.jpg: cannot be decoded"):
            read_rgb(tmp_path / "a.jpg")
