"""Judges who agree, who contradict each other, and who do not know of each other."""
import numpy as np
import pandas as pd
import pytest

from realistic_editing.evaluation.reports.judges import agreement_of_judges
from realistic_editing.evaluation.statistics.agreement import rank_correlation

RNG = np.random.default_rng(0)
JUDGES = {"a": "by a", "b": "by b", "c": "by c"}


def edits(count: int = 60) -> pd.DataFrame:
    change = RNG.normal(size=count)
    frame = pd.DataFrame({"photo": [f"photo {index // 2}" for index in range(count)], "by a": change})
    return frame.assign(**{"by b": np.exp(change), "by c": RNG.normal(size=count)})


def table(by_method: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return agreement_of_judges("judges", "title", by_method, JUDGES, 100, 0).frame.set_index("method")


def test_the_same_order_is_agreement_whatever_the_scale_and_chance_is_none():
    found = table({"mild": edits()}).loc["mild"]
    assert found["a, b"].value == pytest.approx(1)
    assert abs(found["a, c"].value) < 0.3 and found["a, c"].low < 0 < found["a, c"].high
    assert -1 <= found["b, c"].low and found.regions == 60


def test_what_changes_nothing_or_too_few_regions_is_left_out_and_so_are_regions_without_a_number():
    still, few, gaps = edits(), edits(2), edits()
    still[list(JUDGES.values())] = 0.0
    gaps.loc[:9, "by c"] = np.nan
    found = table({"no edit": still, "few": few, "gaps": gaps})
    assert list(found.index) == ["gaps"] and found.regions["gaps"] == 50
    assert agreement_of_judges("judges", "title", {"no edit": still, "few": few}, JUDGES, 100, 0) is None


def test_rank_correlation_is_scipys_with_ties_and_nan_for_a_constant():
    first, second = np.array([1.0, 2, 2, 4, 5]), np.array([5.0, 4, 4, 2, 2])
    assert rank_correlation(first, second) == pytest.approx(-0.97333, abs=1e-4)
    assert np.isnan(rank_correlation(first, np.ones(5)))
