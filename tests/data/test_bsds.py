"""BSDS500's label maps as regions."""
import cv2
import numpy as np
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.data.bsds import MOST, read_bsds, region_masks
from realistic_editing.data.pixels import read_rgb
from realistic_editing.data.raw import RawMask, qualify


def stripes(count: int, shape: tuple[int, int], dtype=np.uint8) -> np.ndarray:
    return np.broadcast_to((np.arange(shape[1]) * count // shape[1]).astype(dtype), shape).copy()


@pytest.fixture
def bsds_root(tmp_path, write, colour_noise):
    for folder, name, shape in (("train", "100", (40, 60)), ("test", "200", (60, 40))):
        write(tmp_path / f"bsds500/images/{folder}/{name}.jpg", colour_noise(*shape, int(name)))
        for annotator, count in enumerate((12, 3, 300 if name == "100" else 9, 8)):
            dtype = np.uint16 if count > 255 else np.uint8
            labels = stripes(min(count, shape[1]), shape, dtype) * (5 if count > 255 else 1)
            write(tmp_path / f"bsds500/segments/{folder}/{name}_{annotator}.png", labels)
    return tmp_path


def test_the_median_annotator_is_taken_whatever_the_photos_shape(bsds_root):
    source = read_bsds(bsds_root)
    assert [raw.photo_id for raw in source.photos] == ["100", "200"] and source.max_regions == MOST
    landscape, portrait = source.photos
    assert len(region_masks(landscape, (40, 60))) == 8  # of 3, 8, 12, 60: the lower of the two in the middle
    masks = region_masks(portrait, (60, 40))
    assert len(masks) == 8 and masks[0].mask.shape == (60, 40) and all(one.category == 0 for one in masks)
    assert sum(one.mask for one in masks).tolist() == np.ones((60, 40)).tolist()  # each pixel in one segment


def test_the_largest_six_remain():
    labels = np.repeat(np.arange(10), np.arange(5, 15))[None].repeat(4, axis=0)
    masks = [RawMask(str(segment), 0, labels == segment) for segment in range(10)]
    assert [one.region_id for one in qualify(masks, MOST)] == ["4", "5", "6", "7", "8", "9"]


def test_equal_sizes_never_give_more_than_asked():
    labels = stripes(10, (10, 50))
    masks = [RawMask(str(segment), 0, labels == segment) for segment in range(10)]
    assert len(qualify(masks, MOST)) == MOST


def test_what_is_missing_or_does_not_fit(bsds_root, write, tmp_path):
    with pytest.raises(InputError, match="REALISTIC_EDITING_DATA"):
        read_bsds(tmp_path / "nowhere")
    source = read_bsds(bsds_root)
    with pytest.raises(InputError, match="its photo 40 x 60"):
        region_masks(source.photos[0], (60, 40))
    cv2.imwrite(str(source.photos[0].annotations[0]), np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(InputError, match="not a label map with one channel"):
        region_masks(source.photos[0], (40, 60))
    for path in source.photos[0].annotations:
        path.unlink()
    with pytest.raises(InputError, match=r"no label map 100_0\.png"):
        read_bsds(bsds_root)


def test_the_real_set(real_root):
    source = read_bsds(real_root)
    assert len(source.photos) == 500
    portraits = 0
    for raw in source.photos[::25]:
        shape = read_rgb(raw.photo).shape[:2]
        portraits += shape[0] > shape[1]
        kept = qualify(region_masks(raw, shape), source.max_regions)
        assert all(one.mask.shape == shape and 0.01 <= one.mask.mean() <= 0.4 for one in kept) and len(kept) <= MOST
    assert portraits > 0
