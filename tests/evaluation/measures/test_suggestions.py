"""How suggestions are measured: shares of covered masks, and chance by the same shape elsewhere."""
import numpy as np
import pandas as pd
import pytest

from realistic_editing.evaluation.measures.suggestions import _elsewhere, covered_table


def test_shares_of_covered_masks_with_the_subject_left_out_and_asked_for():
    rows = [("a", "distracts", "left out", 0.1, 0.5, 0.5, 0.0), ("b", "declutters", "left out", 0.0, 0.0, 0.3, 0.9),
            ("b", "declutters", "asked for", 0.9, 0.9, 0.9, 0.9)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["photo", "part", "subject", "first 1", "first 3", "first 5", "found"])
    table = covered_table(frame)
    assert table["first 3"].tolist() == [1.0, 0.0, 1.0, 0.5, 1.0] and table["photos"].tolist() == [1, 1, 1, 2, 2]
    assert table["first 1"].tolist() == [0.0, 0.0, 1.0, 0.0, 0.5] and table["the subject"].tolist() == [0, 1, 1, 0.5, 0.5]


def test_chance_is_the_mean_share_of_the_shape_at_other_places():
    even, mask = np.full((40, 50), 1 / 2000), np.zeros((40, 50))
    mask[5:15, 5:25] = 1
    assert _elsewhere(even, mask, np.random.default_rng(0)) == pytest.approx(0.1)
    peak = np.zeros((40, 50))
    peak[10, 10] = 1
    assert _elsewhere(peak, mask, np.random.default_rng(0)) < 0.5
