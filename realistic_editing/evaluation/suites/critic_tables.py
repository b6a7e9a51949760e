"""Tables of a critic: how well it separates real from fake samples, and what it says of exposure and saturation."""
import numpy as np
import pandas as pd

from realistic_editing.common.ranking import auc
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.statistics.bootstrap import Estimate
from realistic_editing.ops import OPERATORS
from realistic_editing.realism import measures

# Figure 3 of the paper, denser where the fake samples begin.
CRITIC_SWEEP = {
    "exposure": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0),
    "saturation": (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0),
}
_TABLED = {"exposure": (0.5, 0.7, 0.9, 1.0, 1.1, 1.5, 2.0), "saturation": (0.0, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0)}
# Bounds of the mean dR: about 0 where edits are slight, and clearly lower where they are not.
SLIGHT = (-0.1, 0.1)
EXPECTED_CHANGES = {
    "exposure": {0.5: (-1.0, -0.25), 0.9: SLIGHT, 1.0: SLIGHT, 1.1: SLIGHT, 2.0: (-1.0, -0.4)},
    "saturation": {0.0: (-1.0, -0.4), 0.9: SLIGHT, 1.0: SLIGHT, 1.1: SLIGHT, 2.0: (-1.0, -0.25)},
}


def critic_table(samples: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """How well real and fake samples are separated, overall and by kind, from `score_samples`.

    Args:
        samples: of one set of regions.
        resamples, seed: of the intervals over photos.

    Returns:
        A row a comparison: AUC, pair accuracy (a region's real and fake sample of one draw), ECE, and mean scores.
    """
    human = samples[samples.human]
    comparisons = [("real against fake", samples, "real", "fake")]
    for count, part in samples.groupby("edits"):
        comparisons.append((f"real against fake of {count} edit{'s' if count > 1 else ''}", part, "real", "fake"))
    comparisons += [
        (f"real against {name.replace('_', ' ')} alone", samples, "real", name) for name in OPERATORS if name in samples
    ]
    if len(human):
        comparisons.append(("human regions: real against fake", human, "real", "fake"))
        comparisons.append(("human regions: real against fake, human ranges", human, "real", "fake_human"))
    rows = [{"comparison": name} | separation(*rest, resamples, seed) for name, *rest in comparisons]
    untouched = separation(samples, "untouched", "real", resamples, seed) | {"ECE": float("nan")}  # both of them are real
    return pd.DataFrame([*rows, {"comparison": "untouched against real (0.5 is best)"} | untouched])


def separation(samples: pd.DataFrame, above: str, below: str, resamples: int, seed: int) -> dict[str, Estimate | int]:
    """AUC, pair accuracy and calibration of two columns of `score_samples`, the first of which should score higher."""
    real, fake = samples[above].to_numpy(), samples[below].to_numpy()

    def estimate(statistic) -> Estimate:
        again = resamples, seed
        return bootstrap.bootstrap(lambda i: statistic(real[i], fake[i]), samples.photo, *again, limits=bootstrap.SHARE)

    return {
        "AUC": estimate(auc),
        "pair accuracy": bootstrap.mean(_pairs_won(real, fake), samples.photo, resamples, seed),
        "ECE": estimate(calibration),
        "mean of the first": bootstrap.mean(real, samples.photo, resamples, seed, bootstrap.SHARE),
        "mean of the second": bootstrap.mean(fake, samples.photo, resamples, seed, bootstrap.SHARE),
        "photos": int(samples.photo.nunique()),
        "samples": 2 * len(samples),
    }


def _pairs_won(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """What `measures.pair_accuracy` is the mean of: (N,) bool, or float where a tie counts one half."""
    ties = real == fake
    return (real > fake) + ties / 2 if ties.any() else real > fake


def calibration(real: np.ndarray, fake: np.ndarray) -> float:
    """ECE of as many real as fake samples."""
    return measures.calibration_error(np.concatenate([real, fake]), np.repeat([1.0, 0.0], [len(real), len(fake)]))


def reliability(samples: pd.DataFrame, bins: int = measures.BINS) -> pd.DataFrame:
    """The share of real samples among those of about one score: score (mean), share and count for each bin in use."""
    scores = np.concatenate([samples.real, samples.fake])
    labels = np.repeat([1.0, 0.0], len(samples))
    table = pd.DataFrame({"bin": np.minimum((scores * bins).astype(int), bins - 1), "score": scores, "share": labels})
    return table.groupby("bin").agg(score=("score", "mean"), share=("share", "mean"), count=("share", "size")).reset_index()


def realism_sweep_table(changes: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean dR at the factors of _TABLED, its spread between photos, and whether it meets EXPECTED_CHANGES, from `sweep`."""
    rows = []
    for name, factors in _TABLED.items():
        for factor in factors:
            part = changes[(changes.edit == name) & np.isclose(changes.factor, factor)]
            photos = part.source + "/" + part.photo
            low, high = EXPECTED_CHANGES[name].get(factor, (np.nan, np.nan))
            found = bootstrap.mean(part.change, photos, resamples, seed, bootstrap.SIGNED)
            rows.append(
                {
                    "edit": name,
                    "factor": f"{factor:g}",
                    "mean dR": found,
                    "SD between photos": float(part.groupby(photos).change.mean().std(ddof=0)),
                    "goal": "" if np.isnan(low) else (f"< {high:g}" if low == -1 else f"-{high:g} to {high:g}"),
                    "met": "" if np.isnan(low) else ("yes" if low <= found.value <= high else "NO"),
                }
            )
    return pd.DataFrame(rows)


def summary(samples: pd.DataFrame) -> dict[str, float]:
    """The measures of real against fake, without intervals."""
    real, fake = samples.real.to_numpy(), samples.fake.to_numpy()
    return {
        "AUC": auc(real, fake),
        "pair accuracy": measures.pair_accuracy(real, fake),
        "ECE": calibration(real, fake),
        "mean of real": float(real.mean()),
        "mean of fake": float(fake.mean()),
    }


def worst(samples: pd.DataFrame, kind: str, max_regions: int) -> list[tuple[int, int, float]]:
    """The samples that the critic gets most wrong, one a photo: (index of the region, draw, score)."""
    ordered = samples.sort_values(kind, ascending=kind == "real").drop_duplicates("photo").head(max_regions)
    return [(int(row["index"]), int(row.draw), float(row[kind])) for _, row in ordered.iterrows()]
