"""ECSSD: photos with one salient object each, and its mask."""
from collections.abc import Sequence
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import is_grey, read_grey, read_rgb
from realistic_editing.data.regions import MAX_AREA, MIN_AREA, Region
from realistic_editing.data.splits import SPLITS, split_of


def read_ecssd(data_root: str | Path, splits: Sequence[str] = SPLITS, most: int | None = None) -> list[Region]:
    """The objects of ECSSD that cover MIN_AREA to MAX_AREA of a photo that is not grey, in order of their names.

    The masks are used as they are. One region a photo leaves nothing to rank, so task is "".

    Args:
        data_root: the folder that holds ecssd/images/NAME.jpg and ecssd/masks/NAME.png.
        splits: which are wanted; no other photo is read.
        most: about so many photos of each split, evenly spaced, where only a few are wanted; None: all.

    Raises:
        InputError: when photos are absent, or a mask is absent or unreadable.
    """
    root = Path(data_root) / "ecssd"
    photos = sorted((root / "images").glob("*.jpg"))
    if not photos:
        raise InputError(
            f"{root / 'images'}: no photos; set paths.data or REALISTIC_EDITING_DATA to the folder that holds ecssd/"
        )
    regions = []
    for photo in _wanted(photos, splits, most):
        mask = root / "masks" / f"{photo.stem}.png"
        area = float((read_grey(mask) >= 128).mean())
        if MIN_AREA <= area <= MAX_AREA and not is_grey(read_rgb(photo)):
            split = split_of(photo.stem, "ecssd")
            regions.append(Region(photo, mask, "ecssd", photo.stem, "object", area=area, split=split))
    return regions


def _wanted(photos: Sequence[Path], splits: Sequence[str], most: int | None) -> list[Path]:
    sides = [[photo for photo in photos if split_of(photo.stem, "ecssd") == split] for split in splits]
    if most is not None:
        sides = [side[:: max(len(side) // (2 * most), 1)] for side in sides]  # half of them may not qualify
    return sorted(photo for side in sides for photo in side)
