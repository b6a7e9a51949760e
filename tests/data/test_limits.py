"""What a file may be before it is opened."""
import re

import numpy as np
import pytest
import pyvips
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data import clips, limits
from realistic_editing.data.clips import open_clip
from realistic_editing.data.images import read_mask, read_photo

av = pytest.importorskip("av", reason="needs PyAV: pip install -e .[tools]")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>'


@pytest.fixture(autouse=True)
def own_setting(monkeypatch):
    monkeypatch.setenv(limits.SETTING, "160")  # so that whatever a test sets is gone when it ends
    monkeypatch.delenv(limits.SETTING)


def test_the_default_admits_150_megapixels(tmp_path):
    limits.check_pixel_count(tmp_path, 14204, 10652)


def test_too_many_pixels_are_refused_by_the_header_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    pyvips.Image.new_from_array(np.zeros((1100, 1000, 3), np.uint8)).pngsave(str(path))
    monkeypatch.setattr("realistic_editing.data.images.decoded", lambda *_: pytest.fail("pixels were decoded"))
    limits.set_max_megapixels(1)
    with pytest.raises(InputError, match=r"a.png: is 1000 x 1100, 1.1 megapixels.*--max-megapixels"):
        read_photo(path)


def test_too_many_bytes_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.jpg"
    with open(path, "wb") as file:
        file.truncate(int(limits.MAX_MEGAPIXELS * 1e6 * limits.BYTES_PER_PIXEL) + 1)  # a hole, no disk space
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("was read"))
    with pytest.raises(InputError, match="bytes, more than"):
        read_photo(path)


@pytest.mark.parametrize("kind", ["bmp", "heic"])
def test_of_formats_with_decoders_of_their_own_too(tmp_path, monkeypatch, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "heic":
        pytest.importorskip("pillow_heif", reason="needs pillow-heif: pip install -e .[heif]").register_heif_opener()
        monkeypatch.setattr("realistic_editing.data.heif.np.asarray", lambda *_: pytest.fail("pixels were decoded"))
    else:
        monkeypatch.setattr("realistic_editing.data.opened.cv2.imdecode", lambda *_: pytest.fail("pixels were decoded"))
    Image.new("RGB", (1000, 1100)).save(path)
    monkeypatch.setenv(limits.SETTING, "1")
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: is 1000 x 1100, 1.1 megapixels.*--max-megapixels$"):
        read_photo(path)


@pytest.mark.filterwarnings("error")
def test_what_is_within_the_limit_is_read_without_a_warning_of_its_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.new("RGB", (40, 30), (90, 90, 90)).save(tmp_path / "a.jpg")  # flat, so that its scan is looked at
    assert read_photo(tmp_path / "a.jpg").pixels.shape == (30, 40, 3)
    indexed = Image.new("P", (40, 30), 7)
    indexed.putpalette([9] * 768)
    indexed.save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png", (30, 40), label=7)[0].min() == 255


def a_clip(path, size, count=5):
    """MPEG transport streams, which may be joined one behind the other."""
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for shade in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((*size, 3), 40 * shade, np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_too_large_frames_of_a_clip_are_refused_by_its_header(tmp_path, monkeypatch):
    path = a_clip(tmp_path / "a.ts", (1200, 1600))
    assert open_clip(path).size == (1200, 1600)
    monkeypatch.setenv(limits.SETTING, "1")
    monkeypatch.setattr("realistic_editing.data.clips._decoded", lambda *_: pytest.fail("a frame was decoded"))
    with pytest.raises(InputError, match=r"a.ts: is 1600 x 1200, 1.9 megapixels.*--max-megapixels"):
        open_clip(path)


def test_frames_that_become_too_large_on_the_way_are_not_decoded(tmp_path, monkeypatch):
    path = a_clip(tmp_path / "a.ts", (240, 320))
    path.write_bytes(path.read_bytes() + a_clip(tmp_path / "b.ts", (1200, 1600)).read_bytes())

    def sizes():
        with clips._opened(path) as container:
            return {(frame.height, frame.width) for frame in clips._decoded(container)}

    assert sizes() == {(240, 320), (1200, 1600)}
    monkeypatch.setenv(limits.SETTING, "1")
    assert sizes() == {(240, 320)}


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
