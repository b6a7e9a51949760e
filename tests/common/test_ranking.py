"""The area under the curve: hand-computed, symmetric, and as scipy has it."""
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from realistic_editing.common.ranking import auc

RNG = np.random.default_rng(0)


def test_auc_by_hand_and_by_scipy():
    assert auc(np.array([0.9, 0.4]), np.array([0.5, 0.4])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    real, fake = RNG.normal(1, 1, 50).round(1), RNG.normal(0, 1, 80).round(1)
    assert auc(real, fake) == pytest.approx(mannwhitneyu(real, fake).statistic / (50 * 80))
    assert auc(real, fake) == pytest.approx(1 - auc(fake, real))
    assert auc(np.ones(3), np.zeros(3)) == 1 and np.isnan(auc(np.array([]), fake))
