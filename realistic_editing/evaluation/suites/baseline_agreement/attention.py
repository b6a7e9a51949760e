"""What a method does to attention in unseen regions: for methods without published images to compare pixels with."""
import dataclasses
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from realistic_editing.baselines.method import Baseline
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.build import build
from realistic_editing.data.coco import read_coco
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region, read_region
from realistic_editing.evaluation.measures.photo_changes import MOVED
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.weights import load_network

_SIDE = 384  # longest side at which photos are edited and judged
_FAINT = 1e-4  # added to a region's mean saliency before it divides


def moved(methods: Mapping[str, Baseline], root: str | Path, limit: int | None) -> tuple[dict[str, float], pd.DataFrame]:
    """Edit regions of COCO val2017, split test, and ask the saliency network that teaches, and one that does not.

    Args:
        methods: by name.
        root: the folder that holds coco/.
        limit: of regions of a task, spread evenly over photos; None: all.

    Returns:
        Figures by "method_task_measure": `direction_accuracy`, the share of regions whose mean saliency by compact_saliency
        moved as asked, and `change`, its mean relative change; `heldout_direction_accuracy` and `heldout_change` by
        heldout_saliency; `outside`, the mean absolute change of pixels outside the mask in levels of 255; `seconds`, the
        median. And a row for each region and method.

    Raises:
        InputError: when the photos are not there, or the split test has none.
    """
    names = {"": "compact_saliency", "heldout_": "heldout_saliency"}
    judges = {prefix: load_network(name, kind="saliency") for prefix, name in names.items()}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        regions = _regions(Path(root), Path(folder), judges[""], limit)
        chosen = [region for task in TASKS for region in spread([r for r in regions if r.task == task], limit or len(regions))]
        for region in tqdm(chosen, desc="agreement", unit="region"):
            photo, mask = read_region(region)
            scale = min(1.0, _SIDE / max(mask.shape))
            size = tuple(round(side * scale) for side in mask.shape)
            photo, mask = resize(photo, size), resize(mask, size)
            for name, method in methods.items():
                rows.append({"method": name, "task": region.task, "photo": region.photo_id, "region": region.region_id}
                            | _row(method, judges, photo, mask, region.task))  # fmt: skip
    table = pd.DataFrame(rows)
    figures = {"regions": float(len(chosen))}
    for (name, task), part in table.groupby(["method", "task"], sort=False):
        for measure in table.columns[4:]:
            values = part[measure].astype(float)
            figures[f"{name}_{task}_{measure}"] = values.median() if measure == "seconds" else values.mean()
    return figures, table


def _regions(root: Path, folder: Path, network: nn.Module, limit: int | None) -> list[Region]:
    """Those of split test, with hard masks, sorted into tasks by the network; of no more photos than a limit needs."""
    source = read_coco(root, "val2017")
    source = dataclasses.replace(source, photos=[photo for photo in source.photos if photo.split == "test"])
    if not source.photos:
        raise InputError(f"{root}: no photo of coco/val2017 is on the side 'test'; add photos")
    source = dataclasses.replace(source, photos=spread(source.photos, 2 * limit if limit else len(source.photos)))
    with torch.no_grad():
        return build(source, folder, root, saliency=network, matte=False, workers=0)


def _row(
    method: Baseline, judges: Mapping[str, nn.Module], photo: np.ndarray, mask: np.ndarray, task: str
) -> dict[str, object]:
    """What a method does to one region, by each judge."""
    started = time.perf_counter()
    edited = method.edit(photo, mask, task)
    row: dict[str, object] = {"seconds": time.perf_counter() - started}
    inside, sign = torch.from_numpy(mask).float() / 255, 1 if task == "amplify" else -1
    both = torch.from_numpy(np.stack([photo, edited]).transpose(0, 3, 1, 2)).float() / 255
    for name, judge in judges.items():
        with torch.no_grad():
            before, after = ((judge(both)[:, 0] * inside).sum(dim=(1, 2)) / inside.sum()).tolist()
        change = (after - before) / (before + _FAINT)
        row |= {f"{name}change": change, f"{name}direction_accuracy": sign * change > MOVED}
    away = mask == 0
    difference = np.abs(edited[away].astype(np.float64) - photo[away])
    return row | {"outside": float(difference.mean()) if away.any() else 0.0}
