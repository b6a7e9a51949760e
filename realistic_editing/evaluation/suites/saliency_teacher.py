"""A saliency network as the enhancer's teacher: whether its map moves under edits as people's attention would."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from omegaconf import DictConfig
from torch import nn

from realistic_editing.data.mechrez import MechrezPhoto, read_mechrez
from realistic_editing.data.pixels import read_rgb, resize
from realistic_editing.data.regions import Region, read_region
from realistic_editing.evaluation.measures import samples, sweep
from realistic_editing.evaluation.reports import figures
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.suites import saliency_tables as tables
from realistic_editing.evaluation.suites.suite import TablesAndFigures
from realistic_editing.ops import EditPreset
from realistic_editing.saliency.known_edits import NO_CHANGE


def under_edits(network: nn.Module, regions: Sequence[Region], preset: EditPreset, settings: DictConfig) -> TablesAndFigures:
    """What edits of regions do to a network's map; as `measure_saliency`, whose second half it is."""
    side, options = settings.edit_size.saliency, (settings.resamples, settings.seed)
    judge = sweep.saliency_judge(network)
    changes = sweep.sweep(regions, side, tables.SALIENCY_SWEEP, judge)
    neutral = sweep.sweep_neutral(regions, side, judge)
    ranges = samples.saliency_range(network, regions, preset, side, settings.samples_per_region.saliency, settings.seed)
    where = f"{len(regions)} unseen regions of {samples.count_photos(regions)} photos"
    found = [
        Table(
            "edits",
            f"What edits do to the predicted saliency of {where}",
            f"Edited at {side} x {side}. Change is -S of eq. 3, the mean of (after - before) / before over the region: "
            "positive = more salient; 95 % intervals over photos. Contrast scales deviations from the region's mean colour; "
            "fading blends the region into the mean colour of a ring around it; camouflage gives it the ring's mean and "
            "deviation.",
            tables.saliency_sweep_table(changes, *options),
        ),
        Table(
            "neutral_edits",
            f"What edits that should not matter do to the predicted saliency of {where}",
            "A hue turned by a third of the circle, of a region that was made nearly grey; noise with a deviation of 8 units "
            "of 255; JPEG of quality 30. Change as above.",
            tables.neutral_table(neutral, *options),
        ),
        Table(
            "range_of_s",
            f"Range of S under the edits of Table 1 ({preset.name}), {where}",
            "S as the objective has it, positive where the region lost saliency: relative is eq. 3, log_ratio the log of the "
            "region's mean before over after. Percentiles.",
            tables.range_table(ranges),
        ),
    ]
    if (Path(settings.paths.data) / "mechrez").is_dir():
        photos = read_mechrez(settings.paths.data)
        photos = samples.spread(photos, settings.limit or len(photos))
        found.append(
            Table(
                "published_edits",
                "Whether published edits of the Mechrez photos go as they were asked to",
                "Change as above, of the photo's region; 95 % intervals over photos.",
                tables.published_table(published_changes(network, photos, side), *options),
            )
        )
    label = "relative change of saliency"
    figure = figures.curves({where: changes}, tables.SALIENCY_SWEEP, NO_CHANGE, label, unit="region")
    figures.save_figure(figure, Path(settings.output) / "edits.png")
    return found, {"edits.png": "Relative change of the predicted saliency of regions under edits of them."}


def published_changes(network: nn.Module, photos: Sequence[MechrezPhoto], size: int) -> pd.DataFrame:
    """What published edits do to the predicted saliency of their regions.

    Args:
        network: image (B, 3, H, W) -> map (B, 1, H, W) in [0, 1].
        photos: with their regions, and the files of what others made of them.
        size: side of the square that photos are resized to.

    Returns:
        A row for each photo and method: photo, method, task, change, which is -S of eq. 3.
    """
    judge = sweep.saliency_judge(network)

    def rows_of(photo: MechrezPhoto) -> list[tuple]:
        rows = []
        image, mask = (resize(pixels, (size, size)) for pixels in read_region(photo.region))
        mask = torch.from_numpy(mask)[None, None].float() / 255
        for method, file in photo.results.items():
            edited = _tensor(resize(read_rgb(file), (size, size)))
            change = judge(_tensor(image), mask, edited).item()
            rows.append((f"{photo.part}/{photo.region.photo_id}", method, photo.region.task, change))
        return rows

    rows = sweep.rows_of_each(photos, "published", "photo", rows_of)
    return pd.DataFrame(rows, columns=["photo", "method", "task", "change"])


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].float() / 255
