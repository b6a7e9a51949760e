"""The commands study and study-export: a study's database is never lost, and none is left where no study begins."""
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.study.store import Rated, Store
from realistic_editing.common.errors import InputError


def refused(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 2


def rated(path):
    """A study's database with one rating."""
    store = Store(path)
    store.register([Rated("p" * 32, "i", "amplify", "m", "d")])
    store.rate(store.add_rater("anna").id, "p" * 32, 3, 4, number=1)
    store.close()
    return path


@pytest.mark.parametrize("log", ["", "-wal", "-shm", "-journal"])
def test_a_stopped_studys_database_is_not_exported_over(tmp_path, capsys, log):
    database, other = rated(tmp_path / "one.sqlite"), rated(tmp_path / "other.sqlite")
    (tmp_path / "link").symlink_to(f"{database}{log}")
    for output in (f"{database}{log}", tmp_path / "link", other):
        before = database.read_bytes(), other.read_bytes()
        refused("study-export", database, output)
        error = capsys.readouterr().err
        assert "is a database" in error if output == other else "would overwrite" in error
        assert (database.read_bytes(), other.read_bytes()) == before and not (tmp_path / "one.sqlite-wal").exists()
    main(["study-export", str(database), str(tmp_path / "ratings.csv")])
    assert "anna,i,amplify,m,3,4" in (tmp_path / "ratings.csv").read_text()


def test_a_running_studys_database_is_not_exported_over(make_folder, serve, tmp_path, capsys):
    make_folder(tmp_path / "photos", ["bench"])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "1")
    link, database = served.links["rater 1"], tmp_path / "outputs/study/photos.sqlite"
    served.ask(link, served.form(f"{link}/1", 3, 4))
    for log in ("", "-wal", "-shm"):
        refused("study-export", database, f"{database}{log}")
        assert "would overwrite" in capsys.readouterr().err
    served.ask(link, served.form(f"{link}/2", 5, 6))
    main(["study-export", str(database), str(tmp_path / "ratings.csv")])
    assert len((tmp_path / "ratings.csv").read_text().splitlines()) == 3
    assert sqlite3.connect(database).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_study_waits_for_no_pytorch(study):
    """It shows pictures and judges none: PyTorch would take most of its start, and of its memory."""
    maps = Path(f"/proc/{study.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    loaded = maps.read_text()
    assert "vips" in loaded and "libtorch" not in loaded


def test_a_study_that_cannot_begin_leaves_no_database(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "photos"):
        (tmp_path / name).mkdir()
    for name in ("a.jpg", "a_mask.png"):
        Image.new("L", (8, 8), 255).save(tmp_path / "photos" / name)
    refused("study", "empty", "--task", "attenuate", "--port", "0")
    assert capsys.readouterr().err.strip().endswith("expected NAME_mask.png beside NAME.jpg")
    refused("study", "photos", "--task", "attenuate", "--port", "0")
    assert capsys.readouterr().err.strip().endswith("named as their photos")
    assert not list((tmp_path / "outputs/study").iterdir())
    database = rated(tmp_path / "kept.sqlite")
    refused("study", "photos", "--task", "attenuate", "--port", "0", "--database", database)
    kept = Store(database, create=False)
    assert len(kept.export()) == 1
    kept.close()


def test_a_link_can_be_looked_at_by_its_head(study):
    """As messengers do before they show it."""
    link = study.add("by a messenger")
    for path in (link, f"{link}/1", study.admin, "/study.css"):
        (status, headers, text), expected = study.ask(path, method="HEAD"), study.ask(path)
        assert text == "" and status == expected[0] < 400 and headers.keys() == expected[1].keys()
    assert study.ask("/r/" + "x" * 32, method="HEAD")[0] == 404


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1"])
def test_a_name_that_a_spreadsheet_would_run_is_refused(study, tmp_path, name):
    status, _, text = study.ask(study.admin, {"name": name})
    assert status == 400 and "a spreadsheet" in text and "formulas do" in text
    store = Store(tmp_path / "one.sqlite")
    with pytest.raises(InputError, match="begins with"):
        store.add_rater(name)
    assert store.raters() == []
    store.close()
