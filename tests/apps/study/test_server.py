"""What the server shows, and what it refuses."""
import csv
import hashlib
import http.client
import io
import os
import re
import shutil
import socket
import stat

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.evaluate import evaluate
from realistic_editing.apps.study.store import Store

SCRIPT, METHODS = "<img src=x onerror=alert(1)>", ("ours", '"<img src=x onerror=alert(1)>')


def panel_of(page):
    return re.search(r'name="panel" value="(\w+)"', page)[1]


def pictures_of(page):
    return re.findall(r'<img src="(picture/\w+)"', page)


def test_the_questions_are_the_papers(study):
    page = study.ask(study.add("wording") + "/1")[2]
    for words in (
        "The images were edited to make certain objects and regions less distracting.",
        "Rate each image based on 2 criteria",
        "An image edit is effective if the masked objects/regions have indeed become less distracting.",
        "An image edit is realistic if the photo does not look edited.",
    ):
        assert words in page


def test_raters_see_no_method_and_each_an_order_of_his_own(study):
    orders = set()
    for number in range(12):
        link = study.add(f"blind {number}")
        answers = [study.ask(f"{link}/{place}") for place in range(1, 5)]
        texts = [" ".join(map(str, answer)) for answer in answers] + [str(study.ask(link))]
        for name in ("ours", "onerror", "bench", "webp", "png"):
            assert not any(name in text for text in texts)
        orders.add(tuple(panel_of(answer[2]) for answer in answers))
        again = tuple(panel_of(study.ask(f"{link}/{place}")[2]) for place in range(1, 5))
        assert again in orders and len(set(again)) == 4
    assert 6 <= len(orders) <= 12 and len({frozenset(order) for order in orders}) == 1


def test_pictures_tell_nothing_but_what_is_seen(study):
    link = study.add("pictures")
    seen = {}
    for place in range(1, 5):
        addresses = pictures_of(study.ask(f"{link}/{place}")[2])
        assert len(addresses) == 3
        for address in addresses:
            status, headers, content = study.ask(f"{link}/{address}")
            kind = "PNG" if address == addresses[1] else "JPEG"  # masks are pixels of their own, and say nothing of a method
            assert status == 200 and headers["content-type"] == f"image/{kind.lower()}"
            assert not {"last-modified", "etag", "content-disposition"} & set(headers)
            with Image.open(io.BytesIO(content)) as image:
                assert image.format == kind and image.size == (360, 240)
                assert not image.getexif() and "comment" not in image.info
                seen[address] = np.asarray(image.convert("RGB"))
    assert len(seen) == 2 + 2 + 4  # photos, masks, results
    masks = [pixels for pixels in seen.values() if pixels.max(axis=(0, 1)).min() > 250 and (pixels < 5).mean() > 0.6]
    assert len(masks) == 2
    reds = [int(pixels[60:140, 60:140, 0].mean()) for pixels in seen.values()]
    assert any(red < 12 for red in reds) and any(abs(red - 200) < 12 for red in reds)  # both methods' results are among them


@pytest.mark.parametrize(
    "path",
    ["../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/study.sqlite", "photos/bench.jpg", "bench.jpg",
     "..\\..\\photos.sqlite", "%00", "a" * 3000, "0" * 32],
)  # fmt: skip
def test_only_the_studys_pictures_are_served(study, path):
    link = study.add("traveller")
    status, _, text = study.ask(f"{link}/picture/{path}")
    assert status == 404 and "root:" not in text and "SQLite" not in text
    assert study.ask(f"/{path}")[0] == 404


def test_forged_raters_and_admins_are_refused(study):
    link = study.add("honest")
    page = study.ask(f"{link}/1")[2]
    form, token = study.form(f"{link}/1", 5, 5), link.rsplit("/", 1)[1]
    nearly = token[:-1] + ("a" if token[-1] != "a" else "b")
    forged = ["x", "1", "honest", token[:-1], token + "a", nearly, "%27%20OR%201=1--", "a" * 32]
    for wrong in forged:
        for path in (f"/r/{wrong}", f"/r/{wrong}/1", f"/r/{wrong}/{pictures_of(page)[0]}", f"/admin/{wrong}"):
            assert study.ask(path)[0] == 404
        assert study.ask(f"/r/{wrong}", form)[0] == 404 and study.ask(f"/admin/{wrong}", {"name": "eve"})[0] == 404
    assert study.ask(f"/admin/{token}")[0] == 404 and study.ask(study.admin.replace("admin", "r"))[0] == 404
    # Who says in the form that he is another is heard as himself.
    other = study.add("another")
    assert study.ask(other, {**form, "rater": "honest", "token": token})[0] == 303
    assert not marks(study, "honest") and list(marks(study, "another").values()) == [(5, 5)]
    assert not any(name in study.ask(study.admin)[2] for name in ("eve<", ">eve"))


@pytest.mark.parametrize(
    "form",
    [{}, {"panel": "0" * 32}, {"effectiveness": 0}, {"effectiveness": 11}, {"effectiveness": [3, 4]}, {"panel": None},
     {"number": None}, {"number": "-1"}, {"number": "1" * 16},
     {"realism": "5.5"}, {"realism": "1e1"}, {"realism": ""}, {"realism": "٣"}, b"\xff\xfe", "&a=b" * 20, '{"panel": 1}'],
)  # fmt: skip
def test_what_is_no_rating_is_refused(study, form):
    link = study.add("careless")
    if isinstance(form, dict):
        valid = study.form(f"{link}/1", 5, 5)
        form = {name: value for name, value in (valid | form).items() if value is not None} if form else ""
    status, headers, text = study.ask(link, form)
    assert status == 400 and "no rating" in text and "content-security-policy" in headers
    assert not marks(study, "careless")


def test_places_that_do_not_exist(study):
    link = study.add("lost")
    for place in ("0", "5", "-1", "01", "1.0", "٣".encode().hex(), "9" * 50, "1/2"):
        assert study.ask(f"{link}/{place}")[0] == 404


def test_large_bodies_are_refused_stated_or_not(study):
    link = study.add("loud")
    for path in (link, study.admin):
        assert study.ask(path, b"x=" + b"a" * 10_000)[0] == 413
        assert study.ask(path, headers={"Content-Length": "99999999999"}, method="POST")[0] == 413
        connection = http.client.HTTPConnection("127.0.0.1", study.port, timeout=20)
        connection.request("POST", path, iter([b"a" * 3000] * 4), {"Content-Type": "x"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    assert study.ask(link)[0] == 303  # and it goes on


def test_every_answer_is_guarded(study):
    link = study.add("headers")
    page = study.ask(f"{link}/1")[2]
    paths = (link, f"{link}/1", f"{link}/{pictures_of(page)[0]}", study.admin, "/study.css", "/rate.js", "/nothing")
    for path in paths:
        _, headers, text = study.ask(path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY" and "server" not in headers and "set-cookie" not in headers
        assert isinstance(text, bytes) or not re.search(r'(src|href|action)="(?:https?:)?//(?!127\.0\.0\.1)', text)
        if path.startswith(("/r/", "/admin/")) and "picture" not in path:
            assert headers["cache-control"] == "no-store"
    assert study.ask("/docs")[0] == study.ask("/openapi.json")[0] == study.ask("/")[0] == 404


def test_the_admin_sees_progress_and_hostile_names_as_text(study):
    link = study.add(f"{SCRIPT}\u2028 =1+1")
    for place in (1, 2, 3):
        study.ask(link, study.form(f"{link}/{place}", 1, 10))
    page = study.ask(study.admin)[2]
    assert "<img" not in page and page.count("&lt;img src=x onerror=alert(1)&gt;") >= 2
    row = next(row for row in page.split("<tr>") if link in row)
    counts = [int(count) for count in re.findall(r"<td>(\d+)</td>", row)]
    assert "3 of 4" in row and len(counts) == 2 and sorted(counts) == [1, 2]
    for refused in ("", "  ", "a\nb", "a" * 101, "\x00"):
        status, _, text = study.ask(study.admin, {"name": refused})
        assert status == 400 and "Not added" in text


def test_it_listens_at_home_only_and_keeps_its_file_to_itself(study):
    assert study.said.count("http://127.0.0.1:") >= 1
    address = socket.gethostbyname(socket.gethostname())
    if not address.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((address, study.port), timeout=2)
    assert stat.S_IMODE(os.stat(study.cwd / "outputs/study/photos.sqlite").st_mode) == 0o600


def test_ratings_become_the_evaluations_tables(make_folder, serve, tmp_path, capsys):
    make_folder(tmp_path / "photos", ["bench", SCRIPT])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "2")
    assert list(served.links) == ["rater 1", "rater 2"]
    database, given = tmp_path / "outputs/study/photos.sqlite", {}
    with pytest.raises(SystemExit):
        main(["study-export", str(database), str(tmp_path / "empty.csv")])
    assert "holds no ratings yet" in capsys.readouterr().err
    for link in served.links.values():
        for place in range(1, 5):
            served.ask(link, served.form(f"{link}/{place}", 3, 3))  # thought better of
            form = served.form(f"{link}/{place}", 0, place)
            panel = form["panel"]
            effectiveness = 1 + int(hashlib.sha256(panel.encode()).hexdigest(), 16) % 10
            served.ask(link, form | {"effectiveness": effectiveness})
            given[link, panel] = effectiveness
        assert "Thank you" in served.ask(link)[2]
    output = tmp_path / "ratings.csv"
    main(["study-export", str(database), str(output)])
    rows = list(csv.DictReader(open(output, encoding="utf-8", newline="")))
    assert len(rows) == 8 and {row["method"] for row in rows} == set(METHODS)
    assert {row["image"] for row in rows} == {"bench", SCRIPT}
    assert sorted(int(row["effectiveness"]) for row in rows) == sorted(given.values())
    with initialize_config_dir(str(CONFIGS / "evaluate"), version_base="1.3"):
        config = compose("evaluate", overrides=[f"ratings={output}", "resamples=50", f"output={tmp_path / 'report'}"])
    report = evaluate(config).read_text()
    mean = np.mean([int(row["effectiveness"]) for row in rows if row["method"] == "ours"])
    assert f"{mean:.2f}" in report and "attenuation" in report

    # Pictures that were rated may not change under the ratings.
    served.close()
    shutil.copy(tmp_path / "photos/ours/bench.png", tmp_path / f"photos/ours/{SCRIPT}.png")
    with pytest.raises(SystemExit):
        main(["study", str(tmp_path / "photos"), "--task", "attenuate", "--port", "0", "--database", str(database)])
    assert "have changed since they were rated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nowhere", "--task", "attenuate"], "no such folder"),
        (["empty", "--task", "attenuate"], "no photo with a usable mask"),
        (["photos", "--task", "louder"], "task is 'louder'"),
        (["photos", "--task", "amplify", "--port", "99999"], "choose another --port"),
        (["photos", "--task", "amplify", "--host", "300.1.1.1"], "choose another --port or --host"),
        (["photos", "--task", "amplify", "--database", "mysql://a:secret@b/c"], "use a file of SQLite"),
        (["photos", "--task", "amplify", "--database", "photos/a.jpg"], "not a database"),
        (["photos", "--task", "amplify", "--raters", "-1"], "use a number from 0"),
        (["photos", "--task", "amplify", "--raters", "10001"], "raters is 10001; use a number from 0 to 10000"),
    ],
)
def test_what_cannot_be_served_is_named(tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "photos"):
        (tmp_path / folder).mkdir()
    for name in ("a.jpg", "a_mask.png"):
        Image.new("L", (8, 8), 255).save(tmp_path / "photos" / name)
    with pytest.raises(SystemExit) as stop:
        main(["study", "--port", "0", *options])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and words in error and "secret" not in error
    with pytest.raises(SystemExit):
        main(["study-export", "nothing.sqlite", "out.csv"])
    assert "no such database" in capsys.readouterr().err and not (tmp_path / "nothing.sqlite").exists()


def test_a_port_that_is_taken_is_said(study, capsys):
    with pytest.raises(SystemExit):
        main(["study", str(study.cwd / "photos"), "--task", "amplify", "--port", str(study.port)])
    assert "choose another --port" in capsys.readouterr().err


def marks(study, name):
    """What a rater's ratings are, from the database."""
    store = Store(study.cwd / "outputs/study/photos.sqlite", create=False)
    found = next(store.ratings_of(rater.id) for rater in store.raters() if rater.name == name)
    store.close()
    return found
