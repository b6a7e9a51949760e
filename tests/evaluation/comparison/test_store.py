"""Rows on disk: kept while the settings and the files stay, dropped with a word where they do not."""
import json
import math

import pandas as pd
import pytest

from realistic_editing.evaluation.comparison.store import RowStore

ROW = {"name": "folder/0012/mask/amplify", "photo": "folder/NA", "method": "NA", "stamp": "0e5", "realism": 0.1 + 0.2}
ROW |= {"red": math.nan, "category": "7", "count": 7}


def test_rows_come_back_as_they_were(tmp_path):
    store = RowStore(tmp_path, {"seed": 0})
    assert not store.note and len(store) == 0
    store.add([ROW])
    store.save()
    again = RowStore(tmp_path, {"seed": 0})
    assert not again.note and again.has(ROW["name"], "NA", "0e5") and not again.has(ROW["name"], "NA", "1")
    table = again.table([("nobody", "NA", ""), (ROW["name"], "NA", "1"), (ROW["name"], "NA", "0e5")])
    pd.testing.assert_frame_equal(table, pd.DataFrame([ROW]))
    assert table.realism[0] == ROW["realism"]  # to the last bit


def saved(folder, settings, *rows):
    store = RowStore(folder, settings)
    store.add(rows)
    store.save()
    return store


def test_other_settings_start_anew_and_say_which(tmp_path):
    saved(tmp_path, {"seed": 0, "critic": "aa", "size": 384}, ROW)
    again = RowStore(tmp_path, {"seed": 1, "critic": "aa", "edits": "paper"})
    assert len(again) == 0 and not (tmp_path / "rows.csv").exists()
    aside, = tmp_path.glob("rows.old-*.csv")  # an hour's work is put aside, not lost
    assert "folder/0012" in aside.read_text()
    for words in ("rows.csv", "seed (0 -> 1)", "size (384 -> None)", "edits (None -> paper)", "anew", aside.name):
        assert words in again.note
    assert "critic" not in again.note
    assert json.loads((tmp_path / "settings.json").read_text())["seed"] == 1


def test_rows_put_aside_come_back_with_their_settings(tmp_path):
    saved(tmp_path, {"seed": 0}, ROW)
    saved(tmp_path, {"seed": 1}, ROW | {"realism": 1.5}, ROW | {"method": "other"})
    first = RowStore(tmp_path, {"seed": 0})
    assert "1 rows of these settings are taken up again" in first.note and "seed (1 -> 0)" in first.note
    pd.testing.assert_frame_equal(first.table([(ROW["name"], "NA", "0e5")]), pd.DataFrame([ROW]))
    second = RowStore(tmp_path, {"seed": 1})
    assert len(second) == 2 and second.table([(ROW["name"], "NA", "0e5")]).realism.item() == 1.5
    assert len(list(tmp_path.glob("rows*.csv"))) == 2


def test_a_run_that_measured_nothing_costs_no_rows(tmp_path):
    saved(tmp_path, {"seed": 0}, ROW)
    for _ in range(2):  # stopped before the first photo, twice
        assert len(saved(tmp_path, {"seed": 1})) == 0
    assert not (tmp_path / "rows.csv").exists()
    (tmp_path / "rows.csv").write_text("\n")  # as earlier versions left it
    assert len(RowStore(tmp_path, {"seed": 1})) == 0
    assert len(RowStore(tmp_path, {"seed": 0})) == 1 and len(list(tmp_path.glob("rows*.csv"))) == 1


def test_pictures_go_with_their_rows(tmp_path):
    saved(tmp_path, {"seed": 0}, ROW)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.jpg").write_text("of seed 0")
    saved(tmp_path, {"seed": 1}, ROW)
    assert not (tmp_path / "pictures").exists()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.jpg").write_text("of seed 1")
    for seed in (0, 1, 0):
        RowStore(tmp_path, {"seed": seed})
        assert (tmp_path / "pictures/a.jpg").read_text() == f"of seed {seed}"


@pytest.mark.parametrize("stop", ["rename", "replace"])
def test_a_run_killed_while_it_puts_aside_loses_nothing(tmp_path, monkeypatch, stop):
    saved(tmp_path, {"seed": 0}, ROW)
    (tmp_path / "pictures").mkdir()
    moved = getattr(type(tmp_path), stop)

    def killed(self, target):
        moved(self, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(tmp_path), stop, killed)
    with pytest.raises(KeyboardInterrupt):
        RowStore(tmp_path, {"seed": 1})
    monkeypatch.undo()
    assert len(RowStore(tmp_path, {"seed": 1})) == 0
    assert len(RowStore(tmp_path, {"seed": 0})) == 1 and (tmp_path / "pictures").is_dir()


@pytest.mark.parametrize("damage", ["settings.json", "rows.csv"])
def test_damaged_files_start_anew_and_say_so(tmp_path, damage):
    saved(tmp_path, {"seed": 0}, ROW)
    (tmp_path / damage).write_text("x" if damage == "rows.csv" else "{")
    found = (tmp_path / "rows.csv").read_bytes()
    again = RowStore(tmp_path, {"seed": 0})
    assert len(again) == 0 and "rows.csv" in again.note and "anew" in again.note
    again.add([ROW])
    again.save()
    aside, = tmp_path.glob("rows.old-*.csv")
    assert aside.read_bytes() == found  # to be mended by hand, if it is worth it


def test_a_row_measured_again_replaces_the_old(tmp_path):
    store = RowStore(tmp_path, {})
    store.add([ROW, ROW | {"stamp": "1", "realism": 2.0}])
    assert len(store) == 1 and store.table([(ROW["name"], "NA", "1")]).realism.item() == 2


def test_saving_waits_where_nothing_presses(tmp_path):
    store = RowStore(tmp_path, {})
    store.add([ROW])
    store.save(now=False)
    assert not (tmp_path / "rows.csv").exists()
    store.save()
    assert (tmp_path / "rows.csv").exists() and not list(tmp_path.glob(".rows*"))
