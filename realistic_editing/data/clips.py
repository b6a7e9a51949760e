"""Clips in and out, a frame at a time: video files through OpenCV, and folders of frames."""
import contextlib
import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing, replacing_folder
from realistic_editing.data import limits
from realistic_editing.data.folder import SUFFIXES
from realistic_editing.data.images import Photo, read_photo, write_photo

# Suffix -> the codec's name for OpenCV. Those of its own build: H.264 has no encoder there.
CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "FFV1"}
FOLDER_RATE = 25.0  # frames in a second of a folder, which says nothing of it
_LARGEST = 65535  # numerator of a frame rate in MPEG-4
_UNEVEN = 0.1  # seconds by which the last frame may be off its place in an even row


@dataclasses.dataclass(frozen=True)
class Clip:
    """A video file or a folder of frames, not yet read.

    Args:
        path: where it is.
        size: (H, W) as displayed.
        rate: frames in a second; None for a folder.
        count: of frames; an estimate for a video file, whose end only reading finds.
        frames: the images, by name; None for a video file.
    """

    path: Path
    size: tuple[int, int]
    rate: float | None
    count: int
    frames: tuple[Path, ...] | None

    def read(self) -> Iterator[Photo]:
        """The frames in their order, one in memory at a time; each call starts anew.

        Yields:
            Photos of 8 bits; those of a folder with the depth, profile and alpha of their files.

        Raises:
            InputError: when a frame cannot be read or has another size or depth than the first.
        """
        return _of_video(self) if self.frames is None else _of_folder(self)


def open_clip(path: str | Path) -> Clip:
    """Find out what a clip is, from its first frame.

    Args:
        path: a video file, or a folder of images, in the order of their names, numbers by their value (2 before 10).

    Raises:
        InputError: naming the path and the remedy, when it is absent, empty, or nothing that OpenCV reads.
    """
    path = Path(path)
    if path.is_dir():
        frames = tuple(sorted((one for one in path.iterdir() if _is_frame(one)), key=_natural))
        if not frames:
            raise InputError(f"{path}: holds no images; name a folder of frames ({', '.join(SUFFIXES)}), or a video file")
        return Clip(path, read_photo(frames[0]).pixels.shape[:2], None, len(frames), frames)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder; check the path")
    limits.check_is_no_list(path)
    with _capture(path) as capture:
        there, frame = capture.read()
        rate, count = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if not there:
        raise InputError(f"{path}: no frame can be read; is it a video? Convert it, as to .mp4, or name a folder of frames")
    if not 0 < rate < 1000:
        raise InputError(f"{path}: says it has {rate:g} frames a second; convert it with a fixed frame rate")
    return Clip(path, frame.shape[:2], rate, max(count, 1), None)


@contextlib.contextmanager
def writing(
    path: str | Path, size: tuple[int, int], rate: float | None
) -> Iterator[Callable[[Photo, np.ndarray], None]]:
    """Write a clip beside its place, and put it there when the block ends without an error.

    Args:
        path: .mp4 or .mov (MPEG-4, with loss), .mkv (FFV1, without), or a name without suffix: a folder of PNGs, without loss.
        size: (H, W) of the frames.
        rate: frames in a second; that of a folder when None.

    Yields:
        write(photo, pixels), which adds a frame, `pixels` in the place of those of `photo`.

    Raises:
        InputError: when the format is unknown or cannot hold the size, the folder has content, or the disk is full.
    """
    path, rate = Path(path), rate or FOLDER_RATE
    check_output(path, size)
    if not path.suffix:
        with replacing_folder(path) as folder:
            numbers = iter(range(1, sys.maxsize))
            yield lambda photo, pixels: write_photo(folder / f"{next(numbers):06d}.png", photo, pixels)
        return
    with replacing(path) as temporary:
        codec = CODECS[path.suffix.lower()]
        rate = _fitting(rate) if codec == "mp4v" else rate
        writer = cv2.VideoWriter(str(temporary), cv2.VideoWriter_fourcc(*codec), rate, (size[1], size[0]))
        if not writer.isOpened():
            raise InputError(f"{path}: OpenCV cannot write this format here; name a folder of frames instead")
        count = 0

        def write(photo: Photo, pixels: np.ndarray) -> None:
            nonlocal count
            eight = pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8)
            writer.write(np.ascontiguousarray(eight[..., ::-1]))
            count += 1

        try:
            yield write
        finally:
            writer.release()
        with _capture(temporary) as capture:
            written = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if written != count:  # OpenCV's writer tells of no error
            raise InputError(f"{path}: {written} of {count} frames were written; free some disk space, or choose another place")


def check_output(path: Path, size: tuple[int, int]) -> None:
    """Refuse a place that `writing` cannot use, before any work is done. Raises InputError."""
    if not path.suffix:
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise InputError(f"{path}: is there already, and not an empty folder; name a new one")
        return
    if path.suffix.lower() not in CODECS:
        known = ", ".join(CODECS)
        raise InputError(f"{path}: cannot write {path.suffix}; use {known}, or a name without suffix, a folder of PNGs")
    if size[0] % 2 or size[1] % 2:
        # OpenCV would cut off the last row or column without a word.
        raise InputError(
            f"{path}: the clip is {size[1]} x {size[0]}, and a video file holds even sides only; "
            f"write a folder of PNGs: {path.with_suffix('')}"
        )


def _fitting(rate: float) -> float:
    """A rate that MPEG-4 can hold, a fraction of numbers up to 65535, as near as whole decimals go; OpenCV takes three."""
    tries = (Fraction(round(rate * 10**digits), 10**digits) for digits in (3, 2, 1, 0))
    return float(next(one for one in tries if one.numerator <= _LARGEST))


def _of_video(clip: Clip) -> Iterator[Photo]:
    count, last = 0, 0.0
    with _capture(clip.path) as capture:
        while True:
            there, frame = capture.read()
            if not there:
                break
            if frame.shape[:2] != clip.size:
                raise InputError(f"{clip.path}, frame {count + 1}: changes its size; cut the clip there")
            last = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            yield Photo(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), None, {"xres": 1.0, "yres": 1.0}, clip.path)
            count += 1
    if count < 0.98 * clip.count - 1:
        print(f"note: {clip.path}: says it has {clip.count} frames; {count} could be read, is it cut short?", file=sys.stderr)
    if abs(last - (count - 1) / clip.rate) > _UNEVEN:
        print(f"note: {clip.path}: its frames are not evenly spaced, those of the result are; sound may drift", file=sys.stderr)


def _of_folder(clip: Clip) -> Iterator[Photo]:
    dtype = None
    for path in clip.frames:
        photo = read_photo(path)
        dtype = dtype or photo.pixels.dtype
        if photo.pixels.shape[:2] != clip.size or photo.pixels.dtype != dtype:
            height, width = photo.pixels.shape[:2]
            raise InputError(
                f"{path}: is {width} x {height}, {photo.pixels.dtype}, and the first frame {clip.size[1]} x {clip.size[0]}, "
                f"{dtype}; bring all frames to one size and depth"
            )
        yield photo


@contextlib.contextmanager
def _capture(path: Path) -> Iterator[cv2.VideoCapture]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        yield capture
    finally:
        capture.release()


def _is_frame(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]
