"""Whether our WRS keeps hue, and darkens and brightens what the published results darken and brighten."""
import math
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from realistic_editing.baselines.wrs import SaliencyOrder
from realistic_editing.evaluation.suites.baseline_agreement.pairs import Pair, pairs, turn

NONE = 2.0  # of L: a zone whose mean lightness changes less has no direction


def agreement(root: str | Path, limit: int | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Compare our WRS with the published results, by what each does to the region and to the background.

    Args:
        root: the folder that holds mechrez/.
        limit: of photos, spread evenly over the set; None: all.

    Returns:
        Figures by name. For each zone, inside and outside the mask: `_same_direction`, over the photos where the
        published result darkens or brightens it by at least 2 of L, the share where ours does the same, also by at least
        2; `_light`, the median change of L, with its 10th and 90th percentile as `_light_10` and `_light_90`; and
        `_coherence` and `_turn`, the medians of how much hues keep together and of the angle in degrees by which they turn.
        From "published_" on, the same of the published results. `inside_always` and `inside_foreseen`: in what share of the
        photos where the published result has a direction inside, always its more frequent one is right, and one given by
        the region's relative saliency from the threshold that predicts most of all other photos. And a row per photo.
    """
    method = SaliencyOrder()
    rows = pd.DataFrame([_row(pair, method) for pair in pairs(root, method, limit)])
    return figures_of(rows), rows


def figures_of(rows: pd.DataFrame) -> dict[str, float]:
    """See `agreement`, of its rows or of some of them."""
    figures = {"photos": len(rows)}
    for zone in ("inside", "outside"):
        theirs, ours = _direction(rows[f"published_{zone}_light"]), _direction(rows[f"{zone}_light"])
        figures[f"{zone}_same_direction"] = (ours == theirs)[theirs != 0].mean()
        for whose in ("", "published_"):
            light = rows[f"{whose}{zone}_light"]
            figures[f"{whose}{zone}_light"] = light.median()
            figures[f"{whose}{zone}_light_10"], figures[f"{whose}{zone}_light_90"] = light.quantile([0.1, 0.9])
            figures[f"{whose}{zone}_darker"] = (_direction(light) < 0).mean()
            figures[f"{whose}{zone}_brighter"] = (_direction(light) > 0).mean()
            figures[f"{whose}{zone}_coherence"] = rows[f"{whose}{zone}_coherence"].median()
            figures[f"{whose}{zone}_turn"] = rows[f"{whose}{zone}_turn"].abs().median()
    directions = _direction(rows["published_inside_light"])
    moved = directions != 0
    brighter, relative_saliency = (directions > 0)[moved].to_numpy(), rows["relative_saliency"][moved].to_numpy()
    figures["inside_always"] = max(brighter.mean(), 1 - brighter.mean()) if len(brighter) else math.nan
    figures["inside_foreseen"] = _foreseen(relative_saliency, brighter)
    figures["seconds"] = rows["seconds"].median()
    return figures


def _direction(light: pd.Series) -> pd.Series:
    """-1 darker, 1 brighter, 0 neither."""
    return np.sign(light).where(light.abs() >= NONE, 0)


def _foreseen(cue: np.ndarray, truth: np.ndarray) -> float:
    """The share of truths (N,) that a cue from a threshold on predicts, the threshold chosen on all the others."""
    if len(cue) < 2:
        return math.nan
    right = (cue[None] >= cue[:, None]) == truth  # (threshold, photo)
    others = right.sum(axis=1)[:, None] - right - 2 * len(cue) * np.eye(len(cue), dtype=int)  # never the photo's own
    return float(right[others.argmax(axis=0), np.arange(len(cue))].mean())


def _row(pair: Pair, method: SaliencyOrder) -> dict[str, float | str]:
    row = {"part": pair.part, "photo": pair.photo, "seconds": pair.seconds}
    photo = cv2.cvtColor(pair.before, cv2.COLOR_Lab2RGB)
    row["relative_saliency"] = method.relative_saliency_of(photo, pair.inside.astype(np.float32))
    for whose, after in (("", pair.ours), ("published_", pair.published)):
        for zone, where in (("inside", pair.inside), ("outside", ~pair.inside)):
            before, changed = pair.before[where], after[where]
            row[f"{whose}{zone}_light"] = float((changed[:, 0] - before[:, 0]).mean())
            row[f"{whose}{zone}_turn"], row[f"{whose}{zone}_coherence"] = turn(before, changed)
    return row
