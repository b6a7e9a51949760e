"""Sheets of photos: what a judge gets right and wrong, to look at."""
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from realistic_editing.common.files import replacing

TITLE = 24  # height of the line above a picture, in pixels
GAP = 4
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)


def save_sheet(sheet: np.ndarray, path: str | Path) -> None:
    """Write a sheet (H, W, 3) uint8, RGB, as PNG, or as JPEG of quality 95 where `path` ends in .jpg.

    Raises:
        InputError: when the folder cannot be written, or the disk is full.
    """
    with replacing(path) as temporary:
        # imwrite would not say that the disk is full.
        suffix, options = (".jpg", _JPEG) if Path(path).suffix == ".jpg" else (".png", ())
        temporary.write_bytes(cv2.imencode(suffix, sheet[..., ::-1], options)[1])


def sheet(rows: Sequence[Sequence[tuple[str, np.ndarray]]]) -> np.ndarray:
    """Pictures in rows, a line of text above each.

    Args:
        rows: of (text, picture (H, W, 3) uint8), as many in each row, all of one size.

    Returns:
        (H, W, 3) uint8.
    """
    return np.concatenate([np.concatenate([_titled(*cell) for cell in row], axis=1) for row in rows])


def paired(rows: Sequence[Sequence[tuple[str, np.ndarray]]]) -> list[list[tuple[str, np.ndarray]]]:
    """Two rows of pictures in one; beside the last one white, where they are odd. Arguments as of `sheet`."""
    rows = [list(row) for row in rows]
    if len(rows) % 2:
        rows.append([("", np.full_like(picture, 255)) for _, picture in rows[-1]])
    return [one + other for one, other in zip(rows[::2], rows[1::2], strict=True)]


def heat(values: np.ndarray) -> np.ndarray:
    """A map (H, W), >= 0, as colours (H, W, 3) uint8, its maximum brightest."""
    levels = (255 * values / max(float(values.max()), 1e-12)).round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1])


def outlined(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 with the edge of a mask (H, W) uint8 drawn, white within black: seen on any ground."""
    edges, _ = cv2.findContours((mask >= 128).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = np.ascontiguousarray(picture).copy()
    for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.drawContours(drawn, edges, -1, color, width, cv2.LINE_AA)
    return drawn


def _titled(text: str, picture: np.ndarray) -> np.ndarray:
    tile = cv2.copyMakeBorder(picture, TITLE, GAP, GAP, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(tile, text, (GAP, TITLE - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (20, 20, 20), 1, cv2.LINE_AA)
    return tile
