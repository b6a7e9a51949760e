"""Read the photos and masks of data sets as 8-bit arrays, and resize them."""
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular
from realistic_editing.data import color, limits
from realistic_editing.data.containers import embedded_profile, heif_turns, is_avif, is_hevc, jpeg_segments, refuse_raw
from realistic_editing.data.whole import is_whole, picture_size, scan_is_whole


def read_rgb(path: str | Path, upright: bool = False) -> np.ndarray:
    """Read a data set's photo, in sRGB, whatever its colour space.

    Args:
        path: JPEG, PNG or whatever OpenCV reads.
        upright: turn the photo as its EXIF orientation says. Annotations of public sets count stored pixels, so the
            default leaves them; masks that users draw fit the photo as shown.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        InputError: when the file is absent, cut short or cannot be decoded.
    """
    data = _bytes(path)
    pixels = cv2.cvtColor(_read(path, cv2.IMREAD_COLOR, upright, data), cv2.COLOR_BGR2RGB)
    exif = b"".join(body for marker, body in jpeg_segments(data) if marker == 0xE1 and body.startswith(b"Exif"))
    profile, _ = color.find_profile(path, data, embedded_profile(data), exif)
    return pixels if color.is_srgb(profile) else color.to_srgb_bytes(pixels, profile)


def read_grey(path: str | Path, upright: bool = False) -> np.ndarray:
    """Read a mask: (H, W) uint8. Arguments and errors as `read_rgb`."""
    return _read(path, cv2.IMREAD_GRAYSCALE, upright)


def read_own_mask(path: str | Path) -> np.ndarray:
    """Read a mask that a user made, as `images.read_mask` understands it, without libvips: that may not run in forked workers.

    Args:
        path: of any image format that OpenCV reads.

    Returns:
        (H, W) uint8, upright; what of it selects is said by `selection`.

    Raises:
        InputError: as `read_rgb`; and for a cut-out that its EXIF turns, because OpenCV turns no transparency.
    """
    values = _read(path, cv2.IMREAD_UNCHANGED, upright=True)
    padded = Path(path).suffix.lower() == ".bmp"  # whose fourth channel is most often unused, and 0
    if values.ndim == 3 and values.shape[2] == 4 and not padded and values[:, :, 3].min() < np.iinfo(values.dtype).max:
        if not np.array_equal(read_rgb(path), read_rgb(path, upright=True)):
            raise InputError(f"{path}: has transparency and an EXIF orientation; save it upright, or as white on black")
        values = cv2.cvtColor(values, cv2.COLOR_BGRA2RGBA)
    else:
        values = _read(path, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH, upright=True)
        values = cv2.cvtColor(values, cv2.COLOR_BGR2RGB) if values.ndim == 3 else values
    if values.dtype not in (np.uint8, np.uint16):
        return read_grey(path, upright=True)
    mask, _ = selection(values)
    return mask if mask.dtype == np.uint8 else np.rint(mask / 257).astype(np.uint8)


def selection(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """What the pixels of a user's mask select: the transparency of a cut-out, else the luminance.

    Args:
        values: (H, W), or (H, W, C) with C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; uint8 or uint16.

    Returns:
        (H, W) of the same dtype, and notes for the user.
    """
    values = values if values.ndim == 3 else values[:, :, None]
    color, alpha = (values[:, :, :-1], values[:, :, -1]) if values.shape[2] in (2, 4) else (values, None)
    if alpha is not None and alpha.min() < np.iinfo(alpha.dtype).max:
        return alpha, ("the mask's transparency is taken as the mask",)
    if (color == color[:, :, :1]).all():
        return color[:, :, 0], ()
    luminance = color @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.rint(luminance).astype(values.dtype), ("the mask has colours; their luminance is taken as the mask",)


def read_version(path: str | Path, size: tuple[int, int], upright: bool = False) -> np.ndarray:
    """Read another version of a photo, such as a published edit, at that photo's size.

    Args:
        path, upright: as for `read_rgb`.
        size: height and width of the photo.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        InputError: when it cannot be read, or its shape differs by more than 5 %: then it is another photo, or a crop.
    """
    pixels = read_rgb(path, upright)
    stretch = (pixels.shape[0] / size[0]) / (pixels.shape[1] / size[1])
    if not 0.95 < stretch < 1.05:
        raise InputError(
            f"{path}: {pixels.shape[1]} x {pixels.shape[0]} pixels, of another shape than the photo ({size[1]} x {size[0]}); "
            "give the whole photo, edited"
        )
    return resize(pixels, size)


def read_stored(path: str | Path) -> np.ndarray | None:
    """What OpenCV decodes of a file, whatever its channels and depth, such as a label map; None where it knows no such format.

    Raises:
        InputError: when the file is absent or cut short.
    """
    return _decoded(path, cv2.IMREAD_UNCHANGED)


def _read(path: str | Path, flags: int, upright: bool, data: bytes | None = None) -> np.ndarray:
    pixels = _decoded(path, flags if upright else flags | cv2.IMREAD_IGNORE_ORIENTATION, data)
    if pixels is None:
        raise InputError(f"{path}: cannot be decoded as an image; replace or remove the file")
    return pixels


def _bytes(path: str | Path) -> bytes:
    """The whole file. Raises InputError when it is absent, cut short, or a camera's raw file."""
    check_regular(path)
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; check the data root (paths.data or REALISTIC_EDITING_DATA)")
    limits.check_file_size(Path(path))
    data = Path(path).read_bytes()
    limits.check_is_no_drawing(Path(path), data)
    refuse_raw(path, data)
    if limits.is_picture(data) and (size := picture_size(data)) is not None:
        limits.check_pixel_count(Path(path), *size)
    if not is_whole(data):  # OpenCV would fill what is missing with grey
        raise InputError(f"{path}: is cut short; fetch it again")
    return data


def _decoded(path: str | Path, flags: int, data: bytes | None = None) -> np.ndarray | None:
    data = _bytes(path) if data is None else data
    if not limits.is_picture(data):
        return None
    if is_hevc(data):
        return _heic(path, data, flags)
    turns = []
    if is_avif(data) and not flags & cv2.IMREAD_IGNORE_ORIENTATION:  # OpenCV would heed its EXIF, which has no say
        turns, flags = heif_turns(data), flags | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    for name, value in turns if pixels is not None else ():
        pixels = np.ascontiguousarray(np.rot90(pixels, value) if name == b"irot" else np.flip(pixels, value))
    if pixels is not None and data[:2] == b"\xff\xd8" and not scan_is_whole(data, pixels):
        raise InputError(f"{path}: is damaged: its pixels break off before its end; fetch it again")
    return pixels


def _heic(path: str | Path, data: bytes, flags: int) -> np.ndarray:
    from realistic_editing.data.heif import heic_pixels  # an extra, and libvips with it

    grey = flags & ~cv2.IMREAD_IGNORE_ORIENTATION == cv2.IMREAD_GRAYSCALE
    return cv2.cvtColor(heic_pixels(path, data), cv2.COLOR_RGB2GRAY if grey else cv2.COLOR_RGB2BGR)


def resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize: sides that shrink first, by the mean over each new pixel's area, so that nothing aliases; then those that grow.

    Args:
        pixels: (H, W) or (H, W, 3).
        size: the new (height, width).

    Returns:
        The same dtype and number of axes.
    """
    smaller = min(size[0], pixels.shape[0]), min(size[1], pixels.shape[1])  # of a panorama, one side may shrink, the other grow
    for height, width, interpolation in ((*smaller, cv2.INTER_AREA), (*size, cv2.INTER_LINEAR)):
        if pixels.shape[:2] != (height, width):
            pixels = cv2.resize(pixels, (width, height), interpolation=interpolation)
    return pixels


def is_grey(image: np.ndarray, tolerance: int = 12) -> bool:
    """Whether a photo has no colour to edit.

    Stored as grey, its channels are equal; scanned or JPEG-compressed, nearly so. A sepia print counts as colour.

    Args:
        image: (H, W, 3) uint8, RGB.
        tolerance: the spread of the channels, in levels of 255, that 99 % of a grey photo's pixels stay within.
    """
    small = resize(image, (64, 64)).astype(np.int16)  # averages JPEG's chroma noise away
    spread = small.max(axis=2) - small.min(axis=2)
    return bool(np.quantile(spread, 0.99) <= tolerance)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """A picture's likeness, which survives another size, file format and compression.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        (1024,) float32: a 32 x 32 grey thumbnail, mean 0, length 1 (or 0 where the picture is flat).
    """
    small = resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (32, 32)).astype(np.float32).reshape(-1)
    small -= small.mean()
    length = np.linalg.norm(small)
    return small / length if length > 0 else small


def thumbnails(photos: Sequence[str | Path]) -> np.ndarray:
    """(N, 1024) float32 thumbnails of photo files. Raises InputError as `read_rgb`."""
    return np.array([thumbnail(read_rgb(photo)) for photo in photos], dtype=np.float32).reshape(-1, 1024)


def same_picture(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which thumbnails show the same picture. Copies correlate above 0.999, the most alike strangers seen at 0.93.

    Args:
        one: (..., 1024) thumbnails.
        others: (N, 1024) thumbnails.

    Returns:
        (..., N) bool.
    """
    return one @ others.T > 0.98
