"""Clips in and out, a frame at a time: video files through PyAV (FFmpeg), and folders of frames."""
import contextlib
import dataclasses
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing, replacing_folder
from realistic_editing.data import limits
from realistic_editing.data.folder import SUFFIXES
from realistic_editing.data.images import Photo, read_photo, write_photo
from realistic_editing.data.video_colors import BT709, HD, TRANSFERS, from_rgb, matrix_of, to_rgb

# Suffix -> the encoder, what it stores, and its options. FFV1 is without loss, and 10 bits of luma and chroma hold 8 of RGB.
_H264 = ("libx264", "yuv420p", {"crf": "16", "preset": "medium"})
CODECS = {".mp4": _H264, ".mov": _H264, ".mkv": ("ffv1", "yuv444p10le", {"level": "3", "slicecrc": "1"})}
_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
FOLDER_RATE = 25.0  # frames in a second of a folder, which says nothing of it
_UNEVEN = 0.1  # seconds by which a frame may be off its place in an even row without a word
_CLOCK = Fraction(1, 90000)  # of frames that are not evenly spaced
# The containers that are read, as FFmpeg names them. It knows others: lists of files or of commands, texts, sounds, pictures.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,ogg,flv,asf,mxf,dv,nut,h264,hevc,gif,apng"
_KEPT = ("creation_time", "location", "date", "title", "artist", "comment", "copyright")  # of what a file says of itself
_SAME_PLACE = {"com.apple.quicktime.location.ISO6709": "location", "com.apple.quicktime.creationdate": "date"}


@dataclasses.dataclass(frozen=True)
class Clip:
    """A video file or a folder of frames, not yet read.

    Args:
        path: where it is.
        size: (H, W) as displayed.
        rate: frames in a second; None for a folder.
        count: of frames; an estimate for a video file, whose end only reading finds.
        frames: the images, by name; None for a video file.
        times: seconds of each frame of a video file, where they are not evenly spaced.
        tags: of a video file: matrix, primaries and transfer (codes of ITU-T H.273), the shape of a pixel, date and place.
    """

    path: Path
    size: tuple[int, int]
    rate: float | None
    count: int
    frames: tuple[Path, ...] | None
    times: tuple[float, ...] | None = None
    tags: Mapping[str, Any] = dataclasses.field(default_factory=dict)

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
        InputError: naming the path and the remedy, when it is absent, empty, or nothing that FFmpeg reads.
    """
    path = Path(path)
    check_regular(path)
    if path.is_dir():
        frames = tuple(sorted((one for one in path.iterdir() if _is_frame(one)), key=_natural))
        if not frames:
            raise InputError(f"{path}: holds no images; name a folder of frames ({', '.join(SUFFIXES)}), or a video file")
        return Clip(path, read_photo(frames[0]).pixels.shape[:2], None, len(frames), frames)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder; check the path")
    limits.check_is_no_list(path)
    try:
        with _opened(path) as container:
            return _described(path, container)
    except (av.error.FFmpegError, IndexError, StopIteration) as error:
        raise InputError(
            f"{path}: no frame can be read; is it a video? Convert it, as to .mp4, or name a folder of frames"
        ) from error


def _described(path: Path, container: Any) -> Clip:
    stream = container.streams.video[0]
    limits.check_pixel_count(path, stream.codec_context.width, stream.codec_context.height)
    moments = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
    times = [float(moment * stream.time_base) for moment in moments]
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    if not 0 < rate < 1000:
        raise InputError(f"{path}: says it has {rate:g} frames a second; convert it with a fixed frame rate")
    count = max(len(times), stream.frames, 1)
    metadata = {_SAME_PLACE.get(name, name.lower()): value for name, value in {**stream.metadata, **container.metadata}.items()}
    container.seek(0)
    frame = next(_decoded(container))
    notes = _notes(frame, stream)
    tags = {
        "matrix": int(frame.colorspace), "primaries": int(stream.codec_context.color_primaries),
        "transfer": int(stream.codec_context.color_trc),
        "aspect": stream.sample_aspect_ratio, "metadata": {name: metadata[name] for name in _KEPT if name in metadata},
        "notes": notes,
    }  # fmt: skip
    off = np.abs(np.array(times) - (times[0] if times else 0) - np.arange(len(times)) / rate).max(initial=0)
    uneven = len(times) == count and off > 0.004 and len(set(times)) == count
    return Clip(path, _upright(frame).shape[:2], rate, count, None, tuple(times) if uneven else None, tags)


def _notes(frame: Any, stream: Any) -> list[str]:
    """What of a clip the result does not hold."""
    found = []
    transfer = int(stream.codec_context.color_trc)
    if transfer in TRANSFERS:
        kind = TRANSFERS[transfer]
        found.append(f"its colours are high dynamic range ({kind}); they are judged as if they were not, and written in 8 bits")
    elif max(component.bits for component in frame.format.components) > 8 and stream.codec_context.name != "ffv1":
        found.append("it has more than 8 bits; the result has 8")
    if frame.format.name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya")):
        found.append("its transparency is not kept")
    if frame.rotation % 360:
        found.append("it is stored turned; the result is stored upright")
    return found


@contextlib.contextmanager
def writing(
    path: str | Path, size: tuple[int, int], rate: float | None, like: Clip | None = None
) -> Iterator[Callable[[Photo, np.ndarray], None]]:
    """Write a clip beside its place, and put it there when the block ends without an error.

    Args:
        path: .mp4 or .mov (H.264, with loss), .mkv (FFV1, without), or a name without suffix: a folder of PNGs, without loss.
        size: (H, W) of the frames.
        rate: frames in a second; that of a folder when None.
        like: a clip whose times, colours, shape of pixels, date and place the result takes over.

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
        try:
            with av.open(str(temporary.absolute()), "w", format=_FORMATS[path.suffix.lower()]) as container:
                stream, write = _encoder(container, path, size, rate, like)
                yield write
                container.mux(stream.encode(None))
        except OSError as error:  # FFmpeg's errors are of this kind as well
            raise InputError(f"{path}: cannot be written ({error}); free some disk space, or choose another place") from error


def _encoder(
    container: Any, path: Path, size: tuple[int, int], rate: float, like: Clip | None
) -> tuple[Any, Callable[[Photo, np.ndarray], None]]:
    """The stream, and what adds a frame to it."""
    name, stored, options = CODECS[path.suffix.lower()]
    tags, times = (like.tags, like.times) if like is not None else ({}, None)
    stream = container.add_stream(name, rate=Fraction(rate).limit_denominator(1001), options=options)
    stream.width, stream.height, stream.pix_fmt = size[1], size[0], stored
    context = stream.codec_context
    step = 1 / Fraction(rate).limit_denominator(1001)
    context.time_base = _CLOCK if times else step
    matrix = matrix_of(tags.get("matrix", 2), size[0])
    usual = BT709 if size[0] >= HD else 2  # 2: not said
    for field, value in (("color_primaries", "primaries"), ("color_trc", "transfer")):
        setattr(context, field, tags[value] if tags.get(value, 2) not in (0, 2) else usual)
    context.colorspace, context.color_range = matrix, 1
    if tags.get("aspect"):
        context.sample_aspect_ratio = tags["aspect"]
        if path.suffix.lower() == ".mkv" and tags["aspect"] != 1:
            print(f"note: {path}: cannot hold the shape of the clip's pixels, {tags['aspect']}; an .mp4 can", file=sys.stderr)
    container.metadata.update(tags.get("metadata", {}))
    numbers = iter(range(sys.maxsize))

    def write(photo: Photo, pixels: np.ndarray) -> None:
        number = next(numbers)
        eight = pixels if pixels.dtype == np.uint8 else np.rint(pixels / 257).astype(np.uint8)
        frame = from_rgb(eight, matrix)
        if stored != frame.format.name:
            frame = frame.reformat(format=stored, src_colorspace=BT709, dst_colorspace=BT709)  # the same: values stay
            frame.colorspace, frame.color_range = matrix, 1
        frame.time_base = context.time_base
        frame.pts = round(times[number] / _CLOCK) if times and number < len(times) else number
        container.mux(stream.encode(frame))

    return stream, write


def check_output(path: Path, size: tuple[int, int]) -> None:
    """Refuse a place that `writing` cannot use, before any work is done. Raises InputError."""
    check_regular(path)
    if not path.suffix:
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise InputError(f"{path}: is there already, and not an empty folder; name a new one")
        return
    if path.suffix.lower() not in CODECS:
        known = ", ".join(CODECS)
        raise InputError(f"{path}: cannot write {path.suffix}; use {known}, or a name without suffix, a folder of PNGs")
    if size[0] % 2 or size[1] % 2:
        raise InputError(
            f"{path}: the clip is {size[1]} x {size[0]}, and a video file holds even sides only; "
            f"write a folder of PNGs: {path.with_suffix('')}"
        )


def _of_video(clip: Clip) -> Iterator[Photo]:
    for note in clip.tags.get("notes", ()):
        print(f"note: {clip.path}: {note}", file=sys.stderr)
    count = 0
    with _opened(clip.path) as container:
        for frame in _decoded(container):
            pixels = _upright(frame)
            if pixels.shape[:2] != clip.size:
                raise InputError(f"{clip.path}, frame {count + 1}: changes its size; cut the clip there")
            yield Photo(pixels, None, {"xres": 1.0, "yres": 1.0}, clip.path)
            count += 1
    if count < 0.98 * clip.count - 1:
        print(f"note: {clip.path}: says it has {clip.count} frames; {count} could be read, is it cut short?", file=sys.stderr)
    off = _off(clip)
    if off > _UNEVEN:
        print(
            f"note: {clip.path}: its frames are not evenly spaced, by up to {off:.2f} s; a video file keeps their times, "
            "a folder of frames cannot",
            file=sys.stderr,
        )


def _off(clip: Clip) -> float:
    """Seconds by which a frame is off its place in an even row, at most."""
    if clip.times is None:
        return 0.0
    return float(np.abs(np.array(clip.times) - clip.times[0] - np.arange(len(clip.times)) / clip.rate).max())


def _decoded(container: Any) -> Iterator[Any]:
    """The frames that can be decoded; damaged ones are passed over."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    stream.codec_context.options = limits.decoder_options()  # frames may become larger on the way
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _upright(frame: Any) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(to_rgb(frame), round(frame.rotation / 90) % 4))


def _of_folder(clip: Clip) -> Iterator[Photo]:
    dtype = None
    for path in clip.frames:
        photo = read_photo(path)
        dtype = dtype or photo.pixels.dtype
        if photo.pixels.shape[:2] != clip.size or photo.pixels.dtype != dtype:
            height, width = photo.pixels.shape[:2]
            first = f"the first frame {clip.size[1]} x {clip.size[0]}, {dtype}; bring all frames to one size and depth"
            raise InputError(f"{path}: is {width} x {height}, {photo.pixels.dtype}, and {first}")
        yield photo


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A video file, closed in the end. By its whole path: FFmpeg takes what stands before an early colon for a protocol."""
    # With the decoder's options: some frames are decoded to find out what they are.
    options = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS, **limits.decoder_options()}
    with av.open(str(path.absolute()), options=options, metadata_errors="replace") as container:
        yield container


def _is_frame(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]
