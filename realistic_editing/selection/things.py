"""What a selector learns from: COCO's instances, ECSSD's objects and BSDS500's segments, with a user played for each."""
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from realistic_editing.data import bsds, coco
from realistic_editing.data.ecssd import read_ecssd
from realistic_editing.data.pixels import read_rgb
from realistic_editing.data.raw import RawPhoto
from realistic_editing.data.regions import read_region
from realistic_editing.data.splits import split_of
from realistic_editing.selection.simulated import MOST_POINTS, box_of, deepest, within

# The last category of each of COCO's groups (`network.THING_KINDS`), whose numbers follow each other.
_LAST_OF_KIND = (1, 9, 15, 25, 33, 43, 51, 61, 70, 77, 82, 90)
_LEAST, _MOST = 0.004, 0.6  # share of a photo that a thing covers
_GUESS = 64  # side of an earlier guess
_FEW, _CLEAR = 8, 0.01  # of a run that is not to learn anything: photos of each set and split; share that a thing covers


@dataclasses.dataclass(frozen=True)
class Thing:
    """A thing to select: its photo's name, the split, how to read photo and mask, whether one click can mean it; of COCO's, the
    share of the photo that it covers, and its category."""

    name: str
    split: str
    read: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]  # (H, W, 3) uint8 and (H, W) bool
    clear: bool = True
    area: float = float("nan")
    category: int = 0


@dataclasses.dataclass(frozen=True)
class _Instance:
    photo: Path
    shape: object

    def __call__(self, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        image = read_rgb(self.photo)
        return image, coco.decode(self.photo, "", self.shape, *image.shape[:2])


@dataclasses.dataclass(frozen=True)
class _Object:
    region: object

    def __call__(self, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        image, mask = read_region(self.region)
        return image, mask >= 128


@dataclasses.dataclass(frozen=True)
class _Segment:
    raw: object

    def __call__(self, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        image = read_rgb(self.raw.photo)
        masks = [raw.mask for raw in bsds.region_masks(self.raw, image.shape[:2])]
        fit = [mask for mask in masks if 0.005 <= mask.mean() <= 0.4] or masks
        return image, fit[generator.integers(len(fit))]


def kind_of(category: int) -> int:
    """The place in `network.THING_KINDS` of one of COCO's category ids."""
    return next(place for place, last in enumerate(_LAST_OF_KIND) if category <= last)


def read_things(
    data_root: str | Path,
    subsets: Sequence[str] = ("train2017", "val2017"),
    others: bool = True,
    photos: int | None = None,
) -> list[Thing]:
    """All things of COCO, and of ECSSD and BSDS500 where `others`.

    Args:
        data_root: the folder that holds the sets.
        subsets: of COCO.
        others: segments of BSDS500 are parts as often as things, so one click is never meant to name them.
        photos: of each set and split that are read, evenly spaced, for a quick look; None: all.

    Raises:
        InputError: when a set is absent.
    """
    things = []
    for subset in subsets:
        for raw in _some(coco.read_coco(data_root, subset, least=1).photos, photos):
            (height, width), shapes = raw.annotations
            for name, category, shape in shapes:
                area = coco.decode(raw.photo, name, shape, height, width).mean()
                if _LEAST <= area <= _MOST:
                    split = split_of(raw.photo_id, f"coco-{subset}")
                    things.append(Thing(f"coco/{raw.photo_id}", split, _Instance(raw.photo, shape), True, area, category))
    if others:
        objects = read_ecssd(data_root, most=photos)
        things += [Thing(f"ecssd/{region.photo_id}", region.split, _Object(region)) for region in objects]
        segmented = _some(bsds.read_bsds(data_root).photos, photos)
        things += [Thing(f"bsds500/{raw.photo_id}", raw.split, _Segment(raw), clear=False) for raw in segmented]
    return things


def _some(found: Sequence[RawPhoto], photos: int | None) -> Sequence[RawPhoto]:
    """So many photos of each split, evenly spaced; None: all."""
    if photos is None:
        return found
    sides: dict[str, list[RawPhoto]] = {}
    for raw in found:
        sides.setdefault(raw.split, []).append(raw)
    return [side[int(index * max(len(side) / photos, 1))] for side in sides.values() for index in range(min(photos, len(side)))]


def few_things(data_root: str | Path) -> list[Thing]:
    """A few things, some of which train and some of which validate: for a run that is not to learn anything.

    COCO's are of val2017 alone, because the annotations of its training photos take half a minute to read; its side "test"
    trains here.

    Args:
        data_root: as for `read_things`, which raises the same.
    """
    few: dict[tuple[str, str, int], list[Thing]] = {}
    for thing in read_things(data_root, ["val2017"], photos=_FEW):
        source = thing.name.split("/")[0]
        if source != "coco" or thing.area >= _CLEAR:
            few.setdefault((source, thing.split, thing.category), []).append(thing)
    chosen = [thing for found in few.values() for thing in found[:2]]
    return [dataclasses.replace(thing, split="train") if thing.split == "test" else thing for thing in chosen]


class ThingDataset(Dataset):
    """Windows around things, with what a user would say: `dataset[index, seed]` is a function of both.

    Args:
        things: to learn from.
        size: side of the window in pixels.

    Returns of an item:
        image (3, size, size) uint8; mask (1, size / 2, size / 2) uint8, 0 to 255; points (N, 2), kinds (N,), box (4,) as for
        `Prompts`; previous (1, 64, 64) and guessed (), an earlier guess.
    """

    def __init__(self, things: Sequence[Thing], size: int = 256) -> None:
        self.things, self.size = things, size

    def __len__(self) -> int:
        return len(self.things)

    def __getitem__(self, key: tuple[int, int]) -> dict[str, torch.Tensor]:
        index, seed = key
        generator = np.random.default_rng(seed)
        thing = self.things[index]
        image, mask = thing.read(generator)
        near = generator.random() < 0.55
        image, mask = _window(image, mask, near, self.size, generator)
        hard = mask >= 128
        points, kinds, box = _said(hard, thing.clear, generator)
        guessed = near and generator.random() < 0.5
        previous = _spoilt(hard, generator) if guessed else np.zeros((_GUESS, _GUESS), np.float32)
        return {
            "image": torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))), "mask": torch.from_numpy(mask)[None],
            "points": torch.from_numpy(points), "kinds": torch.from_numpy(kinds), "box": torch.from_numpy(box),
            "previous": torch.from_numpy(previous)[None], "guessed": torch.tensor(float(guessed)),
        }  # fmt: skip


def _window(
    image: np.ndarray, mask: np.ndarray, near: bool, size: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A window of the photo that shows the thing, (size, size, 3), and the thing's share of each cell, (size/2, size/2)."""
    height, width = mask.shape
    box = box_of(mask) or (0, 0, width, height)
    if near:
        side = max(box[2] - box[0], box[3] - box[1], 24) * generator.uniform(1.15, 2.2)
        wide, high = (side * np.exp(generator.uniform(-0.15, 0.15)) for _ in range(2))
        middle = [(box[at] + box[at + 2]) / 2 + generator.uniform(-0.1, 0.1) * side for at in (0, 1)]
    else:
        share = generator.uniform(0.7, 1.0) if generator.random() < 0.5 else 1.0
        wide, high = max(width * share, box[2] - box[0]), max(height * share, box[3] - box[1])
        middle = [generator.uniform(max(high_edge - length / 2, length / 2), min(low_edge + length / 2, whole - length / 2))
                  if max(high_edge - length / 2, length / 2) < min(low_edge + length / 2, whole - length / 2) else whole / 2
                  for low_edge, high_edge, length, whole in ((box[0], box[2], wide, width), (box[1], box[3], high, height))]
    left, right = (int(np.clip(middle[0] + part * wide / 2, 0, width)) for part in (-1, 1))
    top, bottom = (int(np.clip(middle[1] + part * high / 2, 0, height)) for part in (-1, 1))
    image, mask = image[top : bottom + 1, left : right + 1], mask[top : bottom + 1, left : right + 1]
    if generator.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    way = cv2.INTER_AREA if max(image.shape) > size else cv2.INTER_LINEAR
    image = cv2.resize(np.ascontiguousarray(image), (size, size), interpolation=way).astype(np.float32)
    half = cv2.resize(mask.astype(np.float32), (size // 2, size // 2), interpolation=cv2.INTER_AREA)
    return _toned(image, generator), np.rint(half * 255).astype(np.uint8)


def _toned(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Another exposure, contrast and saturation of the whole window."""
    grey = image.mean(axis=2, keepdims=True)
    image = grey + (image - grey) * (0.0 if generator.random() < 0.05 else generator.uniform(0.7, 1.3))
    image = (image - grey.mean()) * generator.uniform(0.75, 1.25) + grey.mean() * generator.uniform(0.75, 1.25)
    return np.clip(image, 0, 255).astype(np.uint8)


def _said(region: np.ndarray, clear: bool, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clicks and box of a user who means a region: one click most often, or several, or a box, or both."""
    side = len(region)
    points, kinds = np.zeros((MOST_POINTS, 2), np.float32), np.zeros(MOST_POINTS, np.float32)
    box, place = np.zeros(4, np.float32), box_of(region)
    kind = generator.choice(["click", "clicks", "box", "both"], p=[0.48, 0.17, 0.25, 0.10] if clear else [0, 0.5, 0.3, 0.2])
    if kind in ("box", "both") and place is not None:
        edges = np.array(place)
        reach = 0.06 * np.array([edges[2] - edges[0], edges[3] - edges[1]] * 2)
        box = np.clip((edges + reach * generator.uniform(-0.6, 1, 4) * [-1, -1, 1, 1]) / side, 0, 1).astype(np.float32)
    if kind != "box":
        first = deepest(region) if generator.random() < 0.4 else within(region, generator)
        said = [] if first is None else [(*first, 1)]
        around = cv2.dilate(region.astype(np.uint8), np.ones((25, 25), np.uint8)).astype(bool) & ~region
        for _ in range(generator.integers(1, 4) if kind == "clicks" else 0):
            inside = generator.random() < 0.6
            place = within(region if inside else around, generator)
            said += [] if place is None else [(*place, 1 if inside else -1)]
        for number, (x, y, sign) in enumerate(said):
            points[number], kinds[number] = (x / side, y / side), sign
    return points, kinds, box


def _spoilt(region: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A guess as a first look leaves it: coarse, grown or shrunk, and wrong in places. (64, 64) float32."""
    guess = region.astype(np.float32)
    guess = cv2.GaussianBlur(guess, (0, 0), generator.uniform(1, 5))
    noise = cv2.GaussianBlur(generator.normal(size=(16, 16)).astype(np.float32), (0, 0), 1.0)
    noise = cv2.resize(noise / noise.std(), region.shape, interpolation=cv2.INTER_LINEAR)
    logit = (guess - 0.5) * 8 + generator.uniform(0.3, 2.0) * noise + generator.uniform(-1, 1)
    return cv2.resize(1 / (1 + np.exp(-logit)), (_GUESS, _GUESS), interpolation=cv2.INTER_AREA).astype(np.float32)
