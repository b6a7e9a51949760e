"""The database: what cannot be opened is named, older ones are brought up to date, and late answers change nothing."""
import itertools
import logging
import os
import random
import sqlite3
import stat
import threading

import pytest

from realistic_editing.apps.study.store import Rated, Store
from realistic_editing.common.errors import InputError

PANEL = "p" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """With one panel, of a study that has one rater."""
    opened = Store(tmp_path / "one.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres"))
    opened.register([Rated(PANEL, "i", "amplify", "m", "d")])
    opened.add_rater("anna")
    yield opened
    opened.close()


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "database",
    [":memory:", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "postgresql+nonsense://a:hidden@b/c",
     "sqlite+nonsense:///x.sqlite", "sqlite:///x.sqlite?timeout=soon", "nonsense://b/c", "postgresql://b:port/c"],
)  # fmt: skip
def test_databases_that_cannot_be_used_are_named(database, create, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not create:
        (tmp_path / "x.sqlite").touch()
    with pytest.raises(InputError, match=r"use (a file of SQLite, or )?postgresql://user:password@host/name") as said:
        Store(database, create=create)
    assert "hidden" not in str(said.value)
    assert not {path.name for path in tmp_path.iterdir()} - {"x.sqlite"}


def test_a_file_that_others_could_read_is_made_private(tmp_path):
    file = tmp_path / "one.sqlite"
    for create in (True, False):
        Store(file).close()
        file.chmod(0o664)
        log = sqlite3.connect(file)  # keeps the logs there
        log.execute("SELECT * FROM study_rater").fetchall()
        opened = Store(file, create=create)
        modes = {path.name: stat.S_IMODE(os.stat(path).st_mode) for path in tmp_path.iterdir()}
        opened.close()
        log.close()
        assert set(modes.values()) == {0o600} and len(modes) == 3


def test_a_file_whose_rights_may_not_be_changed_is_warned_of(tmp_path, monkeypatch, caplog):
    file = tmp_path / "one.sqlite"
    Store(file).close()
    file.chmod(0o640)

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(type(file), "chmod", refuse)
    with caplog.at_level(logging.WARNING):
        Store(file).close()
    assert "others may read" in caplog.text and "chmod 600" in caplog.text and str(file) in caplog.text


def test_what_is_no_database_keeps_its_rights(tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"no database " * 100)
    file.chmod(0o644)
    with pytest.raises(InputError, match="cannot be opened"):
        Store(file)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o644


def test_an_answer_that_comes_late_changes_nothing(store):
    rater = store.raters()[0].id
    assert store.number(rater, PANEL) == 0
    store.rate(rater, PANEL, 1, 2, number=2**40)
    store.rate(rater, PANEL, 3, 4, number=2**40 + 1)
    store.rate(rater, PANEL, 1, 2, number=2**40)  # sent again, since its acknowledgement was lost
    assert store.ratings_of(rater) == {PANEL: (3, 4)} and store.number(rater, PANEL) == 2**40 + 1
    store.rate(rater, PANEL, 3, 4, number=2**40 + 1)
    assert store.ratings_of(rater) == {PANEL: (3, 4)}


def test_of_answers_that_come_at_once_the_newest_stays(store):
    rater, numbered = store.raters()[0].id, list(enumerate(itertools.product(range(1, 11), (1, 10)), 1))
    newest = numbered[-1][1]
    random.Random(0).shuffle(numbered)
    threads = [threading.Thread(target=store.rate, args=(rater, PANEL, *marks, number)) for number, marks in numbered]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.ratings_of(rater) == {PANEL: newest} and len(store.export()) == 1


def test_a_database_of_an_older_version_goes_on(store):
    rater = store.raters()[0].id
    store.rate(rater, PANEL, 1, 2, number=7)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE study_rating DROP COLUMN number")
    database = store.file or store._engine.url.render_as_string(hide_password=False)
    older = Store(database, create=False)
    assert [row[-2:] for row in older.export()] == [(1, 2)]
    older.close()
    opened = []
    threads = [threading.Thread(target=lambda: opened.append(Store(database))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4 and opened[0].number(rater, PANEL) == 0 and opened[0].ratings_of(rater) == {PANEL: (1, 2)}
    opened[0].rate(rater, PANEL, 5, 6, number=1)
    assert opened[1].ratings_of(rater) == {PANEL: (5, 6)}
    for one in opened:
        one.close()
