"""The evaluation of a saliency network: against eye tracking, and as the enhancer's teacher."""
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from omegaconf import DictConfig
from torch import nn
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.common.workers import by_one_thread_each
from realistic_editing.data.gaze import SETS, GazePhoto, read_gaze
from realistic_editing.data.pixels import read_rgb, resize
from realistic_editing.data.regions import Region
from realistic_editing.evaluation.measures import fixations, samples
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.reports.report import Report, difference_table
from realistic_editing.evaluation.reports.table import Table
from realistic_editing.evaluation.suites.saliency_tables import fixation_table
from realistic_editing.evaluation.suites.saliency_teacher import under_edits
from realistic_editing.evaluation.suites.suite import SuiteInputs, TablesAndFigures, suite_report
from realistic_editing.ops import EditPreset
from realistic_editing.weights import load_network

# Of other weights nobody here knows what they were chosen by.
_SPLITS = {"test": "which tuned no constant of a bundled network", "val": "which chose the bundled networks' checkpoints"}


class SaliencySuite:
    """A saliency network against eye tracking and under edits; see `Suite`."""

    networks = ("saliency",)

    def run(self, inputs: SuiteInputs) -> Report:
        settings = inputs.settings
        network = load_network(settings.saliency, "saliency", settings.device)
        fp32_network = load_network(settings.fp32_weights, "saliency", settings.device) if settings.fp32_weights else None
        photos = _few(read_gaze(settings.paths.data, _gaze_sets(settings)), settings.limit)
        regions = samples.spread(inputs.unseen_regions(True), settings.max_regions.saliency)
        found = measure_saliency(network, fp32_network, photos, regions, inputs.preset, settings)
        return suite_report("saliency", settings, {settings.saliency: network}, found)


def _gaze_sets(settings: DictConfig) -> list[str]:
    """The sets of eye tracking to measure on: those that are named, or all that are at hand."""
    if settings.sets is not None:
        return list(settings.sets)
    return [name for name in SETS if (Path(settings.paths.data) / name).is_dir()] or ["osie"]


def _few(photos: Sequence[GazePhoto], limit: int | None) -> list[GazePhoto]:
    """At most `limit` photos of each set and split, evenly spaced; all of those that train, whose mean is compared with."""
    if limit is None:
        return list(photos)
    groups: dict[tuple[str, str], list[GazePhoto]] = {}
    for photo in photos:
        groups.setdefault((photo.source, photo.split), []).append(photo)
    return [photo for (_, split), own in groups.items() for photo in (own if split == "train" else samples.spread(own, limit))]


def measure_saliency(
    network: nn.Module,
    fp32_network: nn.Module | None,
    photos: Sequence[GazePhoto],
    regions: Sequence[Region],
    preset: EditPreset,
    settings: DictConfig,
) -> TablesAndFigures:
    """Measure, and draw the figures into `settings.output`.

    Args:
        network: image (B, 3, H, W) -> map (B, 1, H, W) in [0, 1].
        fp32_network: its full-precision copy, or None.
        photos: of all splits, with fixations.
        regions: unseen ones, to edit.
        preset: the ranges of real and fake edits.
        settings: as configs/evaluate/evaluate.yaml.

    Returns:
        The tables, and the figures' file names with their captions.

    Raises:
        InputError: when a split has no photo, or the folder cannot be written.
    """
    tables, shown = _against_people(network, fp32_network, photos, settings)
    device = next(network.parameters()).device
    more, drawn = by_one_thread_each(lambda: under_edits(network, regions, preset, settings), device)
    return [*tables, speed_table(network), *more], shown | drawn


def _against_people(
    network: nn.Module, fp32_network: nn.Module | None, photos: Sequence[GazePhoto], settings: DictConfig
) -> TablesAndFigures:
    """A table for each set and split, and the photos of the first set."""
    tables, shown = [], {}
    for source in dict.fromkeys(photo.source for photo in photos):
        own = [photo for photo in photos if photo.source == source]
        found, pictures = _against_set(network, fp32_network, source, own, settings)
        tables, shown = tables + found, shown | pictures
    return tables, shown


def _against_set(
    network: nn.Module, fp32_network: nn.Module | None, source: str, photos: Sequence[GazePhoto], settings: DictConfig
) -> TablesAndFigures:
    size = tuple(settings.map_size)
    sides = {side: [photo for photo in photos if photo.split == side] for side in ("train", *_SPLITS)}
    for side, found in sides.items():
        if not found:
            raise InputError(f"none of {len(photos)} photos of {source} with fixations is on the side {side!r}; add photos")
    tables, note = [], _note(settings, sides["train"])
    scores, predictions = {}, {}
    for side, words in _SPLITS.items():
        predictions[side] = fixations.predict(network, sides[side], size)
        scores[side] = fixations.measure_fixations(
            predictions[side], sides[side], sides["train"], size, settings.viewer_splits, settings.seed
        )
        title = f"{len(sides[side])} {source} photos of split {side}, {words}"
        frame = fixation_table(scores[side], settings.resamples, settings.seed)
        tables.append(Table(f"fixations_{source}_{side}", title, note, frame))
    if fp32_network is not None:
        found = fixations.measure_fixations(
            fixations.predict(fp32_network, sides["test"], size), sides["test"], sides["train"], size, 1, settings.seed
        )
        means = [_means(frame) for frame in (scores["test"], found)]
        title = f"Compared to the weights of full precision, {source}, test photos"
        tables.append(Table(f"fp32_weights_{source}", title, "", difference_table(*means)))
    name = f"photos_{source}.png"
    sheets.save_sheet(_sheet(sides["test"], predictions["test"], scores["test"], size), Path(settings.output) / name)
    words = "Best, median and worst test photos by CC: photo, density of fixations, prediction."
    return tables, {name: f"{source}. {words}"}


def speed_table(network: nn.Module, batches: Sequence[int] = (1, 24), repeats: int = 3) -> Table:
    """Parameters, and milliseconds a photo of 384 x 384, the median of some repeats, on as many threads as PyTorch has.

    Args:
        network: image (B, 3, H, W) -> map (B, 1, H, W), made ready as an enhancer's judge is.
        batches: photos at once.
        repeats: after a first call of each.
    """
    device = next(network.parameters()).device
    cells: dict[str, object] = {"parameters": f"{sum(p.numel() for p in network.parameters()) / 1e6:.2f} M"}
    for batch in batches:
        image, times = torch.rand(batch, 3, 384, 384, device=device), []
        ready = for_inference(network, image[:1])
        with torch.inference_mode():
            for _ in tqdm(range(repeats + 1), desc=f"speed, batch {batch}", unit="run"):
                started = time.perf_counter()
                ready(image)
                times.append(time.perf_counter() - started)
        cells[f"ms a photo, batch {batch}"] = 1000 * float(np.median(times[1:])) / batch
    words = f"{torch.get_num_threads()} threads, {device}."
    return Table("speed", "Size and speed", words, pd.DataFrame([cells]))


def _means(scores: pd.DataFrame) -> dict[str, float]:
    own = scores[scores.predictor == fixations.NETWORK]
    return {name: float(own[name].mean()) for name in fixations.MAP_MEASURES}


def _note(settings: DictConfig, training: Sequence[GazePhoto]) -> str:
    height, width = settings.map_size
    sigma_x, sigma_y = fixations.center_prior(training, (height, width))[1]
    return (
        f"Means over photos, with 95 % bootstrap intervals over photos; all maps are measured at {height} x {width}; of KL, "
        "lower is better. IG, in bits a fixation, is beside the mean density of the training photos. Shuffled AUC: the "
        "negatives are the fixations of the split's other photos. One half of the viewers "
        f"predicts the other by its density ({settings.viewer_splits} random splits, both ways): compare it with the network "
        "against the same halves. Its KL is high because half of the viewers leaves places without any density. The centre "
        f"prior is a Gaussian of {sigma_x:.3f} of the width and {sigma_y:.3f} of the height, the spread of the training "
        "fixations about the centre."
    )


def _sheet(
    photos: Sequence[GazePhoto], predictions: Sequence[np.ndarray], scores: pd.DataFrame, size: tuple[int, int]
) -> np.ndarray:
    """Three best, three median and three worst photos by CC."""
    cc = scores[scores.predictor == fixations.NETWORK].cc.to_numpy()
    order = cc.argsort()[::-1]
    middle = max(len(order) // 2 - 1, 0)
    picked = {"best": order[:3], "median": order[middle : middle + 3], "worst": order[-3:]}
    rows = []
    for word, indices in picked.items():
        for index in indices:
            density, _ = photos[index].maps(size)
            rows.append(
                [
                    (f"{word}: {photos[index].photo_id}", resize(read_rgb(photos[index].photo), size)),
                    ("fixation density", sheets.heat(density)),
                    (f"prediction, CC {cc[index]:.2f}", sheets.heat(predictions[index])),
                ]
            )
    return sheets.sheet(rows)
