"""Edit the bundled photo both ways, and show it: what `make demo` runs."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.judged import MEANING, judged
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.data.images import read_mask, read_photo, write_photo
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions

FOLDER = Path(__file__).resolve().parent / "demo_photo"
# What a photographer might try here: calm the flag at the edge, or let it speak.
DEMO_EDITS = (("attenuate", "flag"), ("amplify", "flag"))


def demo(options: Mapping[str, Any]) -> Path:
    """Write results, recipes and a side-by-side sheet below `options["output"]`, and say where to look.

    Args:
        options: output, the folder.

    Returns:
        The path of the sheet.

    Raises:
        InputError: when the folder cannot be written.
    """
    output = Path(options["output"])
    check_regular(output)
    photo = read_photo(FOLDER / "astronaut.jpg")
    rows, lines = [], []
    for task, region in DEMO_EDITS:
        mask, _ = read_mask(FOLDER / f"{region}.png", photo.pixels.shape[:2])
        view = Enhancer.from_pretrained(task).view(photo.pixels, mask, human=False)
        edit = view.propose(EditOptions(human=False))
        result = edit.apply(photo.pixels, mask, foreground=True)
        write_photo(output / f"{region}_{task}.png", photo, result)
        edit.recipe.save(output / f"{region}_{task}.json")
        rows.append(_row(photo.pixels, mask, result, region, edit))
        changes = f"saliency {percent(edit.saliency_change)}, realism {delta_r(edit.realism_change)}"
        lines.append(f"{task} the {region}: {changes}; {judged(view, edit).verdict}")
    sheet = output / "sheet.png"
    with replacing(sheet) as temporary:
        temporary.write_bytes(cv2.imencode(".png", np.concatenate(rows)[..., ::-1])[1])
    print(*lines, MEANING, f"look at {sheet}; results and recipes (.json) lie beside it", sep="\n")
    return sheet


def _row(photo: np.ndarray, mask: np.ndarray, result: np.ndarray, region: str, edit: Edit) -> np.ndarray:
    """Photo, mask and result in a row, each with a line above it."""
    parts = [
        ("photo", photo),
        (f"mask: {region}", np.repeat(mask[..., None], 3, axis=2)),
        (f"{edit.task}: saliency {percent(edit.saliency_change)}, realism {delta_r(edit.realism_change)}", result),
    ]
    return np.concatenate([_titled(title, pixels) for title, pixels in parts], axis=1)


def _titled(title: str, pixels: np.ndarray, height: int = 34, gap: int = 6) -> np.ndarray:
    tile = cv2.copyMakeBorder(pixels, height, gap, gap, gap, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(tile, title, (gap, height - 11), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (20, 20, 20), 1, cv2.LINE_AA)
    return tile
