"""What a file may be before it is opened: bytes and pixels by its header, and no drawing or list where a photo is asked for."""
import os
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular

MAX_MEGAPIXELS = 160.0  # admits the 150 megapixels of medium-format cameras
BYTES_PER_PIXEL = 16  # twice what 16 bits, four channels and no compression need
SETTING = "REALISTIC_EDITING_MAX_MEGAPIXELS"  # in the environment, so that worker processes have it as well
_DRAWINGS = (b"<svg", b"<?xml", b"<!doctype svg", b"%pdf-", b"%!ps")
# How pictures that are read begin: JPEG, PNG, TIFF in its four forms, GIF and BMP; WebP, AVIF and HEIC by later bytes.
_PICTURES = (b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF8", b"BM")
_LISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<?xml", b"<mpd", b"<smil", b"v=0")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of UTF-8 and UTF-16
_HEAD = 4096  # bytes in which a text file tells what it is


def max_megapixels() -> float:
    """The greatest size of a photo, in millions of pixels.

    Raises:
        InputError: when the setting is no number above 0.
    """
    return check_megapixels(os.environ.get(SETTING, MAX_MEGAPIXELS))


def set_max_megapixels(value: float | str) -> None:
    """Set it for this process and those that it starts. Raises InputError when it is no number above 0."""
    os.environ[SETTING] = f"{check_megapixels(value):.12g}"


def check_megapixels(value: float | str) -> float:
    """Return it as a number. Raises InputError when it is none above 0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise InputError(f"max-megapixels is {value!r}; use a number above 0, such as {MAX_MEGAPIXELS:g}")
    return number


def check_file_size(path: Path) -> None:
    """Refuse a file that no photo within the limit needs, before it is read, and what is no file; OSError when absent."""
    check_regular(path)
    size, most = path.stat().st_size, int(max_megapixels() * 1e6 * BYTES_PER_PIXEL)
    if size > most:
        raise InputError(f"{path}: has {size} bytes, more than the {most} of a photo within the limit; {_remedy()}")


def check_pixel_count(path: Path, width: int, height: int) -> None:
    """Refuse a photo of too many pixels, by the size that its header states."""
    if width * height > max_megapixels() * 1e6:
        raise InputError(
            f"{path}: is {width} x {height}, {width * height / 1e6:.1f} megapixels, above the limit of {max_megapixels():g}; "
            f"{_remedy()}"
        )


def decoder_options() -> dict[str, str]:
    """The options of FFmpeg by which a decoder refuses larger frames before it takes memory for them."""
    return {"max_pixels": str(int(max_megapixels() * 1e6))}


def check_is_no_drawing(path: Path, data: bytes) -> None:
    """Refuse SVG, PDF and PostScript, whatever the name: they may be of any size, and name other files."""
    head = _text_head(data)
    if head.startswith(_DRAWINGS) or b"<svg" in head:
        raise InputError(f"{path}: is a drawing (SVG, PDF or PostScript), not a photo; export it as PNG")


def is_picture(data: bytes) -> bool:
    """Whether a file begins as a picture of a format that is read. The libraries know others: tables, scripts, drawings."""
    return data.startswith(_PICTURES) or data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def check_is_no_list(path: Path) -> None:
    """Refuse lists of clips, whatever the name: what they name would be read in their place."""
    check_regular(path)
    with open(path, "rb") as file:
        head = _text_head(file.read(_HEAD))
    if head.startswith(_LISTS):
        raise InputError(f"{path}: is a list of clips, not a clip; name the video file itself")


def _text_head(data: bytes) -> bytes:
    """Its beginning in small letters, without marks, nulls of UTF-16 and white space before it."""
    head = data[:_HEAD]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip().lower() if data[:1] != b"\0" else head


def _remedy() -> str:
    return "make it smaller, or raise --max-megapixels"
