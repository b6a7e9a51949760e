"""What raters are shown and what becomes of their answers where files, folders and orders change."""
import io
import json
import shutil
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.study.panels import prepare
from realistic_editing.apps.study.server import AHEAD
from realistic_editing.apps.study.store import Store

SCRIPTED = {"accept": "application/json"}  # as the page's script asks


def pixels_of(served, address):
    return np.asarray(Image.open(io.BytesIO(served.ask(address)[2])))


def edited_of(served, link, place):
    """The address of a panel's edited picture."""
    return f"{link}/" + served.ask(f"{link}/{place}")[2].split('alt="The edited image"')[0].rsplit('src="', 1)[1].split('"')[0]


@pytest.mark.parametrize("kind", ["cut-out", "white on black", "JPEG", "16 bits"])
def test_a_mask_is_shown_white_where_it_selects(kind, make_folder, tmp_path):
    folder = make_folder(tmp_path / "photos", ["bench"])
    inside = np.asarray(Image.open(folder / "bench_mask.png")) > 0
    (folder / "bench_mask.png").unlink()
    white = np.where(inside, np.uint8(255), np.uint8(0))
    if kind == "cut-out":  # dark pixels, all that is around them transparent
        Image.fromarray(np.dstack([np.full((*inside.shape, 3), 20, np.uint8), white])).save(folder / "bench_mask.png")
    elif kind == "JPEG":
        Image.fromarray(white).save(folder / "bench_mask.jpg", quality=30)
    else:
        Image.fromarray(white if kind == "white on black" else white.astype(np.uint16) * 257).save(folder / "bench_mask.png")
    material = prepare(folder, "attenuate", "secret", tmp_path / "pictures")
    (mask,) = {panel.mask for panel in material.panels.values()}
    with Image.open(material.pictures[mask]) as shown:
        assert shown.format == "PNG" and shown.mode == "L" and set(shown.info) <= {"dpi"}
        assert np.array_equal(np.asarray(shown), white)


def test_a_picture_that_was_replaced_has_another_address_and_takes_no_answer_to_the_old_one(make_folder, serve, tmp_path):
    make_folder(tmp_path / "photos", ["bench"])
    served = serve(tmp_path, "--task", "attenuate", "--raters", "1")
    link = served.links["rater 1"]
    first = {edited_of(served, link, place): served.form(f"{link}/{place}", 9, 9) for place in (1, 2)}
    served.kill()
    Image.new("RGB", (360, 240), (10, 200, 30)).save(tmp_path / "photos/ours/bench.png")
    served.start()
    second = {edited_of(served, link, place): served.form(f"{link}/{place}", 9, 9) for place in (1, 2)}
    (old,), (new,) = set(first) - set(second), set(second) - set(first)
    assert abs(pixels_of(served, new).mean(axis=(0, 1)) - (10, 200, 30)).max() < 3 and served.ask(old)[0] == 404
    assert first[old]["panel"] == second[new]["panel"]  # the panel is the same, so that an older study goes on

    status, _, text = served.ask(link, first[old])
    assert status == 409 and "Reload the page" in text and "<p>" in text
    status, _, text = served.ask(link, first[old], headers=SCRIPTED)
    assert status == 409 and json.loads(text)["kept"] is False and "Reload the page" in json.loads(text)["why"]
    status, _, _ = served.ask(link, {name: value for name, value in second[new].items() if name != "shown"})
    assert status == 409  # of a page that does not say what it showed
    assert ratings_of(tmp_path / "outputs/study/photos.sqlite") == {}
    same = next(form for address, form in first.items() if address != old)
    assert served.ask(link, same)[0] == served.ask(link, second[new])[0] == 303


def test_the_pages_script_is_told_that_a_rating_is_kept(study):
    link = study.add("scripted")
    form = study.form(f"{link}/1", 4, 5)
    status, headers, text = study.ask(link, form, headers=SCRIPTED)
    assert (status, json.loads(text)) == (200, {"kept": True}) and headers["cache-control"] == "no-store"
    for wrong, path, code in (({"realism": 11}, link, 400), ({}, "/r/" + "a" * 32, 404)):
        status, _, text = study.ask(path, form | wrong, headers=SCRIPTED)
        assert status == code and json.loads(text)["kept"] is False and len(json.loads(text)["why"]) > 20


def test_a_late_retry_is_acknowledged_and_leaves_the_correction(study):
    link = study.add("hesitant")
    first = study.form(f"{link}/1", 2, 2) | {"number": 10**12}  # by a clock that is ahead
    assert study.ask(link, first)[0] == 303
    correction = study.form(f"{link}/1", 8, 8)
    assert int(correction["number"]) == 10**12 + 1
    assert study.ask(link, correction)[0] == 303
    assert json.loads(study.ask(link, first, headers=SCRIPTED)[2]) == {"kept": True}
    assert study.ask(link, first)[0] == 303
    assert ratings_of(study.cwd / "outputs/study/photos.sqlite", "hesitant") == {first["panel"]: (8, 8)}


def test_a_number_from_the_far_future_does_not_shut_out_later_answers(study):
    link, database = study.add("ahead"), study.cwd / "outputs/study/photos.sqlite"
    first = study.form(f"{link}/1", 2, 2) | {"number": 10**15 - 1}
    assert study.ask(link, first)[0] == 303
    store = Store(database, create=False)
    rater = next(rater.id for rater in store.raters() if rater.name == "ahead")
    held = store.number(rater, first["panel"])
    store.close()
    assert abs(held / 1000 - time.time() - AHEAD) < 60
    correction = study.form(f"{link}/1", 8, 8)
    assert int(correction["number"]) == held + 1 and study.ask(link, correction)[0] == 303
    assert ratings_of(database, "ahead") == {first["panel"]: (8, 8)}


def test_folders_of_one_name_do_not_share_a_study(make_folder, serve, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "photos", ["bench"])
    (tmp_path / "other").mkdir()
    serve(tmp_path, "--task", "attenuate", "--raters", "1").close()
    serve(tmp_path, "--task", "amplify").close()  # of the same folder: one study
    shutil.move("photos", "other/photos")
    for task in ("attenuate", "amplify"):
        with pytest.raises(SystemExit):
            main(["study", "other/photos", "--task", task, "--port", "0"])
        error = capsys.readouterr().err
        assert all(word in error for word in (str(tmp_path / "photos"), str(tmp_path / "other/photos"), "--database"))
        assert "--database outputs/study/photos.sqlite" in error  # the remedy for a folder that has moved
    moved = serve(tmp_path, "--task", "attenuate", "--database", "outputs/study/photos.sqlite", folder="other/photos")
    moved.close()
    again = serve(tmp_path, "--task", "attenuate", folder="other/photos")  # once is enough
    assert again.links == moved.links and list(again.links) == ["rater 1"]


def test_another_folder_of_the_name_is_refused_for_the_other_task_too(make_folder, serve, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "photos", ["bench"])
    (tmp_path / "other").mkdir()
    make_folder(tmp_path / "other/photos", ["bench"])
    serve(tmp_path, "--task", "attenuate").close()
    with pytest.raises(SystemExit):
        main(["study", "other/photos", "--task", "amplify", "--port", "0"])
    assert "holds the study of" in capsys.readouterr().err
    serve(tmp_path, "--task", "amplify", "--database", "mine.sqlite", folder="other/photos")


def ratings_of(database, name="rater 1"):
    """What a rater's ratings are, from the database."""
    store = Store(database, create=False)
    found = next(store.ratings_of(rater.id) for rater in store.raters() if rater.name == name)
    store.close()
    return found


@pytest.mark.parametrize("kind", ["gamma", "bmp", "transparent"])
def test_pictures_are_shown_as_they_are_judged(kind, make_folder, tmp_path):
    folder = make_folder(tmp_path / "photos", ["bench"])
    path = folder / "ours" / "bench.png"
    if kind == "gamma":  # of light, by PNG's own tag
        Image.new("RGB", (360, 240), (55, 55, 55)).save(path)
        gamma, data = b"gAMA" + struct.pack(">I", 100_000), path.read_bytes()
        path.write_bytes(data[:33] + struct.pack(">I", 4) + gamma + struct.pack(">I", zlib.crc32(gamma)) + data[33:])
        expected = 128
    elif kind == "bmp":
        path.unlink()
        Image.new("RGB", (360, 240), (90, 90, 90)).save(path.with_suffix(".bmp"))
        expected = 90
    else:
        Image.new("RGBA", (360, 240), (100, 100, 100, 127)).save(path)
        expected = 178
    material = prepare(folder, "attenuate", "secret", tmp_path / "pictures")
    assert not material.problems
    (panel,) = (panel for panel in material.panels.values() if panel.rated.method == "ours")
    with Image.open(material.pictures[panel.edited]) as shown:
        assert np.asarray(shown).mean() == pytest.approx(expected, abs=2)
