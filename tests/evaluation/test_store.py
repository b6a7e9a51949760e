"""Rows on disk: kept while the settings and the files stay, dropped with a word where they do not."""
import json
import math

import pandas as pd
import pytest

from realistic_editing.evaluation.store import RowStore

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


def test_other_settings_start_anew_and_say_which(tmp_path):
    store = RowStore(tmp_path, {"seed": 0, "critic": "aa", "size": 384})
    store.add([ROW])
    store.save()
    again = RowStore(tmp_path, {"seed": 1, "critic": "aa", "edits": "paper"})
    assert len(again) == 0 and not (tmp_path / "rows.csv").exists()
    assert "folder/0012" in (tmp_path / "rows.old.csv").read_text()  # an hour's work is put aside, not lost
    for words in ("rows.csv", "seed (0 -> 1)", "size (384 -> None)", "edits (None -> paper)", "anew"):
        assert words in again.note
    assert "critic" not in again.note
    assert json.loads((tmp_path / "settings.json").read_text())["seed"] == 1


@pytest.mark.parametrize("damage", ["settings.json", "rows.csv"])
def test_damaged_files_start_anew_and_say_so(tmp_path, damage):
    store = RowStore(tmp_path, {"seed": 0})
    store.add([ROW])
    store.save()
    (tmp_path / damage).write_text("x" if damage == "rows.csv" else "{")
    again = RowStore(tmp_path, {"seed": 0})
    assert len(again) == 0 and "rows.csv" in again.note and "anew" in again.note


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
