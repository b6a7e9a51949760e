"""AUC, pair accuracy and calibration: bounds, symmetry, hand-computed answers."""
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from realistic_editing.realism.measures import auc, calibration_error, pair_accuracy

RNG = np.random.default_rng(0)


def test_auc_by_hand_and_by_scipy():
    assert auc(np.array([0.9, 0.4]), np.array([0.5, 0.4])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    real, fake = RNG.normal(1, 1, 50).round(1), RNG.normal(0, 1, 80).round(1)
    assert auc(real, fake) == pytest.approx(mannwhitneyu(real, fake).statistic / (50 * 80))
    assert auc(real, fake) == pytest.approx(1 - auc(fake, real))
    assert auc(np.ones(3), np.zeros(3)) == 1 and np.isnan(auc(np.array([]), fake))


def test_pair_accuracy_by_hand():
    assert pair_accuracy(np.array([0.9, 0.2, 0.5]), np.array([0.1, 0.3, 0.5])) == pytest.approx(1.5 / 3)


def test_calibration_by_hand():
    scores, labels = np.array([0.95, 0.95, 0.05, 0.05]), np.array([1.0, 0.0, 0.0, 0.0])
    assert calibration_error(scores, labels) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)
    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
