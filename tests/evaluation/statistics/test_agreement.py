"""Krippendorff's alpha: published examples, what full agreement and chance give, and that missing ratings are missing."""
import numpy as np
import pytest

from realistic_editing.evaluation.statistics.agreement import METRICS, alpha

_ = np.nan
# Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011: 4 observers, 12 units; interval 0.849, ordinal 0.815.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
# The example of the encyclopedia article "Krippendorff's alpha" (Wikipedia): 3 coders, 15 units; interval 0.811.
CODERS = np.array(
    [
        [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
        [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
        [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
    ]
)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("ratings", "metric", "value"),
    [(OBSERVERS, "interval", 0.849), (OBSERVERS, "ordinal", 0.815), (CODERS, "interval", 0.811)],
)
def test_published_examples(ratings, metric, value):
    assert alpha(ratings.T, metric) == pytest.approx(value, abs=5e-4)


def test_two_raters_by_hand():
    # Two units, (1, 2) and (3, 3): observed (1 + 1) / 4 = 1/2; expected, over the 12 ordered pairs of 1, 2, 3, 3:
    # 2 (1 + 4 + 4 + 1 + 1 + 0) / 12 = 11/6; alpha = 1 - (1/2) / (11/6).
    assert alpha(np.array([[1.0, 2], [3, 3]]), "interval") == pytest.approx(1 - 3 / 11)


@pytest.mark.parametrize("metric", METRICS)
def test_full_agreement_chance_and_contradiction(metric):
    same = np.repeat(RNG.integers(1, 11, (40, 1)), 5, axis=1).astype(float)
    assert alpha(same, metric) == pytest.approx(1)
    assert alpha(RNG.integers(1, 11, (3000, 5)).astype(float), metric) == pytest.approx(0, abs=0.03)
    assert alpha(np.array([[1.0, 10], [10, 1]] * 5), metric) < -0.5


@pytest.mark.parametrize("metric", METRICS)
def test_order_of_raters_and_units_and_lone_ratings_change_nothing(metric):
    whole = alpha(OBSERVERS.T, metric)
    assert alpha(OBSERVERS[::-1].T, metric) == pytest.approx(whole)
    assert alpha(OBSERVERS.T[RNG.permutation(12)], metric) == pytest.approx(whole)
    assert alpha(np.vstack([OBSERVERS.T, [5, _, _, _]]), metric) == pytest.approx(whole)


def test_the_ordinal_metric_minds_only_the_order():
    assert alpha(OBSERVERS.T**3, "ordinal") == pytest.approx(alpha(OBSERVERS.T, "ordinal"))
    assert alpha(3 * OBSERVERS.T + 7, "interval") == pytest.approx(alpha(OBSERVERS.T, "interval"))


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_to_compare_is_nan(metric):
    assert np.isnan(alpha(np.array([[1.0, _], [_, 2]]), metric))
    assert np.isnan(alpha(np.full((5, 3), 4.0), metric))


def test_another_metric_is_refused():
    with pytest.raises(ValueError, match="interval or ordinal"):
        alpha(OBSERVERS.T, "nominal")
