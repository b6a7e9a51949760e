"""The verdict on an edit: each sign at its thresholds, what outweighs what, and attention against the request."""
import dataclasses
import math

import pytest

from realistic_editing.enhance.verdict import (
    CANNOT_JUDGE,
    JUDGED_FROM,
    LOOKS_EDITED,
    SAFE,
    SHOWS,
    THRESHOLDS,
    Signs,
    Verdict,
    attention_problem,
    judge,
)

CLEAN = Signs(realism=0.9, realism_change=0.02)


def test_nothing_against_it_is_safe():
    found = judge(CLEAN)
    assert found.name == SAFE and found.is_safe and str(found) == "safe" and not found.reasons


@pytest.mark.parametrize("sign", THRESHOLDS)
def test_each_sign_alone_at_its_thresholds(sign):
    shows, edited = THRESHOLDS[sign]
    step = -1e-3 if sign == "realism_change" else 1e-3
    for value, name in ((shows, SAFE), (shows + step, SHOWS), (edited, SHOWS), (edited + step, LOOKS_EDITED)):
        found = judge(dataclasses.replace(CLEAN, **{sign: value}))
        assert found.name == name, value
        assert len(found.reasons) == (name != SAFE) and found.is_safe == (name == SAFE)


@pytest.mark.parametrize("change", [-0.15, 0.0, 0.6, math.nan])
def test_a_photo_that_scores_low_itself_cannot_be_judged_whatever_dr_says(change):
    found = judge(Signs(realism=JUDGED_FROM - 0.01, realism_change=change))
    assert found.name == CANNOT_JUDGE and not found.is_safe and "scores R 0.19" in str(found)
    assert judge(Signs(realism=JUDGED_FROM, realism_change=0.0)).name == SAFE


def test_a_score_that_is_no_number_is_never_safe():
    assert judge(Signs(realism=math.nan, realism_change=0.0)).name == CANNOT_JUDGE
    assert judge(dataclasses.replace(CLEAN, realism_change=math.nan)).name == CANNOT_JUDGE


def test_what_an_eye_sees_counts_where_dr_does_not():
    low = Signs(realism=0.05, realism_change=0.5, border_step=THRESHOLDS["border_step"][1] + 1)
    assert judge(low).name == LOOKS_EDITED
    slight = judge(dataclasses.replace(low, border_step=THRESHOLDS["border_step"][0] + 0.1))
    assert slight.name == CANNOT_JUDGE and len(slight.reasons) == 2


def test_the_worst_sign_decides_and_is_named_first():
    found = judge(Signs(0.9, -0.07, border_step=9.0, skin_change=7.0))
    assert found.name == LOOKS_EDITED and len(found.reasons) == 3 and "border" in found.reasons[0]


@pytest.mark.parametrize(
    ("task", "change", "words"),
    [
        ("attenuate", -0.2, None), ("amplify", 0.05, None),
        ("attenuate", -0.049, "hardly moves attention: saliency -4.9 %"), ("amplify", 0.0, "hardly moves attention"),
        ("amplify", -0.12, "against the request: the region is to draw more attention, and its saliency changes by -12 %"),
        ("attenuate", 0.3, "against the request: the region is to draw less attention, and its saliency changes by +30 %"),
        ("amplify", -0.002, "against the request: the region is to draw more attention, and its saliency changes by -0.2 %"),
    ],
)  # fmt: skip
def test_attention_that_does_not_move_as_asked_is_said(task, change, words):
    found = attention_problem(task, change)
    assert (found is None) if words is None else found.startswith(words)


def test_an_edit_of_a_region_in_doubt_is_never_called_safe():
    doubt = "the selection is in doubt; look at the mask"
    assert judge(Signs(0.9, 0.0, doubt=doubt)) == Verdict("cannot judge", (doubt,))
    assert judge(Signs(0.9, -0.2, doubt=doubt)).name == "looks edited"
    assert judge(Signs(0.9, 0.0, border_step=2.5, doubt=doubt)).name == "cannot judge"


def test_what_hardly_moves_is_not_rounded_to_what_would_do():
    assert "saliency +4.9 %, less than 5 %" in attention_problem("amplify", 0.0498)
