"""What `limit` leaves of suites whose real data a test has no time for: counts, with photos and networks that stand in."""
import types

import numpy as np
import pandas as pd
import pytest

from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.measures import suggestions
from realistic_editing.evaluation.measures.samples import spread
from realistic_editing.evaluation.reports import sheets
from realistic_editing.evaluation.statistics import bootstrap
from realistic_editing.evaluation.suites import select_masks, suggest
from realistic_editing.evaluation.suites.baseline_agreement import deepsal
from realistic_editing.evaluation.suites.select_masks import SelectSuite
from realistic_editing.evaluation.suites.suite import SuiteInputs
from realistic_editing.selection.things import Thing


def settings(tmp_path, limit):
    most = types.SimpleNamespace(select_masks=60, suggest=85, clean=30)
    return types.SimpleNamespace(
        paths=types.SimpleNamespace(data=str(tmp_path)), limit=limit, max_regions=most, clicks=1, resamples=10, seed=0,
        output=str(tmp_path), critic="", saliency="", device=None, attenuate="", heldout_saliency="",
    )  # fmt: skip


def read(generator):
    image, meant = np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), bool)
    image[10:30, 10:40], meant[10:30, 10:40] = 255, True
    return image, meant


def things(photos, each=3):
    return [Thing(f"coco/{photo}", "test", read, area=0.2) for photo in range(photos) for _ in range(each)]


@pytest.mark.parametrize(("limit", "count"), [(1, 3), (2, 6), (None, 15)])
def test_selecting_measures_the_things_of_so_many_photos(monkeypatch, tmp_path, capsys, limit, count):
    monkeypatch.setattr(select_masks, "read_things", lambda *_, **__: things(5))
    monkeypatch.setattr(select_masks, "suite_report", lambda name, chosen, weights, found: found)
    tables, figures = SelectSuite().run(SuiteInputs(settings(tmp_path, limit), None, None))
    assert tables[0].title.startswith(f"{count} things") and (tmp_path / "selected.png").is_file()
    assert figures["selected.png"].startswith(f"{min(count, 12)} things")
    bars = capsys.readouterr().err
    assert "select: 100%" in bars and "sheet: 100%" in bars


def test_selecting_says_when_nothing_is_there_to_select(monkeypatch, tmp_path):
    monkeypatch.setattr(select_masks, "read_things", lambda *_, **__: [])
    with pytest.raises(InputError, match="no thing of coco/val2017"):
        SelectSuite().run(SuiteInputs(settings(tmp_path, 1), None, None))


@pytest.mark.parametrize(("limit", "covered", "looked", "cleaned"), [(1, 2, 1, 1), (3, 6, 3, 3), (None, 16, 85, 30)])
def test_suggesting_measures_so_many_photos_of_each_set(monkeypatch, tmp_path, limit, covered, looked, cleaned):
    seen = {}

    def columns(names):
        return lambda photos, *_: (seen.update({names: len(photos)}), pd.DataFrame(columns=names.split()))[1]

    row = {"part": "both", "first 3": 0.5, "first 5": 0.5}
    photos = [types.SimpleNamespace(split="test")] * 100
    monkeypatch.setattr(suggest, "read_mechrez", lambda root, part: [f"{part}/{index}" for index in range(8)])
    monkeypatch.setattr(suggest, "read_gaze", lambda root, sets: photos)
    monkeypatch.setattr(suggest, "read_things", lambda *_, **__: things(50))
    monkeypatch.setattr(suggest, "read_rgb", lambda path: read(None)[0])
    monkeypatch.setattr(suggest, "load_network", lambda *_: None)
    monkeypatch.setattr(suggest.Enhancer, "from_pretrained", lambda *_, **__: None)
    monkeypatch.setattr(suggestions, "covered_masks", columns("covered"))
    monkeypatch.setattr(suggestions, "covered_table", lambda found: pd.DataFrame([row]))
    monkeypatch.setattr(suggestions, "looked_at", columns("photo on random above area"))

    def clean(images, *_):
        found = types.SimpleNamespace(others=[], subject=None)
        seen["cleaned"] = len(images)
        empty = pd.DataFrame(columns=["photo", "calmed", "left", "before", "after", "rises"])
        return empty, {name: (found, image) for name, image in images.items()}

    monkeypatch.setattr(suggestions, "cleaned_photos", clean)
    monkeypatch.setattr(suggest, "load_selector", lambda: None)
    monkeypatch.setattr(suggest, "suite_report", lambda name, chosen, weights, found: found)
    tables, _ = suggest.SuggestSuite().run(SuiteInputs(settings(tmp_path, limit), None, None))
    assert seen == {"covered": covered, "photo on random above area": looked, "cleaned": cleaned}
    assert tables[-1].frame["photos"].item() == cleaned and tables[-1].frame["met"].item() == "NO"


@pytest.mark.parametrize(("limit", "steps"), [(1, 12), (4, 48), (5, 60), (None, 60)])
def test_fits_of_fewer_regions_are_shorter(monkeypatch, limit, steps):
    monkeypatch.setattr(deepsal, "moved", lambda methods, root, most: (methods, most))
    methods, most = deepsal.agreement("root", limit)
    assert {method.settings.steps for method in methods.values()} == {steps} and most == (limit or 5)


def test_two_rows_of_pictures_in_one():
    black = np.zeros((4, 6, 3), np.uint8)
    halves = sheets.paired([[("a", black)], [("b", black)], [("c", black)]])
    assert [[text for text, _ in row] for row in halves] == [["a", "b"], ["c", ""]]
    assert halves[1][1][1].min() == 255


def test_a_limit_is_another_bound():
    assert spread(range(10), 4) == [0, 2, 5, 7] and spread(range(10), 4, 1) == [0] and spread(range(10), 4, 9) == [0, 2, 5, 7]
    assert spread([], 0, 3) == []


def test_the_mean_of_nothing_is_nothing():
    assert np.isnan(bootstrap.mean([], []).value)
