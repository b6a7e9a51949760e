"""What a file may be before it is opened."""
import numpy as np
import pytest
import pyvips

from realistic_editing.common.errors import InputError
from realistic_editing.data import limits
from realistic_editing.data.clips import open_clip
from realistic_editing.data.images import read_photo

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>'


@pytest.fixture(autouse=True)
def own_setting(monkeypatch):
    monkeypatch.delenv(limits.SETTING, raising=False)


def test_the_default_admits_150_megapixels(tmp_path):
    limits.check_pixel_count(tmp_path, 14204, 10652)


def test_too_many_pixels_are_refused_by_the_header_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    pyvips.Image.new_from_array(np.zeros((1100, 1000, 3), np.uint8)).pngsave(str(path))
    monkeypatch.setattr("realistic_editing.data.images.decoded", lambda *_: pytest.fail("pixels were decoded"))
    limits.set_max_megapixels(1)
    try:
        with pytest.raises(InputError, match=r"a.png: is 1000 x 1100, 1.1 megapixels.*--max-megapixels"):
            read_photo(path)
    finally:
        monkeypatch.delenv(limits.SETTING)


def test_too_many_bytes_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    with open(path, "wb") as file:
        file.truncate(int(limits.MAX_MEGAPIXELS * 1e6 * limits.BYTES_PER_PIXEL) + 1)  # a hole, no disk space
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("was read"))
    with pytest.raises(InputError, match="bytes, more than"):
        read_photo(path)


@pytest.mark.parametrize("value", ["x", 0, -1, "inf", "nan", True, None])
def test_a_limit_is_a_number_above_zero(value):
    with pytest.raises(InputError, match="max-megapixels"):
        limits.check_megapixels(value)


@pytest.mark.parametrize("text", [
    SVG, f'<?xml version="1.0"?>\n{SVG}', f"\n \n{SVG}", f"<!-- a -->{SVG}", f"\ufeff{SVG}", "%PDF-1.4\n",
])  # fmt: skip
def test_drawings_are_refused_whatever_their_name(tmp_path, text):
    path = tmp_path / "a.png"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is a drawing"):
        read_photo(path)


@pytest.mark.parametrize("text", ["#EXTM3U\nclip.mp4\n", "ffconcat version 1.0\nfile clip.mp4\n", "\ufeff#EXTM3U\n"])
def test_lists_of_clips_are_refused_whatever_their_name(tmp_path, text):
    path = tmp_path / "a.mp4"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is a list of clips"):
        open_clip(path)
