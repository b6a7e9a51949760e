"""Sheets that commands write beside their results: one photo before and after, and all photos of a batch."""
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from realistic_editing.apps.results import refuse_overwriting
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.errors import InputError
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.images import read_photo
from realistic_editing.data.pixels import resize
from realistic_editing.evaluation.reports.sheets import outlined, save_sheet, sheet

WIDE = 640  # pixels of each picture of one photo's sheet
TALL = 240  # height of each picture of a batch's
_ACROSS = 3  # photos in a row of it
PER_SHEET = 60  # photos: more would not be looked at
_BACKGROUND = 245


def check_sheet(
    path: str | Path | None, written: Iterable[Path], read: Iterable[str | Path | None], photos: int = 1
) -> Path | None:
    """Where a sheet goes, refused before any work where it, or a further one, cannot; None where none is asked for.

    Args:
        path: as given: a file, or a folder for a new sheet.png.
        written: what the command writes beside it.
        read: what it reads.
        photos: how many it shows, see `contact_sheets`.

    Raises:
        InputError: where it is no PNG, is read, or is written already.
    """
    if path is None:
        return None
    place = Path(path)
    if str(path).endswith(("/", os.sep)) or (place.is_dir() and not place.suffix):
        place = _free_sheet(place, photos)
    if place.suffix.lower() != ".png" or place.is_dir():
        raise InputError(f"sheet is {str(path)!r}; name a file that ends in .png")
    places, results = _sheet_paths(place, photos), {one.resolve() for one in written}
    refuse_overwriting(places, read)
    for one in places:
        if one.resolve() in results:
            which = "which is the result" if one == place else f"whose part {one.name} is a result"
            raise InputError(f"sheet is {str(path)!r}, {which}; give the sheet a name of its own")
    return place


def _free_sheet(folder: Path, photos: int) -> Path:
    """sheet.png, or sheet-2.png and so on, where neither it nor a further page of it is there."""
    names = (folder / ("sheet.png" if number == 1 else f"sheet-{number}.png") for number in itertools.count(1))
    return next(name for name in names if not any(page.exists() for page in _sheet_paths(name, photos)))


def _sheet_paths(path: Path, photos: int) -> list[Path]:
    """NAME.png, NAME_2.png and so on, one for every PER_SHEET photos."""
    pages = max(1, -(-photos // PER_SHEET))
    return [path, *(path.with_name(f"{path.stem}_{number}{path.suffix}") for number in range(2, pages + 1))]


def words_of(task: str, realism_change: float, saliency_change: float, verdict: str) -> str:
    """The line above a result."""
    return f"{task}: saliency {percent(saliency_change)}, dR {delta_r(realism_change)}, {verdict}"


def before_and_after(path: Path, before: np.ndarray, mask: np.ndarray, after: np.ndarray, line: str) -> None:
    """Write the sheet of one photo: before with its region outlined, and after.

    Args:
        path: a PNG file.
        before, after: (H, W, 3) sRGB.
        mask: (H, W).
        line: above the result, see `words_of`.

    Raises:
        InputError: when it cannot be written.
    """
    size = (max(1, round(WIDE * before.shape[0] / before.shape[1])), WIDE)
    small, region, result = (as_bytes(resize(one, size)) for one in (before, mask, after))
    save_sheet(sheet([[("before", outlined(small, region)), (line, result)]]), path)


def tile(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """A photo and its edit, both (H, W, 3) sRGB, side by side for a contact sheet: (TALL, 2 * TALL, 3) uint8."""
    shrink = TALL / max(before.shape[:2])
    size = tuple(max(1, round(side * shrink)) for side in before.shape[:2])
    found = np.full((TALL, 2 * TALL, 3), _BACKGROUND, np.uint8)
    top, left = ((TALL - side) // 2 for side in size)
    for start, pixels in ((left, before), (TALL + left, after)):
        found[top : top + size[0], start : start + size[1]] = as_bytes(resize(pixels, size))
    return found


def contact_sheets(path: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write sheets of all edits of a batch, PER_SHEET on each: NAME.png, NAME_2.png and so on.

    Args:
        path: of the first.
        rows: of each edit the files photo and result, and what `words_of` says.

    Returns:
        The paths; a photo or result that cannot be read any more is left out.

    Raises:
        InputError: when one cannot be written.
    """
    pages = [rows[start : start + PER_SHEET] for start in range(0, len(rows), PER_SHEET)]
    written = []
    for place, page in zip(_sheet_paths(path, len(rows)), pages, strict=False):
        tiles = []
        for row in page:
            try:
                before, after = (read_photo(row[name]).srgb for name in ("photo", "result"))
            except InputError:
                continue
            line = words_of(row["task"], row["realism_change"], row["saliency_change"], row["verdict"] or "not judged")
            tiles.append((f"{Path(row['photo']).stem[:20]}, {line}", tile(before, after)))
        if tiles:
            _save_tiles(place, tiles)
            written.append(place)
    return written


def _save_tiles(path: Path, tiles: Sequence[tuple[str, np.ndarray]]) -> None:
    empty = ("", np.full((TALL, 2 * TALL, 3), 255, np.uint8))
    across = min(_ACROSS, len(tiles))
    filled = [*tiles, *[empty] * (-len(tiles) % across)]
    save_sheet(sheet([filled[start : start + across] for start in range(0, len(filled), across)]), path)
