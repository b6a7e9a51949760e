"""Eye tracking: photos with the fixations of people who looked at them freely, which saliency networks learn from."""
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from realistic_editing.common.errors import InputError
from realistic_editing.data.photos import PhotoMaps
from realistic_editing.data.splits import split_of

_COLUMNS = ("image", "subject", "x", "y", "duration_ms")


@dataclasses.dataclass(frozen=True)
class GazeSet:
    """What differs between sets of eye tracking; each lies in NAME/stimuli and NAME/fixations.csv.

    Args:
        frame: (height, width) that the fixations are counted in; None = each photo's own pixels.
        sigma: standard deviation of the Gaussian around a fixation, as a share of the frame's longer side: one degree of
            visual angle, as is usual.
        drop_first: leave out the first fixation of each viewer, which the experiment put at the centre.
    """

    frame: tuple[int, int] | None
    sigma: float
    drop_first: bool = False


# One degree is not recorded in the files. OSIE: 800 pixels spanned about 33 degrees (Xu et al., 2014). MIT1003: 35 pixels of
# 1024 (Judd et al., 2009). Crowd: 26 of 1024, as OSIE by the same laboratory (Jiang, Xu, Zhao, 2014); our assumption.
SETS = {
    "osie": GazeSet((600, 800), 24 / 800),
    "mit1003": GazeSet(None, 35 / 1024, drop_first=True),
    "crowd": GazeSet(None, 26 / 1024),
}


@dataclasses.dataclass(frozen=True, eq=False)
class GazePhoto:
    """A photo and where people looked.

    Args:
        photo: the file.
        photo_id: its name without suffix.
        split: "train", "val" or "test".
        points: (N, 2) float32, x then y in pixels of `frame`, 0 at the outer edge of the first pixel.
        subjects: (N,) int64, the viewer of each fixation.
        durations: (N,) float32, milliseconds.
        source: of SETS.
        frame: (height, width) that the points are counted in.
    """

    photo: Path
    photo_id: str
    split: str
    points: np.ndarray
    subjects: np.ndarray
    durations: np.ndarray
    source: str = "osie"
    frame: tuple[int, int] = (600, 800)

    def maps(self, size: tuple[int, int], points: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What the measures compare a map with, at a size of its own.

        Args:
            size: height and width of the result, whatever its aspect.
            points: some of the fixations; all when None.

        Returns:
            The density, (H, W) float32, sums to 1; and the fixated pixels, (H, W) float32, 1 where at least one fixation
            landed, else 0.

        Raises:
            ValueError: when no point lies inside the frame.
        """
        scale = np.array([size[1] / self.frame[1], size[0] / self.frame[0]], dtype=np.float64)
        scaled = (self.points if points is None else points) * scale
        sigma = SETS[self.source].sigma * max(self.frame)
        return fixation_map(scaled, size, (sigma * scale[0], sigma * scale[1])), (_count(scaled, size) > 0).astype(np.float32)


def read_gaze(data_root: str | Path, names: Sequence[str] = ("osie",)) -> list[GazePhoto]:
    """All photos of some sets that have fixations, set by set, in order of their names.

    Fixations outside the frame are dropped, and so is what `GazeSet` says.

    Args:
        data_root: the folder that holds NAME/stimuli and NAME/fixations.csv of each set.
        names: of SETS.

    Raises:
        InputError: when a set is unknown, a file is absent, a column is missing, or no fixation is left.
    """
    unknown = [name for name in names if name not in SETS]
    if unknown or not names:
        raise InputError(f"sets of eye tracking: {', '.join(map(str, unknown)) or 'none is named'}; use {', '.join(SETS)}")
    return [photo for name in names for photo in _read_set(Path(data_root) / name, name)]


def _read_set(root: Path, name: str) -> list[GazePhoto]:
    table, kind, photos = _read_table(root / "fixations.csv", name), SETS[name], []
    for image, rows in table.groupby("image", sort=True):
        photo = root / "stimuli" / str(image)
        frame = kind.frame or _size_of(photo)
        if not photo.is_file():
            raise InputError(f"{photo}: named in {root / 'fixations.csv'} but absent; fetch the {name} stimuli again")
        if kind.drop_first:
            rows = rows[rows.groupby("subject").cumcount() > 0]
        rows = rows[(rows.x >= 0) & (rows.x < frame[1]) & (rows.y >= 0) & (rows.y < frame[0])]
        if not len(rows):
            continue
        points = rows[["x", "y"]].to_numpy(np.float32)
        subjects, durations = rows.subject.to_numpy(np.int64), rows.duration_ms.to_numpy(np.float32)
        split = split_of(photo.stem, name)
        photos.append(GazePhoto(photo, photo.stem, split, points, subjects, durations, name, frame))
    if not photos:
        raise InputError(f"{root / 'fixations.csv'}: no fixation lies inside its photo; fetch {name} again")
    return photos


def _size_of(photo: Path) -> tuple[int, int]:
    """(height, width) from the header, without decoding."""
    try:
        with Image.open(photo) as opened:
            return opened.height, opened.width
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(f"{photo}: cannot be read as a photo ({error}); fetch it again") from error


def _read_table(path: Path, name: str) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: not found; set paths.data or REALISTIC_EDITING_DATA to the folder that holds {name}/")
    try:
        table = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a CSV table ({error}); fetch {name} again") from error
    missing = [column for column in _COLUMNS if column not in table.columns]
    if missing:
        raise InputError(f"{path}: column {', '.join(missing)} is missing; expected {', '.join(_COLUMNS)}")
    return table


def fixation_map(
    points: np.ndarray, size: tuple[int, int], sigma_px: float | tuple[float, float]
) -> np.ndarray:
    """The density of fixations: a Gaussian around each, cut at the frame, scaled to sum to 1.

    Args:
        points: (N, 2) x, y in pixels of a frame of `size`; those outside are left out.
        size: height and width.
        sigma_px: the Gaussian's standard deviation in pixels, or those along x and y.

    Returns:
        (H, W) float32, sums to 1.

    Raises:
        ValueError: when no point lies inside the frame.
    """
    counts = _count(points, size)
    if not counts.any():
        raise ValueError(f"none of {len(points)} fixations lies inside {size[1]} x {size[0]} pixels")
    sigma_x, sigma_y = (sigma_px, sigma_px) if isinstance(sigma_px, int | float) else sigma_px
    density = cv2.GaussianBlur(counts, (0, 0), sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_CONSTANT)
    return (density / density.sum(dtype=np.float64)).astype(np.float32)


def _count(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    column, row = np.floor(np.asarray(points, dtype=np.float64)).astype(np.int64).reshape(-1, 2).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    counts = np.zeros(size, dtype=np.float32)
    np.add.at(counts, (row[inside], column[inside]), 1)
    return counts


class GazeDataset(PhotoMaps):
    """Photos with their fixation density and fixated pixels, at one size.

    Args:
        photos: from `read_gaze`.
        size: height and width of what is returned; photos are resized to it whatever their aspect.

    Returns of an item:
        image (3, H, W) float32 in [0, 1], RGB; density (1, H, W) float32, sums to 1; fixations (1, H, W) float32,
        1 where at least one fixation landed, else 0.
    """

    def __init__(self, photos: Sequence[GazePhoto], size: tuple[int, int]) -> None:
        super().__init__([photo.photo for photo in photos], size)
        self.photos = list(photos)

    def maps(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The density of fixations, and the fixated pixels."""
        return self.photos[index].maps(self.size)
