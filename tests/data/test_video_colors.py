"""Clips keep their colours, times, shape of pixels, date and place; what they cannot keep is said."""
from fractions import Fraction

import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.clips import open_clip, writing
from realistic_editing.data.video_colors import BT601, BT709, from_rgb, matrix_of, to_rgb

av = pytest.importorskip("av", reason="needs PyAV: pip install -e .[tools]")


def flat(size, seed=0):
    """Large areas of strong colours: a wrong matrix moves the green one by 20 levels and more."""
    colours = np.random.default_rng(seed).integers(30, 220, (2, 4, 3)).astype(np.uint8)
    colours[0, 0] = 40, 200, 40
    return colours.repeat(size[0] // 2, 0).repeat(size[1] // 4, 1)


def made(path, frame, pixel="yuv420p", codec="libx264", matrix=None, times=range(4), clock=Fraction(1, 10), **tags):
    """A file as another program writes it; `matrix` is that of its pixels, named only where `named` says so."""
    named, aspect, metadata = tags.pop("named", True), tags.pop("aspect", None), tags.pop("metadata", {})
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = frame.shape[1], frame.shape[0], pixel
        stream.codec_context.time_base = clock
        if matrix and named:
            stream.codec_context.colorspace = matrix
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        for time in times:
            coded = from_rgb(frame, matrix) if matrix else av.VideoFrame.from_ndarray(frame, "rgb24")
            coded = coded.reformat(format=pixel)
            coded.time_base, coded.pts = clock, time
            container.mux(stream.encode(coded))
        container.mux(stream.encode(None))
    return path


def copied(clip, path):
    """The clip, written again unedited."""
    with writing(path, clip.size, clip.rate, clip) as write:
        for photo in clip.read():
            write(photo, photo.pixels)
    return path


def as_players_do(path):
    """The first frame by FFmpeg's own scaler, by the matrix that is named, or by what players take where none is."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        code = int(frame.colorspace)
        taken = {1: 1, 5: 5, 6: 5, 9: 9}.get(code, 1 if frame.height >= 720 else 5)
        return frame.reformat(format="rgb24", src_colorspace=taken, dst_color_range=2).to_ndarray(), code


@pytest.mark.parametrize("matrix", [1, 5, 6, 7, 9])
def test_every_colour_of_8_bits_comes_back(matrix):
    levels = np.arange(256, dtype=np.uint8)
    for red in (0, 1, 77, 128, 200, 255):
        pixels = np.dstack([np.full((256, 256), red, np.uint8), *np.meshgrid(levels, levels)])
        assert (to_rgb(from_rgb(pixels, matrix)) == pixels).all()


@pytest.mark.parametrize("lines", [480, 720])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("matrix", [BT709, BT601])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_colours_are_read_and_written_as_players_show_them(tmp_path, lines, named, matrix, suffix):
    if not named and matrix != matrix_of(2, lines):
        pytest.skip("no player would know")
    pixels = flat((lines, 640))
    clip = open_clip(made(tmp_path / "in.mp4", pixels, matrix=matrix, named=named))
    inside = (slice(40, 200), slice(40, 120))
    assert np.abs(next(clip.read()).pixels[inside].mean((0, 1)) - pixels[inside].mean((0, 1))).max() < 6
    shown, code = as_players_do(copied(clip, tmp_path / f"out{suffix}"))
    assert np.abs(shown[inside].mean((0, 1)) - pixels[inside].mean((0, 1))).max() < 8
    assert matrix_of(code, 0) == matrix  # named, whatever the clip's height


@pytest.mark.parametrize("codec", ["ffv1", "png"])
def test_colours_stored_as_rgb_are_as_they_are(tmp_path, codec):
    pixels = flat((720, 640), 1)
    name, pixel = ("in.mkv", "bgr0") if codec == "ffv1" else ("in.mov", "rgb24")
    clip = open_clip(made(tmp_path / name, pixels, pixel, codec))
    assert (next(clip.read()).pixels == pixels).all()
    assert (next(open_clip(copied(clip, tmp_path / "out.mkv")).read()).pixels == pixels).all()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_uneven_times_shape_date_and_place_are_kept(tmp_path, suffix, capsys):
    times = [0, 33, 67, 100, 350, 700, 733]
    said = {"creation_time": "2024-05-06T07:08:09.000000Z", "location": "+48.2100+016.3700/", "title": "a clip"}
    tags = {"times": times, "clock": Fraction(1, 1000), "aspect": Fraction(4, 3), "metadata": said}
    clip = open_clip(made(tmp_path / "in.mp4", flat((96, 128)), matrix=5, **tags))
    assert np.allclose(clip.times, np.array(times) / 1000, atol=1e-3)
    again = open_clip(copied(clip, tmp_path / f"out{suffix}"))
    told = capsys.readouterr().err
    assert "not evenly spaced, by up to 0." in told
    assert np.allclose(again.times, clip.times, atol=2e-3) and again.count == 7
    if suffix == ".mkv":
        assert "cannot hold the shape of the clip's pixels, 4/3" in told
    else:
        assert again.tags["aspect"] == Fraction(4, 3)
    assert {name: again.tags["metadata"].get(name) for name in clip.tags["metadata"]} == clip.tags["metadata"]
    assert clip.tags["metadata"]["creation_time"].startswith("2024-05-06")


@pytest.mark.parametrize(
    ("pixel", "codec", "tags", "words"),
    [
        ("yuv420p10le", "libx265", {"color_trc": 18, "color_primaries": 9}, "high dynamic range (HLG)"),
        ("yuv420p10le", "libx265", {"color_trc": 16, "color_primaries": 9}, "high dynamic range (PQ)"),
        ("yuv422p10le", "prores_ks", {}, "more than 8 bits"),
        ("bgra", "ffv1", {}, "its transparency is not kept"),
    ],
)
def test_what_is_not_kept_is_named(tmp_path, capsys, pixel, codec, tags, words):
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    clip = open_clip(made(tmp_path / "in.mkv", flat((96, 128)), pixel, codec, **tags))
    assert len(list(clip.read())) == 4 and words in capsys.readouterr().err
    with av.open(str(copied(clip, tmp_path / "out.mkv"))) as container:
        context = container.streams.video[0].codec_context
        assert all(int(getattr(context, name)) == value for name, value in tags.items())


NAMES = ["2024-01-01T12:30:00.mp4", "concat:b.mp4", "100%d.mp4", "a#b?c=d.mp4", "[x],(y).mp4", "-v.mp4", "é ü.mp4"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_files(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "plain.mp4", flat((96, 128)), matrix=5).rename(tmp_path / name)
    clip = open_clip(name)
    assert len(list(clip.read())) == 4
    assert open_clip(copied(clip, f"out-{name}")).count == 4 and open_clip(copied(clip, f"2:{name}")).count == 4


LISTS = [("a.m3u8", "#EXTM3U\n#EXTINF:1,\nin.mp4\n"), ("a.mp4", "ffconcat version 1.0\nfile in.mp4\n")]


@pytest.mark.parametrize(("name", "text"), LISTS)
def test_a_list_of_clips_is_no_clip(tmp_path, name, text):
    made(tmp_path / "in.mp4", flat((96, 128)), matrix=5)
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="list of clips|list of other files|no frame can be read"):
        open_clip(tmp_path / name)
