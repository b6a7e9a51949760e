"""Clips go in and out whole: order, size, rate and pixels."""
import cv2
import numpy as np
import pytest
from PIL import Image

from realistic_editing.common.errors import InputError
from realistic_editing.data.clips import open_clip, writing
from realistic_editing.data.images import Photo

SIZE = (48, 64)


@pytest.fixture
def frames(video_clips):
    return [video_clips.texture(SIZE, seed) for seed in range(5)]


def photo_of(pixels):
    return Photo(pixels, None, {"xres": 1.0, "yres": 1.0}, None)


def write(path, frames, rate=29.97):
    with writing(path, frames[0].shape[:2], rate) as add:
        for frame in frames:
            add(photo_of(frame), frame)
    return path


@pytest.mark.parametrize(("name", "loss"), [("clip.mkv", 0), ("frames", 0), ("clip.mp4", 8), ("clip.mov", 8)])
def test_what_is_written_is_read(tmp_path, frames, name, loss):
    clip = open_clip(write(tmp_path / "new" / name, frames))
    assert clip.size == SIZE and clip.count == 5 and (clip.rate is None or clip.rate == pytest.approx(29.97, abs=1e-3))
    for _ in range(2):  # reading starts anew
        back = [photo.pixels for photo in clip.read()]
        assert len(back) == 5
        assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(back, frames, strict=True)) <= loss
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv"])
@pytest.mark.parametrize("rate", [200 / 3, 240.123456, 30000 / 1001, 655.357, 999.9, 1 / 3])
def test_any_frame_rate_is_written(tmp_path, frames, name, rate):
    found = open_clip(write(tmp_path / name, frames, rate))
    assert found.rate == pytest.approx(rate, rel=1e-3) and len(list(found.read())) == 5


def test_a_folder_goes_by_numbers_and_keeps_its_depth(tmp_path, frames):
    for number in (10, 2, 1):
        Image.fromarray(np.full((*SIZE, 3), number, np.uint8)).save(tmp_path / f"f{number}.png")
    (tmp_path / "notes.txt").write_text("no frame")
    Image.fromarray(np.full((*SIZE, 3), 20, np.uint8)).save(tmp_path / "f²5.png")  # no number, though a digit
    assert [photo.pixels[0, 0, 0] for photo in open_clip(tmp_path).read()] == [1, 2, 10, 20]
    deep = write(tmp_path / "deep", [frame.astype(np.uint16) * 200 for frame in frames])
    back = [photo.pixels for photo in open_clip(deep).read()]
    assert all((one == frame.astype(np.uint16) * 200).all() for one, frame in zip(back, frames, strict=True))
    eight = open_clip(write(tmp_path / "deep.mkv", [frame.astype(np.uint16) * 257 for frame in frames]))
    assert all((photo.pixels == frame).all() for photo, frame in zip(eight.read(), frames, strict=True))


@pytest.mark.parametrize("name", ["clip.mp4", "frames"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, InputError("x")])
def test_nothing_half_written_is_left(tmp_path, frames, name, stop):
    with pytest.raises((KeyboardInterrupt, InputError)), writing(tmp_path / name, SIZE, 25) as add:
        add(photo_of(frames[0]), frames[0])
        raise stop
    assert not list(tmp_path.iterdir())


def test_a_folder_with_content_is_never_replaced(tmp_path, frames):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not an empty folder"):
        write(tmp_path / "mine", frames)
    assert (tmp_path / "mine/letter.txt").read_text() == "dear"
    (tmp_path / "empty").mkdir()
    assert open_clip(write(tmp_path / "empty", frames)).count == 5


def test_what_cannot_be_written_is_refused(tmp_path, frames):
    with pytest.raises(InputError, match=r"cannot write \.gif; use \.mp4"):
        write(tmp_path / "clip.gif", frames)
    with pytest.raises(InputError, match="63 x 48, and a video file holds even sides only"):
        write(tmp_path / "clip.mp4", [np.ascontiguousarray(frame[:, :63]) for frame in frames])
    odd = write(tmp_path / "odd", [np.ascontiguousarray(frame[:, :63]) for frame in frames])
    assert open_clip(odd).size == (48, 63)


def test_what_cannot_be_read_is_named(tmp_path, frames):
    with pytest.raises(InputError, match="absent.mp4: no such file"):
        open_clip(tmp_path / "absent.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match="text.mp4: no frame can be read"):
        open_clip(tmp_path / "text.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        open_clip(tmp_path / "empty")
    folder = write(tmp_path / "frames", frames)
    cv2.imwrite(str(folder / "000003.png"), frames[0][:20])
    with pytest.raises(InputError, match=r"000003.png: is 64 x 20, uint8, and the first frame 64 x 48"):
        list(open_clip(folder).read())


def test_a_clip_cut_short_is_told(tmp_path, video_clips, capsys):
    path = write(tmp_path / "clip.mp4", [video_clips.texture((240, 320), seed) for seed in range(12)])
    list(open_clip(path).read())
    assert "note" not in capsys.readouterr().err
    data = bytearray(path.read_bytes())
    place = data.index(b"mdat")
    data[place + len(data) // 2 : data.rindex(b"moov") - 4] = bytes(data.rindex(b"moov") - 4 - place - len(data) // 2)
    path.write_bytes(data)
    found = len(list(open_clip(path).read()))
    assert found == 12 or "cut short" in capsys.readouterr().err
