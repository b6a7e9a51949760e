"""Small data sets made on the fly, and the real ones where REALISTIC_EDITING_DATA names them.

Helpers are fixtures, so that the tests need not import this file, whatever way pytest imports them.
"""
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
from PIL import Image

from realistic_editing.common.errors import InputError


@pytest.fixture
def real_root() -> Path:
    root = os.environ.get("REALISTIC_EDITING_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("set REALISTIC_EDITING_DATA to the folder that holds coco/, osie/, bsds500/ and ecssd/")
    return Path(root)


def _colour_noise(height: int, width: int, seed: int) -> np.ndarray:
    """(H, W, 3) uint8 of large coloured patches, so that it is neither grey nor alike for two seeds."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST)


def _write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return path


def _box(left: float, top: float, width: float, height: float) -> list[list[float]]:
    """A rectangle as a COCO polygon."""
    return [[left, top, left + width, top, left + width, top + height, left, top + height]]


class TinyCoco:
    """A COCO of a few 80 x 60 photos (4,800 pixels) in the standard layout."""

    def __init__(self, root: Path, subset: str = "train2017") -> None:
        self.root, self.subset = root, subset
        self.images, self.annotations = [], []

    def add(self, image_id: int, segmentations: list, pixels: np.ndarray | None = None, crowds: tuple = ()) -> Path:
        pixels = _colour_noise(60, 80, image_id) if pixels is None else pixels
        name = f"{image_id:012d}.png"  # lossless, so that colours can be compared
        self.images.append({"id": image_id, "file_name": name, "height": 60, "width": 80})
        for number, segmentation in enumerate(segmentations):
            self.annotations.append(
                {
                    "id": image_id * 100 + number,
                    "image_id": image_id,
                    "category_id": 1 + number,
                    "segmentation": segmentation,
                    "iscrowd": int(number in crowds),
                }
            )
        return _write(self.root / "coco" / self.subset / name, pixels)

    def save(self) -> Path:
        path = self.root / "coco" / "annotations" / f"instances_{self.subset}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"images": self.images, "annotations": self.annotations, "categories": []}))
        return self.root


FIVE_BOXES = [_box(2, 2, 20, 20), _box(30, 2, 16, 16), _box(55, 2, 12, 20), _box(2, 30, 20, 12), _box(40, 30, 20, 20)]


@pytest.fixture
def noise():
    """Pixels of any shape and whole-numbered dtype."""

    def noise(*shape: int, dtype=np.uint8, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)

    return noise


@pytest.fixture
def save():
    """Write with Pillow: a second opinion on every format it knows."""

    def save(path: Path, pixels: np.ndarray, **options) -> Path:
        Image.fromarray(pixels).save(path, **options)
        return path

    return save


@pytest.fixture
def save_16():
    """Write 16 bits, which Pillow does not know in colour."""

    def save_16(path: Path, pixels: np.ndarray) -> Path:
        kinds = {1: "grey16", 2: "grey16", 3: "rgb16", 4: "rgb16"}
        image = pyvips.Image.new_from_array(pixels)
        image.copy(interpretation=kinds[image.bands]).write_to_file(str(path))
        return path

    return save_16


@pytest.fixture
def assert_refused():
    """The message names the file and each word, and nothing is left beside what was there."""

    def assert_refused(call, path: Path, *words: str) -> None:
        before = sorted(path.parent.iterdir()) if path.parent.is_dir() else None
        with pytest.raises(InputError) as caught:
            call()
        for word in (str(path), *words):
            assert word in str(caught.value)
        assert before == (sorted(path.parent.iterdir()) if path.parent.is_dir() else None)

    return assert_refused


@pytest.fixture
def write():
    return _write


@pytest.fixture
def colour_noise():
    return _colour_noise


@pytest.fixture
def box():
    return _box


@pytest.fixture
def five_boxes():
    return FIVE_BOXES


@pytest.fixture
def tiny_coco():
    return TinyCoco


@pytest.fixture
def coco_root(tmp_path: Path) -> Path:
    """Nine photos of five regions each, whose saliency differs: two groups of the build step."""
    tiny = TinyCoco(tmp_path / "data")
    for image_id in range(1, 10):
        tiny.add(image_id, FIVE_BOXES)
    return tiny.save()
