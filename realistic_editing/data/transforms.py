"""Regions as tensors for training, cropped and flipped as a pure function of a seed."""
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from realistic_editing.data.columnar import Columnar
from realistic_editing.data.masks import DAMAGES, damaged
from realistic_editing.data.packed import PackedRegion
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import MAX_AREA, Region, read_region

MIN_ZOOM = 0.5  # the smallest crop, as a share of the photo's sides
MAX_STRETCH = 1.1  # the most that a crop's aspect may differ from the photo's
JITTER = 0.15  # brightness and gamma move by at most exp(+-JITTER)


class RegionDataset(Dataset):
    """Photos and masks of regions, size x size.

    `dataset[index]` is the whole photo, resized whatever its aspect, as in the paper. `dataset[index, seed]` is
    augmented where the flags below ask for it; the same seed gives the same pixels in any process, which is what lets
    training resume exactly.

    Args:
        regions: with masks.
        size: side of what is returned, in pixels.
        augment: flip left to right, and zoom into a crop that holds the whole region.
        jitter: change brightness and gamma of the whole photo a little, before any edit.
        damage: share of augmented samples whose mask is damaged, as users' masks are (see `damaged`).
        cache: keep decoded photos and masks in memory.
        cache_bytes: the most that the cache may hold; what comes later is read each time. Each worker of a DataLoader
            has a cache of its own.

    Returns of an item:
        image (3, size, size) uint8 RGB, mask (1, size, size) uint8, 0 to 255, human () bool, index () int64.
    """

    def __init__(
        self,
        regions: Sequence[Region],
        size: int = 384,
        augment: bool = False,
        jitter: bool = False,
        damage: float = 0.0,
        cache: bool = True,
        cache_bytes: int = 2 << 30,
    ) -> None:
        self.regions = regions  # not as a list, which every worker would come to own (see `data.columnar`)
        self.size = size
        self.augment = augment
        self.jitter = jitter
        self.damage = damage
        self._room = cache_bytes if cache else 0
        self._cache: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._photos: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.regions)

    def shards(self) -> np.ndarray | None:
        """The shard of each region, (length,) from 0 up; None where they do not lie in shards."""
        packed = isinstance(self.regions, Columnar) and issubclass(self.regions.kind, PackedRegion)
        return self.regions.numbered("shard") if packed else None

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, torch.Tensor]:
        index, seed = key if isinstance(key, tuple) else (key, None)
        region = self.regions[index]
        image, mask = self._load(index, region)
        if seed is not None:
            generator = np.random.default_rng(seed)
            if self.augment:
                image, mask = zoom_and_flip(image, mask, generator)
            if self.jitter:
                image = jitter_tone(image, generator)
        image, mask = (resize(pixels, (self.size, self.size)) for pixels in (image, mask))
        if seed is not None and self.damage and generator.random() < self.damage:
            mask = damaged(mask, DAMAGES[generator.integers(len(DAMAGES))], generator)
        return {
            "image": torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))),  # (3, size, size)
            "mask": torch.from_numpy(np.ascontiguousarray(mask))[None],
            "human": torch.tensor(region.human),
            "index": torch.tensor(index),
        }

    def _load(self, index: int, region: Region) -> tuple[np.ndarray, np.ndarray]:
        if index in self._cache:
            return self._cache[index]
        if (ready := region.unpacked()) is not None:
            return ready  # at a training size already; the system keeps in memory what is often read
        image, mask = read_region(region)
        size = self._stored_size(*mask.shape)
        image, mask = resize(image, size), resize(mask, size)
        shared = self._photos.get(str(region.photo))  # regions of one photo share its pixels
        cost = mask.nbytes + (image.nbytes if shared is None else 0)
        if cost <= self._room:
            self._room -= cost
            image = self._photos.setdefault(str(region.photo), image)
            self._cache[index] = (image, mask)
        return image, mask

    def _stored_size(self, height: int, width: int) -> tuple[int, int]:
        return cropping_size(height, width, self.size) if self.augment else (self.size, self.size)


def cropping_size(height: int, width: int, size: int) -> tuple[int, int]:
    """As small as serves to cut crops from that are `size` wide: height and width, with twice that on the shorter side."""
    shrink = min(1.0, 2 * size / min(height, width))
    return round(height * shrink), round(width * shrink)


def zoom_and_flip(
    image: np.ndarray, mask: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a random crop that holds the whole region, and flip it left to right half of the time.

    Args:
        image: (H, W, 3) uint8.
        mask: (H, W) uint8, 0 outside the region, 255 inside.
        generator: the source of all randomness.

    Returns:
        Views of image and mask, cut alike.
    """
    share = mask.mean(dtype=np.float64) / 255  # a crop keeps the region below the largest share to train on
    zoom = generator.uniform(min(1.0, max(MIN_ZOOM, math.sqrt(share / MAX_AREA))), 1.0)
    stretch = math.exp(generator.uniform(-1, 1) * math.log(MAX_STRETCH) / 2)
    rows = _span(mask.any(axis=1), zoom * stretch, generator)
    columns = _span(mask.any(axis=0), zoom / stretch, generator)
    step = -1 if generator.random() < 0.5 else 1
    return image[rows, columns][:, ::step], mask[rows, columns][:, ::step]


def _span(inside: np.ndarray, share: float, generator: np.random.Generator) -> slice:
    """A random stretch of about `share` of the axis that holds every place that is inside."""
    length, places = len(inside), np.flatnonzero(inside)
    first, end = (places[0], places[-1] + 1) if places.size else (0, 0)
    extent = min(length, max(round(share * length), end - first, 1))
    lowest, highest = max(0, end - extent), min(first, length - extent) if places.size else length - extent
    start = int(generator.integers(lowest, highest, endpoint=True))
    return slice(start, start + extent)


def jitter_tone(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Change brightness and gamma of a photo a little.

    Args:
        image: (H, W, 3) uint8.
        generator: the source of all randomness.

    Returns:
        A new array of the same shape.
    """
    gain, gamma = np.exp(generator.uniform(-JITTER, JITTER, size=2))
    levels = 255 * np.clip(gain * (np.arange(256) / 255) ** gamma, 0, 1)
    return np.rint(levels).astype(np.uint8)[image]


class StepSampler(Sampler[list[tuple[int, int]]]):
    """Batches of (index, seed) for `DataLoader(dataset, batch_sampler=...)`, where step k's batch depends on k alone.

    Each epoch is a shuffle of all indices; a batch that an epoch's end cuts goes on into the next. A run resumed at
    step k therefore sees what an unbroken run sees, with any number of workers.

    With a window, no more shards than that are in use at any place of an epoch: the shards are shuffled, each spreads its
    samples at random over as many turns as the window is wide, and at each turn one shard begins. A window that all shards
    fit into shuffles all indices, as none does.

    Args:
        length: of the data set.
        batch_size: over all ranks.
        seed: of the whole run, >= 0.
        start_step: the first step to yield.
        total_steps: where the run ends; total_steps - start_step batches are yielded.
        rank: which of the equal slices of each batch to yield, under distributed training.
        world_size: how many slices.
        shards: (length,) the shard of each index, from 0 up; with a window alone.
        window: shards in use at a time; 0 = all.

    Raises:
        ValueError: when a number does not fit.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        seed: int,
        start_step: int,
        total_steps: int,
        rank: int = 0,
        world_size: int = 1,
        shards: np.ndarray | None = None,
        window: int = 0,
    ) -> None:
        if length < 1:
            raise ValueError(f"length is {length}; the data set is empty, so there is nothing to sample")
        if seed < 0 or start_step < 0:
            raise ValueError(f"seed is {seed} and start_step {start_step}; expected numbers >= 0")
        if not 0 <= rank < world_size or batch_size < 1 or batch_size % world_size:
            raise ValueError(
                f"batch_size is {batch_size} for rank {rank} of {world_size}; expected a multiple of world_size"
            )
        if type(window) is not int or window < 0 or (window and (shards is None or len(shards) != length)):
            raise ValueError(f"window is {window}; expected a whole number >= 0, and with it each index's shard")
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.start_step, self.total_steps = start_step, total_steps
        self.shards, self.window = shards, window
        self._share = range(rank * batch_size // world_size, (rank + 1) * batch_size // world_size)

    def __len__(self) -> int:
        return max(0, self.total_steps - self.start_step)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = -1, np.empty(0)
        for step in range(self.start_step, self.total_steps):
            batch = []
            for position in self._share:
                drawn = step * self.batch_size + position
                if drawn // self.length != epoch:
                    epoch = drawn // self.length
                    order = self._order(epoch)
                sample_seed = np.random.SeedSequence((self.seed, drawn)).generate_state(1, np.uint64)[0]
                batch.append((int(order[drawn % self.length]), int(sample_seed >> np.uint64(1))))
            yield batch

    def _order(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng((self.seed, epoch))
        if not self.window or self.shards.max() < self.window:
            return generator.permutation(self.length)
        begins = generator.permutation(self.shards.max() + 1)[self.shards]
        return np.argsort(begins + self.window * generator.random(self.length), kind="stable")
