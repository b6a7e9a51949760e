"""How sure a mean of ratings is where raters and images are both drawn from many: intervals for two crossed factors.

A rating shares its rater with some ratings and its image with others, so that an interval over ratings is too narrow, and
one over images alone speaks of these raters only. The pigeonhole bootstrap draws raters and images independently and keeps
the ratings where they meet (Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1(2), 2007). Its spread counts
what neither rater nor image explains three times, and that of few raters too little. So the draws give the interval's
shape, and its width comes from the classical mean squares of two crossed random factors, with Student's t by
Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946), never fewer than the smaller factor has alone.
"""
import numpy as np
from scipy import stats

from realistic_editing.evaluation.statistics.bootstrap import Estimate


def mean(values: np.ndarray, resamples: int = 1000, seed: int = 0, level: float = 0.95) -> Estimate:
    """The mean of ratings, and its interval under drawing raters and images anew.

    Args:
        values: (raters, images) float, nan where there is no rating.
        resamples: how often both are drawn.
        seed: decides the draws.
        level: share of studies whose interval is to hold the true mean.

    Returns:
        The mean over all ratings and its interval; the interval is nan with fewer than two raters or images.
    """
    values = np.asarray(values, dtype=np.float64)
    there = ~np.isnan(values)
    values, there = (part[there.any(axis=1)][:, there.any(axis=0)] for part in (values, there))
    if min(values.shape) < 2:
        return Estimate(float(values[there].mean()) if there.any() else float("nan"), float("nan"), float("nan"))
    centre = values[there].mean()
    off = np.where(there, values - centre, 0.0)
    shifts = _draws(off, there, resamples, seed)
    error, degrees = _error(off, there)
    spread = np.nanstd(shifts)
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    wider = stats.t.ppf(tails[1], degrees) / stats.norm.ppf(tails[1])
    ends = np.nanquantile(shifts, tails) * (error * wider / spread if spread > 0 else 1.0)
    return Estimate(float(centre), *(float(centre + end) for end in ends))


def _draws(off: np.ndarray, there: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means of `off` (0 where there is no rating) under draws of raters and images; nan where a draw holds no rating."""
    generator = np.random.default_rng(seed)
    raters, images = (generator.multinomial(n, np.full(n, 1 / n), size=resamples) for n in off.shape)
    sums = ((raters @ off) * images).sum(axis=1)
    counts = ((raters @ there.astype(float)) * images).sum(axis=1)
    return np.divide(sums, counts, out=np.full(resamples, np.nan), where=counts > 0)


def _error(off: np.ndarray, there: np.ndarray) -> tuple[float, float]:
    """Standard error of the mean and its degrees of freedom; exact mean squares where no rating is missing."""
    count, (raters, images) = there.sum(), off.shape
    by_rater, by_image = off.sum(axis=1), off.sum(axis=0)
    between_raters = (by_rater**2).sum() / count**2 * raters / (raters - 1)
    between_images = (by_image**2).sum() / count**2 * images / (images - 1)
    fitted = (by_rater / there.sum(axis=1))[:, None] + (by_image / there.sum(axis=0))[None, :]
    rest = ((off - fitted)[there] ** 2).sum() / max(count - raters - images + 1, 1) / count
    # Both hold what neither explains, which must count once. By chance too much is taken off; never less than either alone.
    variance, alone = between_raters + between_images - rest, max(between_raters, between_images)
    if alone == 0:
        return 0.0, 1.0
    if variance <= alone:
        return float(np.sqrt(alone)), raters - 1.0 if between_raters >= between_images else images - 1.0
    parts = ((between_raters, raters - 1), (between_images, images - 1), (rest, (raters - 1) * (images - 1)))
    degrees = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    return float(np.sqrt(variance)), float(max(degrees, min(raters, images) - 1))  # a sum knows no less than its lesser part
