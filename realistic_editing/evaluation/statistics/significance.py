"""Tests of paired differences: Wilcoxon's signed-rank test, and Holm's correction for several tests."""
from collections.abc import Sequence

import numpy as np
from scipy import stats


def signed_rank(differences: np.ndarray) -> float:
    """The p value of Wilcoxon's signed-rank test, two-sided, that differences are symmetric about 0.

    Differences of 0 are left out, as by Wilcoxon: few ones then keep the exact distribution.

    Args:
        differences: (N,) of pairs, without nan.

    Returns:
        1 where all differences are 0, which is a test made and speaks for no difference; nan for fewer than two pairs, of which
        no test can be made.
    """
    if len(differences) < 2:
        return float("nan")
    moved = np.asarray(differences)[np.asarray(differences) != 0]
    return float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's correction for several tests (Scandinavian Journal of Statistics 6, 1979).

    Args:
        p: (N,) p values; nan stays nan and counts for nothing.

    Returns:
        (N,) corrected p values, at most 1.
    """
    corrected = np.array(p, dtype=float)
    tested = np.flatnonzero(~np.isnan(corrected))
    order = tested[np.argsort(corrected[tested], kind="stable")]
    corrected[order] = np.minimum(np.maximum.accumulate(corrected[order] * np.arange(len(order), 0, -1)), 1.0)
    return corrected
