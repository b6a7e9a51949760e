"""Pair accuracy and calibration: bounds, symmetry, hand-computed answers."""
import numpy as np
import pytest

from realistic_editing.realism.measures import calibration_error, pair_accuracy


def test_pair_accuracy_by_hand():
    assert pair_accuracy(np.array([0.9, 0.2, 0.5]), np.array([0.1, 0.3, 0.5])) == pytest.approx(1.5 / 3)


def test_calibration_by_hand():
    scores, labels = np.array([0.95, 0.95, 0.05, 0.05]), np.array([1.0, 0.0, 0.0, 0.0])
    assert calibration_error(scores, labels) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)
    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
