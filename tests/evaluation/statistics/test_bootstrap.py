"""Intervals: they hold the value, shrink with more photos, and know that regions of a photo are not independent."""
import numpy as np
import pytest
from scipy import stats

from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.statistics.agreement import rank_correlation

RNG = np.random.default_rng(0)


def test_the_interval_of_a_mean_is_that_of_normal_theory():
    values = RNG.normal(2, 1, 400)
    found = bootstrap.mean(values, [str(index) for index in range(400)], resamples=4000)
    assert found.value == pytest.approx(values.mean())
    error = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - error, abs=0.02)
    assert found.high == pytest.approx(values.mean() + error, abs=0.02)


def test_samples_of_one_photo_do_not_narrow_the_interval():
    one = RNG.normal(size=30)
    single = bootstrap.mean(one, [str(index) for index in range(30)])
    copied = bootstrap.mean(np.repeat(one, 10), np.repeat(np.arange(30).astype(str), 10))
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high))


def test_mean_is_the_general_bootstrap_of_the_mean():
    values, photos = RNG.normal(size=60), RNG.integers(0, 12, 60).astype(str)
    quick = bootstrap.mean(values, photos, resamples=3000)
    general = bootstrap.bootstrap(lambda index: values[index].mean(), photos, resamples=3000)
    assert quick.value == pytest.approx(general.value)
    assert (quick.low, quick.high) == pytest.approx((general.low, general.high), abs=0.03)


def test_seeded_and_certain_where_all_are_equal():
    values = RNG.normal(size=20)
    photos = np.arange(20).astype(str)
    assert bootstrap.mean(values, photos, seed=1) == bootstrap.mean(values, photos, seed=1)
    assert bootstrap.mean(values, photos, seed=1) != bootstrap.mean(values, photos, seed=2)
    same = bootstrap.mean(np.ones(20), photos)
    assert (same.value, same.low, same.high) == (1, 1, 1) and str(same) == "1.000 [1.000, 1.000]"


def test_a_statistic_that_is_not_defined_stays_undefined():
    found = bootstrap.bootstrap(lambda index: float("nan"), ["a", "b"], resamples=10)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_one_photo_has_a_value_and_no_interval():
    values = np.array([0.25, 0.75])
    for found in (bootstrap.mean(values, ["a", "a"]), bootstrap.bootstrap(lambda index: values[index].mean(), ["a", "a"])):
        assert found.value == 0.5 and np.isnan([found.low, found.high]).all() and str(found) == "0.500"


@pytest.mark.parametrize(("photos", "factor"), [(10, 1.217), (60, 1.030), (101, 1.017)])
def test_few_photos_widen_by_students_t(photos, factor):
    assert bootstrap.widening(photos) == pytest.approx(factor, abs=0.001)


@pytest.mark.parametrize("photos", [4, 10, 30])
def test_intervals_hold_the_truth_as_often_as_they_say(photos):
    rng, names = np.random.default_rng(3), [str(index) for index in range(photos)]
    found = [bootstrap.mean(rng.standard_normal(photos), names, 400, seed) for seed in range(800)]
    assert 0.92 <= np.mean([one.low <= 0 <= one.high for one in found]) <= 0.98


def test_an_interval_stays_where_the_statistic_can_be():
    values = np.array([1.0] * 9 + [0.0])
    names = [str(index) for index in range(10)]
    assert bootstrap.mean(values, names).high == 1
    assert bootstrap.bootstrap(lambda index: values[index].mean(), names, limits=(0, 1)).high == 1


@pytest.mark.parametrize("photos", [3, 4, 20, 100])
def test_a_share_of_all_or_of_none_has_the_exact_interval_over_photos(photos):
    owners = np.repeat(np.arange(photos).astype(str), 5)  # regions of one photo are no more photos
    least = stats.binomtest(photos, photos).proportion_ci(0.95, "exact").low
    assert least == pytest.approx(0.025 ** (1 / photos))
    every, none = bootstrap.mean(np.ones(5 * photos, bool), owners), bootstrap.mean(np.zeros(5 * photos, bool), owners)
    assert (every.value, every.low, every.high) == pytest.approx((1, least, 1))
    assert (none.value, none.low, none.high) == pytest.approx((0, 0, 1 - least))


def test_of_two_photos_a_share_has_no_interval_and_of_some_it_is_the_bootstraps():
    assert np.isnan(bootstrap.mean([True, True], ["a", "b"]).low)
    mixed, names = np.array([True] * 8 + [False] * 2), np.arange(10).astype(str)
    assert bootstrap.mean(mixed, names) == bootstrap.mean(mixed.astype(float), names)


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([-1, -0.9, 0.9, 1], bootstrap.SIGNED), ([-0.9, -0.9, 1.4, -0.5], bootstrap.RELATIVE),
        ([0, 0, 0, 3], bootstrap.MAGNITUDE), ([0.1, 0.9, 1, 1], bootstrap.SHARE),
    ],
)  # fmt: skip
def test_an_interval_of_few_photos_keeps_to_the_limits_that_are_given(values, limits):
    free, kept = bootstrap.mean(values, list("abcd")), bootstrap.mean(values, list("abcd"), limits=limits)
    assert free.low < limits[0] or free.high > limits[1]
    assert (kept.low, kept.high) == (max(free.low, limits[0]), min(free.high, limits[1])) and kept.value == free.value


def test_what_is_the_same_in_all_draws_has_no_interval():
    pairs, names = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]]), list("abc")
    found = bootstrap.bootstrap(lambda index: rank_correlation(*pairs[index].T), names, limits=bootstrap.SIGNED)
    assert found.value == pytest.approx(1) and np.isnan([found.low, found.high]).all()
    pairs[0, 1] = 4.0
    assert not np.isnan(bootstrap.bootstrap(lambda index: rank_correlation(*pairs[index].T), names).low)
