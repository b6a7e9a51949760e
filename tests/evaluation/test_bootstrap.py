"""Intervals: they hold the value, shrink with more photos, and know that regions of a photo are not independent."""
import numpy as np
import pytest

from realistic_editing.evaluation import bootstrap

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
