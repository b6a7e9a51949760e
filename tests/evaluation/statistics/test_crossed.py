"""Intervals over raters and images: near 95 % of simulated studies, where an interval over ratings holds far fewer."""
import numpy as np
import pytest
from scipy import stats

from realistic_editing.evaluation.statistics import bootstrap, crossed

STUDIES = 400


def simulated(rng, raters, images, sizes, missing=0.0):
    """Ratings with a true mean of 0, as standard deviations of raters, of images and of the rest make them."""
    of_raters, of_images, rest = sizes
    values = of_raters * rng.standard_normal((raters, 1)) + of_images * rng.standard_normal((1, images))
    values = values + rest * rng.standard_normal((raters, images))
    values[rng.random(values.shape) < missing] = np.nan
    return values


@pytest.mark.parametrize(
    ("sizes", "missing", "naive_most"),
    [((1.0, 1.0, 1.8), 0.3, 0.75), ((1.2, 0.0, 1.8), 0.0, 0.6), ((0.0, 1.0, 1.8), 0.0, 0.88)],
)
def test_coverage_is_near_95_percent_where_an_interval_over_ratings_is_too_narrow(sizes, missing, naive_most):
    rng = np.random.default_rng(0)
    held = naive_held = 0
    for _ in range(STUDIES):
        values = simulated(rng, 8, 30, sizes, missing)
        found = crossed.mean(values, resamples=200)
        held += found.low <= 0 <= found.high
        ratings = values[~np.isnan(values)]
        naive = bootstrap.mean(ratings, np.arange(len(ratings)), resamples=200)
        naive_held += naive.low <= 0 <= naive.high
    assert 0.91 <= held / STUDIES <= 0.985  # 95 % and three standard errors of 400 studies, 3.3 %
    assert naive_held / STUDIES < naive_most


@pytest.mark.parametrize(("raters", "images", "widest"), [(4, 5, 3.4), (6, 8, 2.5)])
@pytest.mark.parametrize("sizes", [(1.0, 1.0, 1.8), (1.2, 0.0, 1.8), (0.0, 0.0, 1.0)])
def test_few_raters_and_images_hold_the_truth_and_no_interval_explodes(raters, images, widest, sizes):
    rng = np.random.default_rng(5)
    ideal = 1.96 * np.sqrt(sizes[0] ** 2 / raters + sizes[1] ** 2 / images + sizes[2] ** 2 / (raters * images))
    found = [crossed.mean(simulated(rng, raters, images, sizes), resamples=200) for _ in range(STUDIES)]
    assert np.quantile([(one.high - one.low) / 2 / ideal for one in found], 0.99) < widest  # Student's t alone: 1.6 and 1.3
    assert np.mean([one.low <= 0 <= one.high for one in found]) > 0.917  # 95 % less three standard errors


def test_a_variance_of_one_factor_alone_has_that_factors_degrees_of_freedom():
    raters = np.array([-1.0, -0.4, 0.2, 0.5, 0.7])[:, None]
    noise = np.array([[1.0, -1, 1, -1], [-1, 1, -1, 1], [1, -1, -1, 1], [-1, 1, 1, -1], [0, 0, 0, 0]])
    found = crossed.mean(raters + 0.9 * noise, resamples=20000)  # every image's mean is 0: less than chance alone would make
    error = raters.std(ddof=1) / np.sqrt(5)
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 4) * error, rel=0.03)


def test_without_effects_of_raters_and_images_it_is_hardly_wider_than_over_ratings():
    rng = np.random.default_rng(1)
    widths = []
    for _ in range(100):
        values = simulated(rng, 8, 30, (0, 0, 1))
        found, naive = crossed.mean(values, 300), bootstrap.mean(values.ravel(), np.arange(240), 300)
        widths.append((found.high - found.low) / (naive.high - naive.low))
    assert 0.9 < np.median(widths) < 1.5


def test_width_is_that_of_the_mean_squares():
    values = simulated(np.random.default_rng(2), 6, 9, (1, 1, 1))
    off = values - values.mean()
    rows, columns = off.mean(axis=1), off.mean(axis=0)
    raters, images = 9 * (rows**2).sum() / 5, 6 * (columns**2).sum() / 8
    rest = ((off - rows[:, None] - columns) ** 2).sum() / 40
    variance = (raters + images - rest) / 54
    degrees = (raters + images - rest) ** 2 / (raters**2 / 5 + images**2 / 8 + rest**2 / 40)
    found = crossed.mean(values, resamples=20000)
    assert found.value == pytest.approx(values.mean())
    wanted = 2 * stats.t.ppf(0.975, degrees) * np.sqrt(variance)
    assert found.high - found.low == pytest.approx(wanted, rel=0.03)


def test_missing_ratings_count_for_nothing():
    values = simulated(np.random.default_rng(3), 5, 7, (1, 1, 1), missing=0.2)
    padded = np.full((6, 9), np.nan)
    padded[:5, :7] = values
    assert crossed.mean(padded) == crossed.mean(values)
    assert crossed.mean(values).value == pytest.approx(np.nanmean(values))


def test_seeded_and_certain_where_all_are_equal():
    values = simulated(np.random.default_rng(4), 5, 7, (1, 1, 1))
    assert crossed.mean(values, seed=1) == crossed.mean(values, seed=1) != crossed.mean(values, seed=2)
    same = crossed.mean(np.full((4, 5), 7.0))
    assert (same.value, same.low, same.high) == (7, 7, 7)


@pytest.mark.parametrize("values", [np.ones((1, 5)), np.ones((5, 1)), np.array([[1.0, 1.0], [np.nan, np.nan]])])
def test_one_rater_or_image_has_no_interval(values):
    found = crossed.mean(values)
    assert found.value == 1 and np.isnan([found.low, found.high]).all()


def test_no_rating_is_nan():
    assert np.isnan(crossed.mean(np.full((2, 3), np.nan)).value)
