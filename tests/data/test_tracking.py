"""A mask that is followed stays on its thing, and says when it has lost it."""
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.coco import read_coco
from realistic_editing.data.tracking import MaskTracker

SIZE = (180, 240)


def followed(pairs):
    """The last track and the last true mask; stops where the mask is lost."""
    pairs = iter(pairs)
    tracker = MaskTracker(*next(pairs))
    for frame, truth in pairs:
        found = tracker.step(frame), truth
        if found[0].lost:
            break
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_panned_and_zoomed_scene(video_clips, dtype):
    pairs = video_clips.panned(video_clips.texture(SIZE, 0), video_clips.ellipse(SIZE))
    scale = 257 if dtype == np.uint16 else 1
    track, mask = followed((frame.astype(dtype) * dtype(scale), mask) for frame, mask in pairs)
    assert track.lost is None and video_clips.overlap(track.mask, mask) > 0.95 and track.found > 0.8 and track.likeness > 0.9


def test_a_thing_that_moves_against_its_background(video_clips):
    photo, background = video_clips.texture(SIZE, 0), video_clips.texture(SIZE, 1)
    track, mask = followed(video_clips.moved(photo, video_clips.ellipse(SIZE), background))
    assert track.lost is None and video_clips.overlap(track.mask, mask) > 0.9


def test_a_still_clip_keeps_the_mask(video_clips):
    frame, mask = video_clips.texture(SIZE, 0), video_clips.ellipse(SIZE)
    track, _ = followed([(frame, mask)] * 20)
    assert np.abs(track.mask.astype(int) - mask).mean() < 0.5 and track.found == 1


def test_a_cut_to_another_scene_is_seen_at_its_frame(video_clips):
    tracker = MaskTracker(video_clips.texture(SIZE, 0), video_clips.ellipse(SIZE))
    assert tracker.step(video_clips.texture(SIZE, 0)).lost is None
    assert tracker.step(video_clips.texture(SIZE, 5)).lost is not None


def test_leaving_the_picture_is_seen(video_clips):
    photo, mask = video_clips.texture(SIZE, 0), video_clips.ellipse(SIZE, (0.8, 0.5), 0.1)
    wide = np.concatenate([photo, video_clips.texture(SIZE, 2)], axis=1)
    views = [np.ascontiguousarray(np.roll(wide, 6 * time, axis=1)[:, : SIZE[1]]) for time in range(30)]
    tracker = MaskTracker(views[0], mask)
    lost = [number for number, view in enumerate(views[1:], start=1) if tracker is not None and tracker.step(view).lost]
    # Its centre is 48 pixels from the border, its radius 24: gone after 12 frames, at the latest.
    assert lost and 7 <= lost[0] <= 13


def test_a_flat_thing_is_lost_and_not_guessed(video_clips):
    frame = np.full((*SIZE, 3), 90, np.uint8)
    assert MaskTracker(frame, video_clips.ellipse(SIZE)).step(frame).lost is not None


def test_what_cannot_be_followed_is_refused(video_clips):
    frame = video_clips.texture(SIZE, 0)
    with pytest.raises(InputError, match="100 x 50 and the frame 240 x 180"):
        MaskTracker(frame, np.full((50, 100), 255, np.uint8))
    with pytest.raises(InputError, match="selects nothing by more than half"):
        MaskTracker(frame, np.full(SIZE, 100, np.uint8))


@pytest.fixture(scope="module")
def things():
    """(photo, mask) of things that COCO's photos hold whole, of 4 to 30 % of the photo, halved in size."""
    root = os.environ.get("REALISTIC_EDITING_DATA")
    if not root or not (Path(root) / "coco/val2017").is_dir():
        pytest.skip("set REALISTIC_EDITING_DATA to the folder that holds coco/ (val2017)")
    source, found = read_coco(root, "val2017"), []
    for raw in source.photos:
        photo = cv2.imread(str(raw.photo))[..., ::-1]
        for region in source.masks(raw, photo.shape[:2]):
            mask = region.mask.astype(np.uint8) * 255
            border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
            if 0.04 < (mask > 0).mean() < 0.3 and not border.any():
                half = {"dsize": None, "fx": 0.5, "fy": 0.5, "interpolation": cv2.INTER_AREA}
                found.append((cv2.resize(photo, **half), cv2.resize(mask, **half)))
                break
        if len(found) == 4:
            return found
    return found


def test_real_photos_panned_and_things_moved(video_clips, things):
    assert len(things) == 4
    for index, (photo, mask) in enumerate(things):
        photo, background = np.ascontiguousarray(photo), np.ascontiguousarray(things[index - 1][0])
        pairs = video_clips.moved(photo, mask, background) if index < 3 else video_clips.panned(photo, mask)
        track, truth = followed(pairs)
        assert track.lost is None and video_clips.overlap(track.mask, truth) >= 0.85, index
