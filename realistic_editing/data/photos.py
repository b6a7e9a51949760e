"""Photos without labels: what a saliency network can learn from its teachers on."""
import abc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from realistic_editing.data.pixels import read_rgb, resize, same_picture, thumbnail, thumbnails
from realistic_editing.data.splits import split_of

# Where each set keeps the photos that may train: its name in `splits`, and a pattern below the data root.
FOLDERS = (
    ("coco-train2017", "coco/train2017/*.jpg"),
    ("bsds500", "bsds500/images/*/*.jpg"),
    ("ecssd", "ecssd/images/*.jpg"),
)


def training_photos(data_root: str | Path, most: int | None = None) -> list[Path]:
    """The training photos of COCO, BSDS500 and ECSSD, as far as they are there; copies of Mechrez's are left out.

    Args:
        data_root: the folder that holds coco/, bsds500/, ecssd/, and mechrez/ where it is to be kept out.
        most: the first so many; None: all.
    """
    root = Path(data_root)
    photos = [
        photo
        for source, pattern in FOLDERS
        for photo in sorted(root.glob(pattern), key=lambda path: path.stem)
        if split_of(photo.stem, source) == "train"
    ][:most]
    kept_out = thumbnails(sorted((root / "mechrez").glob("*/*_in.jpg")))
    if not len(kept_out):
        return photos
    return [photo for photo in photos if not same_picture(thumbnail(read_rgb(photo)), kept_out).any()]


class PhotoMaps(Dataset, abc.ABC):
    """Photos with maps of their own, at one size; what differs between sets of them is `maps`.

    `dataset[index]` is the photo as it is; `dataset[index, seed]` is flipped left to right on half of the seeds.

    Args:
        files: of the photos.
        size: height and width of what is returned; photos are resized to it whatever their aspect.

    Returns of an item:
        image (3, H, W) float32 in [0, 1], RGB; then the maps, (1, H, W) float32 each.
    """

    def __init__(self, files: Sequence[Path], size: tuple[int, int]) -> None:
        self.files, self.size = list(files), tuple(size)
        self._cache: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.files)

    @abc.abstractmethod
    def maps(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Two (H, W) float32 maps of a photo: the density of fixations, and the fixated pixels."""

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        index, seed = key if isinstance(key, tuple) else (key, None)
        if index not in self._cache:
            self._cache[index] = resize(read_rgb(self.files[index]), self.size)
        found = (self._cache[index].transpose(2, 0, 1), *(values[None] for values in self.maps(index)))
        if seed is not None and np.random.default_rng(seed).random() < 0.5:
            found = tuple(values[..., ::-1] for values in found)
        image, density, fixations = (torch.from_numpy(np.ascontiguousarray(values)) for values in found)
        return image.float() / 255, density, fixations


class UnlabelledPhotos(PhotoMaps):
    """Photos in the form of `GazeDataset`, whose maps are all zero because nobody was seen looking."""

    def maps(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Zeros."""
        return np.zeros(self.size, np.float32), np.zeros(self.size, np.float32)


class Joined(Dataset):
    """Two data sets as one, indexed by `index` or `(index, seed)`; the second follows the first."""

    def __init__(self, first: Dataset, second: Dataset) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, key: int | tuple[int, int]):
        index, seed = key if isinstance(key, tuple) else (key, None)
        data, index = (self.first, index) if index < len(self.first) else (self.second, index - len(self.first))
        return data[index] if seed is None else data[index, seed]
