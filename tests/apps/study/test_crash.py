"""Twenty raters at once, and a server that dies: what was acknowledged is kept, once."""
import csv
import http.client
import itertools
import threading
import time

import pytest
from sqlalchemy.exc import IntegrityError

from realistic_editing.apps.cli import main
from realistic_editing.apps.study.store import Rated, Store

RATERS = 20


def rate_all(served, link, jobs, kept, stop):
    """A rater: sends each rating until it is acknowledged, and every seventh once more."""
    connection = None
    for number, form in enumerate(jobs):
        for _ in range(2 if number % 7 == 0 else 1):
            while not stop.is_set():
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
                    status, headers, _ = served.ask(link, form, connection=connection)
                except (OSError, http.client.HTTPException):
                    connection = None
                    time.sleep(0.05)
                    continue
                assert status == 303 and headers["location"] == link.rsplit("/", 1)[1]
                kept[link, form["panel"]] = (form["effectiveness"], form["realism"])
                break


@pytest.mark.parametrize(("kind", "images"), [("sqlite", 20), ("postgresql", 10)])
def test_nothing_acknowledged_is_lost_and_nothing_doubled(kind, images, tmp_path, serve, request, make_folder):
    database = str(tmp_path / "ratings.sqlite") if kind == "sqlite" else request.getfixturevalue("postgres")
    make_folder(tmp_path / "photos", [f"image {number}" for number in range(images)], size=32)
    served = serve(tmp_path, "--task", "amplify", "--raters", str(RATERS), "--database", database)
    count = 2 * images
    first = next(iter(served.links.values()))
    forms = [served.form(f"{first}/{place + 1}", 1, 1) for place in range(count)]
    assert len({form["panel"] for form in forms}) == count and len(served.links) == RATERS
    kept, stop, threads = {}, threading.Event(), []
    for shift, link in enumerate(served.links.values()):
        marks = [{"effectiveness": 1 + (place + shift) % 10, "realism": 1 + (3 * place + shift) % 10} for place in range(count)]
        jobs = [form | given for form, given in zip(forms, marks, strict=True)]
        threads.append(threading.Thread(target=rate_all, args=(served, link, jobs[shift:] + jobs[:shift], kept, stop)))
    try:
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 120
        while len(kept) < 0.4 * RATERS * count and time.monotonic() < deadline:
            time.sleep(0.005)
        before = dict(kept)
        served.kill()
        assert 0.4 <= len(before) / (RATERS * count) < 0.9  # in the middle of it
        there = ratings(database)
        assert all(there[key] == given for key, given in before.items())
        served.start()
        for thread in threads:
            thread.join(120)
    finally:
        stop.set()
    assert not any(thread.is_alive() for thread in threads)
    assert len(kept) == RATERS * count and ratings(database) == kept
    main(["study-export", database, str(tmp_path / "out.csv")])
    rows = list(csv.DictReader(open(tmp_path / "out.csv", encoding="utf-8")))
    assert len(rows) == RATERS * count
    assert len({tuple(row[name] for name in ("rater", "image", "task", "method")) for row in rows}) == len(rows)


def ratings(database):
    """(link, panel) -> marks, from the database itself."""
    store = Store(database, create=False)
    each = [(f"/r/{rater.token}", store.ratings_of(rater.id)) for rater in store.raters()]
    found = {(link, panel): marks for link, rated in each for panel, marks in rated.items()}
    assert len(store.export()) == len(found)
    store.close()
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_writers_of_one_panel_leave_one_rating(kind, tmp_path, request):
    store = Store(tmp_path / "one.sqlite" if kind == "sqlite" else request.getfixturevalue("postgres"))
    panel, marks = "p" * 32, list(itertools.product(range(1, 11), (1, 10)))
    store.register([Rated(panel, "i", "amplify", "m", "d")])
    rater = store.add_rater("anna")
    threads = [threading.Thread(target=store.rate, args=(rater.id, panel, *pair, 1)) for pair in marks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.export()) == 1 and store.ratings_of(rater.id)[panel] in marks
    for refused in (0, 11):  # by the database itself
        with pytest.raises(IntegrityError):
            store.rate(rater.id, panel, refused, 5, 1)
    with pytest.raises(IntegrityError):
        store.rate(rater.id + 1, panel, 5, 5, 1)
    store.close()
