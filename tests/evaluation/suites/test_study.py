"""The tables of a study: hand-computed means, differences and p values; gaps in the ratings; the paper's own numbers."""
import numpy as np
import pandas as pd
import pytest

from realistic_editing.evaluation.comparison.published import PAPER, PHOTOS
from realistic_editing.evaluation.suites.ratings import RATING_COLUMNS
from realistic_editing.evaluation.suites.study import agreement_table, comparisons_table, study_tables


def rated(rows):
    frame = pd.DataFrame(rows, columns=list(RATING_COLUMNS))
    return frame.astype({"effectiveness": float, "realism": float})


@pytest.fixture(scope="module")
def ratings():
    """4 raters, 6 images; b is rated one lower in effectiveness than a, everywhere, and c has gaps; realism is the same."""
    rng, rows = np.random.default_rng(0), []
    for rater in "wxyz":
        for image in range(6):
            of_a, realism = rng.integers(2, 11, 2)
            rows.append((rater, f"i{image}", "amplify", "a", of_a, realism))
            rows.append((rater, f"i{image}", "amplify", "b", of_a - 1, realism))
            if image < 3 and rater != "z":
                rows.append((rater, f"i{image}", "amplify", "c", rng.integers(1, 11), None))
    return rated(rows)


@pytest.fixture(scope="module")
def tables(ratings):
    return {table.name: table.frame for table in study_tables(ratings, 200, 0)}


def test_means_are_printed_as_in_the_paper_and_its_own_beside_them(ratings, tables):
    assert list(tables) == ["means_amplify", "intervals_amplify", "comparisons_amplify", "agreement"]
    frame = tables["means_amplify"]
    own, paper = frame[frame.source == "this study"], frame[frame.source != "this study"]
    of_a = ratings[ratings.method == "a"].effectiveness
    assert own.method.tolist() == ["a", "b", "c"]
    assert own.effectiveness.iloc[0] == f"{of_a.mean():.2f} ({np.sqrt(((of_a - of_a.mean()) ** 2).sum() / 23):.2f})"
    assert own.realism.tolist()[2] == "-"
    assert paper.iloc[0].tolist() == ["GazeShift", "7.36 (2.37)", "7.07 (2.76)", "paper, Table 2, 30 Adobe Stock photos"]
    assert len(paper) == sum(row.task == "amplify" for row in PAPER)


def test_intervals_hold_the_means(ratings, tables):
    frame = tables["intervals_amplify"].set_index("method")
    for method in "ab":
        found = frame.effectiveness[method]
        assert found.value == pytest.approx(ratings[ratings.method == method].effectiveness.mean())
        assert found.low < found.value < found.high
    assert np.isnan(frame.realism["c"].value)
    assert frame[["raters", "images", "ratings"]].to_numpy().tolist() == [[4, 6, 24], [4, 6, 24], [3, 3, 9]]


def test_methods_are_compared_within_rater_and_image(ratings, tables):
    frame = tables["comparisons_amplify"].set_index(["measure", "first", "second"])
    shift, none = frame.loc[("effectiveness", "a", "b")], frame.loc[("realism", "a", "b")]
    found = shift["first - second"]
    assert (found.value, found.low, found.high) == (1, 1, 1)  # however much raters and images differ
    assert shift.images == 6 and shift.p == pytest.approx(2 / 2**6)  # all six the same way: 2 of 64 signs
    assert none["first - second"].value == 0 and none.p == 1 and none["p, Holm"] == 1
    both = ratings.pivot(index=["rater", "image"], columns="method", values="effectiveness").dropna()
    partial = frame.loc[("effectiveness", "a", "c")]
    assert partial.images == 3 and partial["first - second"].value == pytest.approx((both.a - both.c).mean())
    empty = frame.loc[("realism", "a", "c")]
    assert np.isnan(empty["first - second"].value) and np.isnan([empty.p, empty["p, Holm"]]).all()
    # Four of the six rows could be tested, and the smallest p counts four times.
    assert shift["p, Holm"] == pytest.approx(4 * shift.p) and len(frame) == 6


def test_methods_never_rated_by_the_same_person_have_no_difference():
    frame = rated([("x", "i", "attenuate", "a", 5, 5), ("y", "i", "attenuate", "b", 6, 6), ("y", "j", "attenuate", "b", 7, 7)])
    found = comparisons_table(frame, "attenuate", 50, 0).frame
    assert np.isnan([cell.value for cell in found["first - second"]]).all() and np.isnan(found["p, Holm"]).all()


def test_agreement_of_raters_who_agree_and_of_one_alone(ratings):
    one = ratings[ratings.rater == "w"]
    found = agreement_table(pd.concat([one, one.assign(rater="copy of w")]), 50, 0).frame
    assert found["alpha, interval"].iloc[0].value == pytest.approx(1) and found.raters.tolist() == [2, 2]
    alone = agreement_table(one, 50, 0).frame
    assert np.isnan(alone["alpha, ordinal"].iloc[0].value)


def test_one_method_is_compared_with_nothing():
    frame = rated([("x", "i", "attenuate", "a", 5, None), ("y", "j", "attenuate", "a", 6, None)])
    assert [table.name for table in study_tables(frame, 50, 0)] == ["means_attenuate", "intervals_attenuate", "agreement"]


def test_the_papers_numbers_belong_together():
    for row in PAPER:
        assert row.task in ("attenuate", "amplify") and row.table in PHOTOS
        for mean, deviation in (row.effectiveness, row.realism):
            assert 1 <= mean <= 10 and deviation**2 <= (mean - 1) * (10 - mean) * 1.01  # no ratings can spread more
    of_ours = [row for row in PAPER if row.method == "Ours, random" and row.table in "24" and row.task == "attenuate"]
    assert of_ours[0].effectiveness == of_ours[1].effectiveness and of_ours[0].realism == of_ours[1].realism
    assert len({(row.table, row.task, row.method) for row in PAPER}) == len(PAPER)
