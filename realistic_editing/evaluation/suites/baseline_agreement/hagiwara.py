"""Whether our saliency feedback leaves as many photos alone as the published results do, and changes contrast as they do."""
from pathlib import Path

import numpy as np
import pandas as pd

from realistic_editing.baselines.hagiwara import SaliencyFeedback
from realistic_editing.evaluation.suites.baseline_agreement.pairs import Pair, pairs

_SEEN = 1.5  # mean absolute change of L, a and b from which a photo counts as changed


def agreement(root: str | Path, limit: int | None = None) -> tuple[dict[str, float], pd.DataFrame]:
    """Compare our saliency feedback with the published results, by what each does to a photo.

    Args:
        root: the folder that holds mechrez/.
        limit: of photos, spread evenly over the set; None: all.

    Returns:
        Figures by name, for ours and, from "published_" on, theirs: `unchanged`, the share of the photos of
        object_enhancement that hardly change; over the changed ones of all parts, the medians `inside_L`, `outside_L`
        and so on for a and b, of the slope of the result on the photo. `same_verdict` is the share of photos that both
        change or both leave alone; `change_correlation` the rank correlation of how much. And a row per photo.
    """
    rows = pd.DataFrame([_row(pair) for pair in pairs(root, SaliencyFeedback(), limit, "hag")])
    figures = {"photos": len(rows)}
    enhanced = rows[rows["part"] == "object_enhancement"]
    for whose in ("", "published_"):
        changed = rows[rows[f"{whose}change"] >= _SEEN]
        figures[f"{whose}unchanged"] = (enhanced[f"{whose}change"] < _SEEN).mean()
        figures |= {f"{whose}{slope}": changed[f"{whose}{slope}"].median() for slope in _SLOPES}
    figures["same_verdict"] = ((rows["change"] < _SEEN) == (rows["published_change"] < _SEEN)).mean()
    figures["change_correlation"] = rows["change"].corr(rows["published_change"], method="spearman")
    figures["seconds"] = rows["seconds"].median()
    return figures, rows


_SLOPES = tuple(f"{zone}_{channel}" for channel in "Lab" for zone in ("inside", "outside"))


def _row(pair: Pair) -> dict[str, float | str]:
    row = {"part": pair.part, "photo": pair.photo, "seconds": pair.seconds}
    for whose, after in (("", pair.ours), ("published_", pair.published)):
        row[f"{whose}change"] = float(np.abs(after - pair.before).mean())
        for zone, where in (("inside", pair.inside), ("outside", ~pair.inside)):
            for index, channel in enumerate("Lab"):
                row[f"{whose}{zone}_{channel}"] = _slope(pair.before[where, index], after[where, index])
    return row


def _slope(before: np.ndarray, after: np.ndarray) -> float:
    """Of the line of least squares through (N,) values of a channel; nan where it does not vary."""
    apart = before.astype(np.float64) - before.mean(dtype=np.float64)
    spread = np.square(apart).sum()
    return float((apart * after).sum() / spread) if spread > 0 else float("nan")
