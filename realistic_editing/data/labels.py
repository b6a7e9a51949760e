"""Masks that may not mean what they say: too dark, label maps, next to nothing or nearly all; and one label of a label map."""
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from realistic_editing.common.arrays import LEVELS
from realistic_editing.common.errors import InputError
from realistic_editing.data.whole import opened_quietly

BRIGHT = 0.9  # share of white, below which a note gives the brightest value of a mask
_FEW = 64  # values, up to which a dark mask may be a label map
_LEAST, _MOST = 0.001, 0.95  # share of the photo, outside which a note gives the size of a selection


def doubts(mask: np.ndarray) -> list[str]:
    """Notes on a mask that selects less, or more, than its maker may think.

    Args:
        mask: (H, W) uint8 or uint16, as it will be used.
    """
    full = LEVELS[mask.dtype]
    counts = np.bincount(mask.reshape(-1), minlength=full + 1)
    values = np.flatnonzero(counts)
    largest, share = int(values[-1]), float(counts @ np.arange(full + 1)) / full / mask.size
    notes = []
    if 0 < largest < BRIGHT * full:
        words = f"the mask's brightest value is {largest} of {full}, so the edit is made at {_per_cent(largest / full)} at most"
        if mask.dtype == np.uint16 and largest <= 255:
            words += "; these look like the values of 8 bits in a file of 16 bits: save it with 8 bits"
        elif len(values) <= _FEW:
            labels = ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")
            words += f"; if it is a label map (it holds {labels}), choose one with --label"
        else:
            words += "; paint the region white"
        notes.append(words)
    if largest and share < _LEAST:
        notes.append(f"the mask selects {_per_cent(share)} of the photo, so that little can change")
    elif share > _MOST:
        rest = ", and --invert selects the rest" if share < 1 else "; a region draws attention beside others: paint one"
        notes.append(f"the mask selects {_per_cent(share)} of the photo; white is edited{rest}")
    return notes


def _per_cent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def check_label(value: Any) -> int | None:
    """The label that is asked for as a number, None where none is. Raises InputError."""
    if value is None:
        return None
    if not (str(value).isascii() and str(value).isdigit() and len(str(value)) < 20):
        raise InputError(f"label is {value!r}; use the index or grey value of the region in the mask, such as 15")
    return int(str(value))


def of_label(path: str | Path, data: bytes, stored: np.ndarray, label: int) -> np.ndarray:
    """The region of one label.

    Args:
        path: in messages.
        data: the file; of an indexed PNG, GIF or BMP the index counts, whatever its colour.
        stored: (H, W, C) as decoded, for all other files: their grey value counts.
        label: to select.

    Returns:
        (H, W, 1) uint8, 0 and 255.

    Raises:
        InputError: when no pixel has it, or the file holds colours that are no labels.
    """
    values = _indices(data)
    if values is None:
        if stored.shape[2] >= 3 and (stored[:, :, :3] != stored[:, :, :1]).any():
            raise InputError(f"{path}: has colours, so label {label} says nothing; save the label map as grey or indexed PNG")
        values = stored[:, :, 0]
    chosen = values == label
    if not chosen.any():
        found = np.unique(values)
        listed = ", ".join(map(str, found[:20])) + (", ..." if len(found) > 20 else "")
        raise InputError(f"{path}: no pixel has the label {label}; it holds {listed}")
    return np.where(chosen, np.uint8(255), np.uint8(0))[:, :, None]


def _indices(data: bytes) -> np.ndarray | None:
    """(H, W) of an indexed picture; None of another."""
    try:
        with opened_quietly(data, ["PNG", "GIF", "BMP"]) as image:
            return np.asarray(image) if image.mode == "P" else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
