"""How sure a number is: bootstrap intervals over photos, widened by Student's t where photos are few."""
import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

_LEAST = 3  # photos that an interval needs
_SAME = 1e-9  # by what numbers may differ that are the same but for rounding
# Where means lie, see `limits` of `mean`: of scores, IoU, shares of attention; of dR (eq. 2), SSIM, correlations; of relative
# changes of saliency, -S of eq. 3; of CIELAB differences, seams, chroma and other magnitudes.
SHARE, SIGNED, RELATIVE, MAGNITUDE = (0.0, 1.0), (-1.0, 1.0), (-1.0, math.inf), (0.0, math.inf)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number and the interval that holds it.

    Args:
        value: measured on all photos.
        low, high: ends of the interval; nan where nothing says how sure it is, as of fewer than three photos.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Without an interval, where there is none."""
        interval = "" if math.isnan(self.low) else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{interval}"


def bootstrap(
    statistic: Callable[[np.ndarray], float],
    photos: Sequence[str],
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate:
    """The interval of a statistic under drawing photos anew, with replacement.

    Photos are drawn and not samples: regions and edits of one photo share its pixels, and an interval over samples
    would be too narrow. Percentiles of draws alone are too narrow as well, see `widening`.

    Args:
        statistic: indices of samples (M,), some of them repeated -> a number.
        photos: (N,) the photo of each sample.
        resamples: how often photos are drawn.
        seed: decides the draws.
        level: how often such intervals should hold the truth.
        limits: between which the statistic lies, such as 0 and 1; the interval does not go past them.

    Returns:
        The statistic of all samples and its interval; nan where the statistic is, and an interval of nan over fewer than three
        photos: of two, Student's t makes it about ten times as wide as their difference. So too where no draw differs from
        another, as of the rank correlation of three photos in one order: that says nothing of how sure it is.
    """
    names, owner = np.unique(np.asarray(photos), return_inverse=True)
    value = float(statistic(np.arange(len(owner))))
    if len(names) < _LEAST:
        return Estimate(value, math.nan, math.nan)
    members = [np.flatnonzero(owner == index) for index in range(len(names))]
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        drawn = generator.integers(len(names), size=len(names))
        found.append(statistic(np.concatenate([members[index] for index in drawn])))
    said = np.array(found)[np.isfinite(found)]  # a draw may leave one side of a comparison empty; it then says nothing
    if not len(said) or np.ptp(said) < _SAME:
        return Estimate(value, math.nan, math.nan)
    low, high = np.quantile(said, [(1 - level) / 2, (1 + level) / 2])
    return _widened(value, low, high, widening(len(names), level), limits)


def mean(
    values: Sequence[float] | Sequence[bool],
    photos: Sequence[str],
    resamples: int = 1000,
    seed: int = 0,
    limits: tuple[float, float] | None = None,
) -> Estimate:
    """The mean of values and its 95 % interval over photos, as `bootstrap` would give it, but from sums over photos: faster.

    Args:
        values: (N,) numbers; of bool their mean is a share, with the interval of `_of_all` where all are the same.
        photos, resamples, seed: as for `bootstrap`.
        limits: between which the mean lies, such as SHARE; None = 0 and 1 of zeros and ones, and else none.

    Returns:
        The mean and its interval, which does not go past the limits. Of no values all is nan.
    """
    values = np.asarray(values)
    share, values = values.dtype == bool, values.astype(np.float64)
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan)
    _, owner = np.unique(np.asarray(photos), return_inverse=True)
    sums, counts = np.bincount(owner, values), np.bincount(owner)
    if len(sums) < _LEAST:
        return Estimate(float(values.mean()), math.nan, math.nan)
    if share and np.ptp(values) == 0:
        return _of_all(bool(values[0]), len(sums))
    drawn = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    found = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    ends = np.quantile(found, [0.025, 0.975])
    if limits is None:
        limits = SHARE if np.isin(values, (0, 1)).all() else (-math.inf, math.inf)
    return _widened(float(values.mean()), *ends, widening(len(sums)), limits)


def widening(photos: int, level: float = 0.95) -> float:
    """By what an interval of percentiles must grow about its value: 1.22 for 10 photos, 1.03 for 60.

    Draws from n photos spread by sqrt((n - 1) / n) of what they should, and few photos do not know their own spread: Student's
    t is wider than the normal distribution. For the mean of normal numbers the interval is then Student's.
    """
    tail = (1 + level) / 2
    return float(stats.t.ppf(tail, photos - 1) / stats.norm.ppf(tail) * math.sqrt(photos / (photos - 1)))


def _of_all(holds: bool, photos: int, level: float = 0.95) -> Estimate:
    """The share of what holds in all photos, or in none, of which no draw says how sure it is.

    Its interval is the exact one of Clopper and Pearson, two-sided (Biometrika 26(4), 1934), on the number of photos: all of 4
    photos are 1 [0.398, 1], all of 100 1 [0.964, 1].
    """
    least = ((1 - level) / 2) ** (1 / photos)
    return Estimate(1.0, least, 1.0) if holds else Estimate(0.0, 0.0, 1 - least)


def _widened(value: float, low: float, high: float, factor: float, limits: tuple[float, float]) -> Estimate:
    low, high = value + factor * (low - value), value + factor * (high - value)
    return Estimate(value, float(np.clip(low, *limits)), float(np.clip(high, *limits)))
