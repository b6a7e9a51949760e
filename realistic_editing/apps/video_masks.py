"""The masks of a clip: one for each frame as given, or the first one's, followed through the clip."""
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.mask import region_of, selection_doubt
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.errors import InputError
from realistic_editing.data.clips import Clip, open_clip
from realistic_editing.data.folder import SUFFIXES
from realistic_editing.data.images import Photo, read_mask
from realistic_editing.data.pixels import resize
from realistic_editing.data.tracking import MaskTracker

# A video's compression moves black and white by some levels: what lies this near to them is taken for them.
_BLACK, _WHITE = 24, 231


@dataclasses.dataclass(frozen=True)
class MaskedFrame:
    """A frame of a clip.

    Args:
        photo: the frame.
        mask: (H, W) uint8, 0 everywhere where the region is absent; None once it is lost.
        lost: why, the first time.
        doubt: of the region, as in `Signs`.
    """

    photo: Photo
    mask: np.ndarray | None
    lost: str | None = None
    doubt: str = ""


def frames_with_masks(clip: Clip, options: Mapping[str, Any]) -> Iterator[MaskedFrame]:
    """The frames of a clip with their masks.

    Args:
        clip: as opened.
        options: mask, an image of the first frame, or a folder or video with one for each frame; or box or points, see
            `region_of`; and outside.

    Yields:
        Each frame.

    Raises:
        InputError: when masks cannot be read, are fewer or more than the frames, or select nothing in the first.
    """
    source = Path(options["mask"]) if options.get("mask") else None
    if source is not None and source.suffix.lower() not in SUFFIXES:
        frames = _given(clip, open_clip(source))
    else:
        frames = _followed(clip, options)
    for frame in frames:
        # What a fade ends with cannot be seen, and an edit would refuse it: 0 and 1 where 0 and 255 were meant.
        faint = frame.mask is not None and frame.mask.max() <= 1
        yield dataclasses.replace(frame, mask=np.zeros_like(frame.mask)) if faint else frame


def keep_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask (H, W) uint8 as a PNG, quickly. Raises InputError when it cannot be written."""
    if not cv2.imwrite(str(path), mask, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise InputError(f"{path}: cannot be written; is the disk full?")


def _given(clip: Clip, masks: Clip) -> Iterator[MaskedFrame]:
    if clip.frames and masks.frames and len(clip.frames) != len(masks.frames):
        raise _unequal(clip, masks, len(clip.frames), len(masks.frames))
    reading = _masks(masks, clip.size)
    number = 0
    for number, photo in enumerate(clip.read(), start=1):
        mask = next(reading, None)
        if mask is None:
            raise _unequal(clip, masks, f"at least {number}", number - 1)
        yield MaskedFrame(photo, mask)
    if next(reading, None) is not None:
        raise _unequal(clip, masks, number, f"at least {number + 1}")


def _unequal(clip: Clip, masks: Clip, frames: Any, found: Any) -> InputError:
    return InputError(
        f"{masks.path}: holds {found} masks, and {clip.path} {frames} frames; give one for each, or one image, of the first"
    )


def _masks(masks: Clip, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """(H, W) uint8 of each frame."""
    if masks.frames is not None:
        fading = False
        for path in masks.frames:
            mask = read_mask(path, size, empty=True, faint=fading)[0]
            fading = fading or mask.max() > 1
            yield as_bytes(mask)
        return
    if abs(masks.size[1] * size[0] / (masks.size[0] * size[1]) - 1) > 0.02:
        raise InputError(
            f"{masks.path}: is {masks.size[1]} x {masks.size[0]}, and the clip {size[1]} x {size[0]}; "
            "bring the masks to its shape"
        )
    levels = np.clip((np.arange(256) - _BLACK) * 255 / (_WHITE - _BLACK), 0, 255).round().astype(np.uint8)
    for photo in masks.read():
        yield resize(cv2.LUT(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY), levels), size)


def _followed(clip: Clip, options: Mapping[str, Any]) -> Iterator[MaskedFrame]:
    tracker, lost, doubt = None, False, ""
    for photo in clip.read():
        if tracker is None:
            mask, notes = region_of(photo, {**options, "keep_mask": True})  # as masks of later frames are
            for note in notes:
                print(f"note: {note}", file=sys.stderr)
            tracker, doubt = MaskTracker(photo.pixels, mask), selection_doubt(options, notes)
            yield MaskedFrame(photo, as_bytes(mask), doubt=doubt)
        elif lost:
            yield MaskedFrame(photo, None, doubt=doubt)
        else:
            track = tracker.step(photo.pixels)
            lost = track.lost is not None
            yield MaskedFrame(photo, None if lost else track.mask, track.lost, doubt)
