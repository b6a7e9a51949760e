"""Whether our MEC raises and lowers the contrast of saliency as far as its published results do."""
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from realistic_editing.baselines.mec import MEC, contrast
from realistic_editing.data.mechrez import TASK_OF_PART, MechrezPhoto, read_mechrez, read_result
from realistic_editing.data.regions import read_region
from realistic_editing.evaluation.measures.samples import spread

_PARTS = ("object_enhancement", "distractors_attenuation")


def agreement(root: str | Path, limit: int | None = None, method: MEC | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Compare our MEC with the published results, by the contrast of the saliency model that ours follows.

    Args:
        root: the folder that holds mechrez/.
        limit: of photos of each part, spread evenly over it; None: all.
        method: such as one that works at a smaller size; None: as it is used.

    Returns:
        Figures by name, for each of _PARTS, whose name they begin with, and for ours and, with "published_" between, theirs:
        `direction_accuracy`, the share of photos whose contrast rises (enhancement) or falls (attenuation), `change`, the
        median change of contrast, `inside` and `outside`, the median over photos of the mean absolute change of RGB in levels
        of 255; `ratio`, ours by theirs of the medians of change; `seconds`, the median of a photo's processor time. And
        a row per photo: the same, and the contrast `before`.
    """
    method, rows = method or MEC(), []
    parts = [read_mechrez(root, part) for part in _PARTS]
    photos = [photo for part in parts for photo in spread(part, len(part), limit)]
    for photo in tqdm(photos, desc="mec", unit="photo"):
        rows.append(_row(photo, method))
    table = pd.DataFrame(rows)
    return figures_of(table), table


def figures_of(table: pd.DataFrame) -> dict[str, float]:
    """See `agreement`, of its rows or of some of them."""
    figures = {}
    for part, own in table.groupby("part", sort=False):
        sign = 1 if TASK_OF_PART[part] == "amplify" else -1
        figures[f"{part}_photos"] = len(own)
        for whose in ("", "published_"):
            figures[f"{part}_{whose}direction_accuracy"] = float((sign * own[f"{whose}change"] > 0).mean())
            for name in ("change", "inside", "outside"):
                figures[f"{part}_{whose}{name}"] = float(own[whose + name].median())
        figures[f"{part}_ratio"] = figures[f"{part}_change"] / figures[f"{part}_published_change"]
        figures[f"{part}_seconds"] = float(own["seconds"].median())
    return figures


def _row(photo: MechrezPhoto, method: MEC) -> dict[str, float | str]:
    image, mask = read_region(photo.region)
    region = mask >= 128
    start = time.process_time()
    ours = method.edit(image, mask, TASK_OF_PART[photo.part])
    row = {"part": photo.part, "photo": photo.region.photo_id, "seconds": time.process_time() - start}
    row["before"] = contrast(_saliency(image, method), region)
    for whose, edited in (("", ours), ("published_", read_result(photo, "mec", region.shape))):
        row[f"{whose}change"] = contrast(_saliency(edited, method), region) - row["before"]
        apart = np.abs(edited.astype(np.float32) - image).mean(axis=2)
        for zone, where in (("inside", region), ("outside", ~region)):
            row[whose + zone] = float(apart[where].mean()) if where.any() else 0.0
    return row


def _saliency(image: np.ndarray, method: MEC) -> np.ndarray:
    photo = torch.from_numpy(image / np.float32(255)).permute(2, 0, 1)[None]
    with torch.no_grad():
        return method.saliency(photo)[0, 0].numpy()
