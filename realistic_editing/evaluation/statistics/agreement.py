"""How far raters agree, and judges: Krippendorff's alpha and Spearman's rank correlation.

Alpha is our own, because it is shorter than the glue around a library would be; the tests check it against published examples.
"""
import numpy as np
from scipy import stats

METRICS = ("interval", "ordinal")


def alpha(ratings: np.ndarray, metric: str) -> float:
    """Krippendorff's alpha: 1 where raters agree fully, 0 where as much as by chance, below 0 where less than that.

    Krippendorff, Computing Krippendorff's Alpha-Reliability, University of Pennsylvania, 2011.

    Args:
        ratings: (units, raters) float, nan where a rater gave none; a unit with fewer than two ratings says nothing.
        metric: of the distance between two ratings; interval (their difference) or ordinal (how many ratings lie between).

    Returns:
        Alpha; nan where no unit was rated twice, or all ratings are the same.

    Raises:
        ValueError: for another metric.
    """
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}; use {' or '.join(METRICS)}")
    ratings = ratings[(~np.isnan(ratings)).sum(axis=1) > 1]
    values, index = np.unique(ratings[~np.isnan(ratings)], return_inverse=True)
    if len(values) < 2:
        return float("nan")
    counts = np.zeros((len(ratings), len(values)))  # how often each unit got each value
    np.add.at(counts, (np.nonzero(~np.isnan(ratings))[0], index), 1)
    weighted = counts / (counts.sum(axis=1, keepdims=True) - 1)
    coincidences = weighted.T @ counts - np.diag(weighted.sum(axis=0))  # pairs of ratings of one unit, both ways round
    totals = counts.sum(axis=0)
    # Where each value lies: on the scale itself, or in the middle of its ratings when all are put in order.
    place = values if metric == "interval" else np.cumsum(totals) - totals / 2
    distance = (place[:, None] - place[None, :]) ** 2
    expected = totals @ distance @ totals / (totals.sum() - 1)
    return float(1 - (coincidences * distance).sum() / expected)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two judges' numbers (N,); ties share their rank, nan where one says the same of all."""
    first, second = (stats.rankdata(values) for values in (first, second))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
