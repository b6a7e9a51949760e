"""Tables of a saliency network: against eye tracking, and under edits, as the enhancer's teacher."""
from collections.abc import Sequence

import numpy as np
import pandas as pd

from realistic_editing.evaluation.measures.fixations import MAP_MEASURES
from realistic_editing.evaluation.statistics import bootstrap

SALIENCY_SWEEP = {
    "saturation": (0.0, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0),
    "contrast": (0.0, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0),
    "exposure": (0.5, 0.6, 0.75, 1.25, 1.5, 2.0),
    "fading": (0.25, 0.5, 0.75, 1.0),
}
NO_CHANGE = {"saturation": 1.0, "contrast": 1.0, "exposure": 1.0, "fading": 0.0}
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


def fixation_table(scores: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """The mean of each measure for each predictor, with its interval over photos, from `measure_fixations`."""
    rows = []
    for name, part in scores.groupby("predictor", sort=False):
        means = {key: bootstrap.mean(part[key], part.photo, resamples, seed) for key in MAP_MEASURES}
        rows.append({"prediction": name} | means)
    return pd.DataFrame(rows)


def expected_way(edit: str, factor: float) -> int:
    """+1 where an edit should draw attention to the region, -1 where it should take attention away.

    More colour, contrast or light draws attention, less takes it away, and so does fading into the surroundings. Of
    exposure this is a rule with exceptions: a dark thing on a bright ground stands out more when darkened.
    """
    return -1 if edit == "fading" or factor < NO_CHANGE[edit] else 1


def saliency_sweep_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean change of the region's saliency, its spread, and how often it goes the expected way, from `sweep`."""
    rows = []
    for (name, factor), part in changes.groupby(["edit", "factor"], sort=False):
        way = expected_way(name, factor)
        rows.append(
            {
                "edit": name,
                "factor": f"{factor:g}",
                "mean change": bootstrap.mean(part.change, part.source + "/" + part.photo, resamples, seed),
                "SD between regions": float(part.change.std(ddof=0)),
                "expected": "more" if way > 0 else "less",
                "share that goes there": float((part.change * way > 0).mean()),
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
