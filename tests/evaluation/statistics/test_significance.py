"""Paired tests by hand."""
import numpy as np
import pytest

from realistic_editing.evaluation.statistics.significance import holm, signed_rank


def test_signed_rank_by_hand():
    assert signed_rank(np.array([1.0, 2, 3, 4, 5])) == pytest.approx(2 / 2**5)
    assert signed_rank(np.array([1.0, 2.0, 3.0, -2.5])) > 0.05 and signed_rank(np.linspace(1, 2, 40)) < 1e-4


def test_no_difference_speaks_for_none_and_fewer_than_two_pairs_say_nothing():
    assert signed_rank(np.zeros(4)) == 1 and all(np.isnan(signed_rank(np.ones(n))) for n in (0, 1))


def test_pairs_without_a_difference_leave_the_rest_its_exact_p():
    assert signed_rank(np.array([0.0, 1, 2, 0, 3, 4, 5])) == pytest.approx(2 / 2**5)


def test_holm_multiplies_the_smallest_by_all_and_stays_in_order():
    found = holm([0.01, np.nan, 0.04, 0.03, 0.9])
    np.testing.assert_allclose(found, [0.04, np.nan, 0.09, 0.09, 0.9])  # 4 * 0.01; 3 * 0.03, and no less for 0.04; 0.9
    np.testing.assert_allclose(holm(np.array([0.5, 0.9])), [1, 1])
    assert len(holm([])) == 0
