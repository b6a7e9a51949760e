"""Verdicts on few photos, and figures over photos that chose no constant; on made rows."""
import math

import numpy as np
import pandas as pd
import pytest

from realistic_editing.evaluation.suites import baselines
from realistic_editing.evaluation.suites.baseline_agreement import mec, wrs
from realistic_editing.evaluation.suites.baseline_agreement.tuning import TUNED, untouched


def rows_of(count: int, part: str = "object_enhancement") -> pd.DataFrame:
    """Of MEC: the photos from 001 on; all rise by as much as the published ones from 014 on, before that by half."""
    change = [0.1 if number > 15 else 0.05 for number in range(1, count + 1)]
    rows = pd.DataFrame({"part": part, "photo": [f"{part}/{number:03d}" for number in range(1, count + 1)], "change": change})
    return rows.assign(published_change=0.1, inside=1.0, outside=1.0, published_inside=1.0, published_outside=1.0, seconds=2.0)


def suite(monkeypatch, tmp_path, rows):
    monkeypatch.setattr(mec, "agreement", lambda root, limit: (mec.figures_of(rows), rows))
    tables, _ = baselines.measure_baselines("root", "mec", None, tmp_path)
    return tables[0].frame.set_index("figure")


def test_figures_stand_beside_those_of_photos_that_chose_nothing(monkeypatch, tmp_path):
    found = suite(monkeypatch, tmp_path, rows_of(18)).loc["object_enhancement_ratio"]
    assert found.value == pytest.approx(0.5) and found.met == "NO"
    assert found["held-out photos"] == pytest.approx(np.median([0.5, 0.5, 1, 1, 1]))  # 008, 010, and 016 to 018


def test_where_all_photos_chose_it_is_blank(monkeypatch, tmp_path):
    found = suite(monkeypatch, tmp_path, rows_of(6, "distractors_attenuation")).loc["distractors_attenuation_ratio"]
    assert found.met == "yes" and math.isnan(found["held-out photos"])


def test_no_verdict_on_few_photos_or_on_none(monkeypatch, tmp_path):
    rows = pd.concat([rows_of(2), rows_of(6, "distractors_attenuation")])
    found = suite(monkeypatch, tmp_path, rows).met
    assert found["object_enhancement_ratio"] == "too few" and found["distractors_attenuation_ratio"] == "yes"
    assert baselines.Goal(most=1).verdict(math.nan, 100) == "too few"


def test_methods_that_no_photo_tuned_keep_all_rows():
    rows = rows_of(6)
    assert len(untouched("hagiwara", rows)) == 6 and untouched("ohr", rows).empty
    assert list(untouched("wrs", rows).photo.str[-3:]) == ["002", "004", "006"]
    assert set(TUNED) < set(baselines.METHODS)
    assert len(TUNED["mec"]["object_enhancement"]) == 13


def test_what_foretells_a_direction_is_chosen_on_the_other_photos():
    before, light = [0.5, 1.0, 2.0, 3.0, 4.0], [-9.0, -9.0, 9.0, 9.0, -9.0]
    rows = pd.DataFrame({"relative_saliency": before, "published_inside_light": light, "inside_light": 9.0, "seconds": 1.0})
    for whose in ("", "published_"):
        rows = rows.assign(**{f"{whose}outside_light": -9.0})
        rows = rows.assign(**{f"{whose}{zone}_{name}": 0.0 for zone in ("inside", "outside") for name in ("coherence", "turn")})
    figures = wrs.figures_of(rows)
    assert figures["inside_always"] == 0.6 and figures["inside_same_direction"] == 0.4
    # Without 2.0 the threshold is 3.0, and calls it darker; 4.0 is called brighter whatever chose.
    assert figures["inside_foreseen"] == 0.6
