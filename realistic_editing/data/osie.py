"""OSIE: photos with the fixations of 15 viewers, which saliency networks are trained and measured on."""
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from realistic_editing.common.errors import InputError
from realistic_editing.data.photos import PhotoMaps
from realistic_editing.data.splits import split_of

STIMULUS_SIZE = (600, 800)  # height, width of every photo, and the frame of the fixations
# One degree of visual angle, the usual sigma for fixation maps: OSIE's 800 pixels spanned about 33 degrees (Xu et al.,
# Predicting human gaze beyond pixels, 2014). The files do not record it, so this is an assumption of ours.
SIGMA_PX = 24.0
COLUMNS = ("image", "subject", "x", "y", "duration_ms")


@dataclasses.dataclass(frozen=True, eq=False)
class GazePhoto:
    """A photo and where people looked.

    Args:
        photo: the file.
        photo_id: its name without suffix.
        split: "train", "val" or "test".
        points: (N, 2) float32, x then y in pixels of the stimulus, 0 at the outer edge of the first pixel.
        subjects: (N,) int64, the viewer of each fixation.
        durations: (N,) float32, milliseconds.
    """

    photo: Path
    photo_id: str
    split: str
    points: np.ndarray
    subjects: np.ndarray
    durations: np.ndarray


def read_osie(data_root: str | Path) -> list[GazePhoto]:
    """All photos of OSIE that have fixations, in order of their names.

    Fixations outside the frame are dropped.

    Args:
        data_root: the folder that holds osie/stimuli and osie/fixations.csv.

    Raises:
        InputError: when a file is absent, a column is missing, or no fixation is left.
    """
    root = Path(data_root) / "osie"
    table = _read_table(root / "fixations.csv")
    height, width = STIMULUS_SIZE
    inside = (table.x >= 0) & (table.x < width) & (table.y >= 0) & (table.y < height)
    photos = []
    for name, rows in table[inside].groupby("image", sort=True):
        photo = root / "stimuli" / str(name)
        if not photo.is_file():
            raise InputError(f"{photo}: named in {root / 'fixations.csv'} but absent; fetch the OSIE stimuli again")
        points = rows[["x", "y"]].to_numpy(np.float32)
        subjects, durations = rows.subject.to_numpy(np.int64), rows.duration_ms.to_numpy(np.float32)
        photos.append(GazePhoto(photo, photo.stem, split_of(photo.stem, "osie"), points, subjects, durations))
    if not photos:
        raise InputError(f"{root / 'fixations.csv'}: no fixation lies inside {width} x {height} pixels; fetch it again")
    return photos


def _read_table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise InputError(f"{path}: not found; set paths.data or REALISTIC_EDITING_DATA to the folder that holds osie/")
    try:
        table = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a CSV table ({error}); fetch OSIE again") from error
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"{path}: column {', '.join(missing)} is missing; expected {', '.join(COLUMNS)}")
    return table


def fixation_map(
    points: np.ndarray, size: tuple[int, int], sigma_px: float | tuple[float, float] = SIGMA_PX
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


def gaze_maps(
    points: np.ndarray, size: tuple[int, int], sigma_px: float = SIGMA_PX
) -> tuple[np.ndarray, np.ndarray]:
    """What the measures compare a map with, at a size of its own.

    Args:
        points: (N, 2) x, y in pixels of the 800 x 600 stimulus.
        size: height and width of the result, whatever its aspect.
        sigma_px: of the density, in pixels of the stimulus.

    Returns:
        The density, (H, W) float32, sums to 1; and the fixated pixels, (H, W) float32, 1 where at least one fixation
        landed, else 0.

    Raises:
        ValueError: when no point lies inside the frame.
    """
    height, width = STIMULUS_SIZE
    scale = np.array([size[1] / width, size[0] / height], dtype=np.float64)
    scaled = points * scale
    density = fixation_map(scaled, size, (sigma_px * scale[0], sigma_px * scale[1]))
    return density, (_count(scaled, size) > 0).astype(np.float32)


class GazeDataset(PhotoMaps):
    """Photos with their fixation density and fixated pixels, at one size.

    Args:
        photos: from `read_osie`.
        size: height and width of what is returned; photos are resized to it whatever their aspect.
        sigma_px: of the density, in pixels of the 800 x 600 stimulus.

    Returns of an item:
        image (3, H, W) float32 in [0, 1], RGB; density (1, H, W) float32, sums to 1; fixations (1, H, W) float32,
        1 where at least one fixation landed, else 0.
    """

    def __init__(self, photos: Sequence[GazePhoto], size: tuple[int, int], sigma_px: float = SIGMA_PX) -> None:
        super().__init__([photo.photo for photo in photos], size)
        self.photos, self.sigma_px = list(photos), sigma_px

    def maps(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The density of fixations, and the fixated pixels."""
        return gaze_maps(self.photos[index].points, self.size, self.sigma_px)
