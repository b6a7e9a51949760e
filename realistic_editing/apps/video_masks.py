"""The masks of a clip: one for each frame as given, or the first one's, followed through the clip."""
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.mask import region_of
from realistic_editing.common.errors import InputError
from realistic_editing.data.clips import Clip, open_clip
from realistic_editing.data.folder import SUFFIXES
from realistic_editing.data.images import Photo, read_mask
from realistic_editing.data.pixels import resize
from realistic_editing.data.tracking import MaskTracker

# A video's compression moves black and white by some levels: what lies this near to them is taken for them.
_BLACK, _WHITE = 24, 231


def frames_with_masks(clip: Clip, options: Mapping[str, Any]) -> Iterator[tuple[Photo, np.ndarray | None, str | None]]:
    """The frames of a clip with their masks.

    Args:
        clip: as opened.
        options: mask, an image of the first frame, or a folder or video with one for each frame; or box or points, see
            `region_of`; and outside.

    Yields:
        A frame; its mask (H, W) uint8, 0 everywhere where the region is absent; None. Once the region is lost: the frame, None,
        and, the first time, why.

    Raises:
        InputError: when masks cannot be read, are fewer or more than the frames, or select nothing in the first.
    """
    source = Path(options["mask"]) if options.get("mask") else None
    if source is not None and source.suffix.lower() not in SUFFIXES:
        frames = _given(clip, open_clip(source))
    else:
        frames = _followed(clip, options)
    for photo, mask, why in frames:
        # What a fade ends with cannot be seen, and an edit would refuse it: 0 and 1 where 0 and 255 were meant.
        yield photo, np.zeros_like(mask) if mask is not None and mask.max() <= 1 else mask, why


def _given(clip: Clip, masks: Clip) -> Iterator[tuple[Photo, np.ndarray, None]]:
    if clip.frames and masks.frames and len(clip.frames) != len(masks.frames):
        raise _unequal(clip, masks, len(clip.frames), len(masks.frames))
    reading = _masks(masks, clip.size)
    number = 0
    for number, photo in enumerate(clip.read(), start=1):
        mask = next(reading, None)
        if mask is None:
            raise _unequal(clip, masks, f"at least {number}", number - 1)
        yield photo, mask, None
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
            yield mask if mask.dtype == np.uint8 else (mask >> 8).astype(np.uint8)
        return
    if abs(masks.size[1] * size[0] / (masks.size[0] * size[1]) - 1) > 0.02:
        raise InputError(
            f"{masks.path}: is {masks.size[1]} x {masks.size[0]}, and the clip {size[1]} x {size[0]}; "
            "bring the masks to its shape"
        )
    levels = np.clip((np.arange(256) - _BLACK) * 255 / (_WHITE - _BLACK), 0, 255).round().astype(np.uint8)
    for photo in masks.read():
        yield resize(cv2.LUT(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY), levels), size)


def _followed(clip: Clip, options: Mapping[str, Any]) -> Iterator[tuple[Photo, np.ndarray | None, str | None]]:
    tracker, lost = None, False
    for photo in clip.read():
        if tracker is None:
            mask, notes = region_of(photo, options)
            for note in notes:
                print(f"note: {note}", file=sys.stderr)
            tracker = MaskTracker(photo.pixels, mask)
            yield photo, mask if mask.dtype == np.uint8 else (mask >> 8).astype(np.uint8), None
        elif lost:
            yield photo, None, None
        else:
            track = tracker.step(photo.pixels)
            lost = track.lost is not None
            yield photo, None if lost else track.mask, track.lost
