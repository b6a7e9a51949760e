"""Tables of a saliency network: against eye tracking, and under edits, as the enhancer's teacher."""
from collections.abc import Sequence

import numpy as np
import pandas as pd

from realistic_editing.evaluation.measures.fixations import MAP_MEASURES
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.saliency.known_edits import expected_way

SALIENCY_SWEEP = {
    "saturation": (0.0, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0),
    "contrast": (0.0, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0),
    "exposure": (0.5, 0.6, 0.75, 1.25, 1.5, 2.0),
    "fading": (0.25, 0.5, 0.75, 1.0),
    "camouflage": (0.5, 1.0),
}
# Where the means of MAP_MEASURES lie that lie somewhere.
_LIMITS = {"cc": bootstrap.SIGNED, "kl": bootstrap.MAGNITUDE}
_LIMITS |= dict.fromkeys(("auc_judd", "auc_shuffled", "auc_shuffled_published", "sim"), bootstrap.SHARE)
STILL = 0.05  # mean relative change up to which a region's saliency counts as unmoved
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def fixation_table(scores: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """The mean of each measure for each predictor, with its interval over photos, from `measure_fixations`."""
    rows = []
    for name, part in scores.groupby("predictor", sort=False):
        means = {key: bootstrap.mean(part[key], part.photo, resamples, seed, _LIMITS.get(key)) for key in MAP_MEASURES}
        rows.append({"prediction": name} | means)
    return pd.DataFrame(rows)


def saliency_sweep_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean change of the region's saliency, its spread, and how often it goes the expected way, from `sweep`."""
    rows = []
    for (name, factor), part in changes.groupby(["edit", "factor"], sort=False):
        way = expected_way(name, factor)
        rows.append(
            {
                "edit": name,
                "factor": f"{factor:g}",
                "mean change": bootstrap.mean(
                    part.change, part.source + "/" + part.photo, resamples, seed, bootstrap.RELATIVE
                ),
                "SD between regions": float(part.change.std(ddof=0)),
                "expected": "more" if way > 0 else "less",
                "share that goes there": float((part.change * way > 0).mean()),
            }
        )
    return pd.DataFrame(rows)


def neutral_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """How far edits that should not matter move a region's saliency, and how often hardly at all, from `sweep_neutral`."""
    rows = []
    for name, part in changes.groupby("edit", sort=False):
        size = bootstrap.mean(part.change.abs(), part.source + "/" + part.photo, resamples, seed, bootstrap.MAGNITUDE)
        share = float((part.change.abs() <= STILL).mean())
        mean = float(part.change.mean())
        rows.append({"edit": name, "mean change": mean, "mean size": size, f"share within {STILL:g}": share})
    return pd.DataFrame(rows)


def published_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean change of each published method's regions, and how often it goes as asked, from `published_changes`."""
    rows = []
    for (method, task), part in changes.groupby(["method", "task"], sort=True):
        way = 1 if task == "amplify" else -1
        rows.append(
            {
                "method": method,
                "task": task,
                "photos": len(part),
                "mean change": bootstrap.mean(part.change, part.photo, resamples, seed, bootstrap.RELATIVE),
                "share that goes as asked": float((part.change * way > 0).mean()),
            }
        )
    return pd.DataFrame(rows)


def range_table(ranges: pd.DataFrame, percentiles: Sequence[int] = PERCENTILES) -> pd.DataFrame:
    """Percentiles of S under real and fake edits, from `saliency_range`."""
    rows = []
    for kind, part in ranges.groupby("kind", sort=False):
        for form in ("relative", "log_ratio"):
            values = np.percentile(part[form], percentiles)
            cells = {f"{p} %": float(value) for p, value in zip(percentiles, values, strict=True)}
            rows.append({"edits": f"{kind}, {len(part)} samples", "form of S": form} | cells)
    return pd.DataFrame(rows)
