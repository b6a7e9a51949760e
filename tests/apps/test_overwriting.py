"""What is read is never written over: files, folders of files, and databases."""
import shutil
import sqlite3

import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.results import refuse_overwriting
from realistic_editing.common.errors import InputError


@pytest.fixture
def photos(tmp_path):
    """A photo with its mask, and one without."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = Image.open(FOLDER / "astronaut.jpg").resize((96, 96))
    photo.save(folder / "a.jpg")
    photo.save(folder / "nomask.jpg")
    Image.open(FOLDER / "flag.png").resize((96, 96)).save(folder / "a_mask.png")
    return folder


def refused(capsys, folder, *arguments):
    """Run a call that must end with code 2, and leave every file as it is."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    assert stop.value.code == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return capsys.readouterr().err


def test_files_folders_and_databases_are_kept(tmp_path):
    for name in ("read/a.png", "b.png", "result.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"picture")
    (tmp_path / "link.png").symlink_to(tmp_path / "b.png")
    sqlite3.connect(tmp_path / "other.csv").execute("CREATE TABLE t (a)").connection.close()
    inputs = [tmp_path / "read", str(tmp_path / "b.png"), None]
    for name, words in (
        ("b.png", "would overwrite"), ("link.png", "would overwrite"), ("read", "would overwrite"),
        ("read/a.png", "would lie among the files of .*read, which are read"), ("read/new.png", "would lie among"),
        ("other.csv", "is a database"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=rf"{name}: {words}"):
            refuse_overwriting([tmp_path / name], inputs)
    refuse_overwriting([tmp_path / "result.png", tmp_path / "new.png", tmp_path / "read/results/a.png"], inputs)


def test_scores_go_into_a_table_beside_the_photos(photos, tmp_path, capsys):
    """Not over a photo that has no mask either, which is not scored."""
    assert "nomask.jpg: would lie among" in refused(capsys, tmp_path, "score", photos, "--output", photos / "nomask.jpg")
    said = refused(capsys, tmp_path, "score", photos / "a.jpg", photos / "a_mask.png", "--output", photos / "nomask.jpg")
    assert "nomask.jpg: the scores are a table; give a name that ends in .csv" in said
    shutil.copytree(photos, tmp_path / "masks")
    edits = shutil.copytree(photos, tmp_path / "edits")
    assert "would lie among" in refused(capsys, tmp_path, "score", photos, "--edited", edits, "--output", edits / "scores.csv")


def test_a_batch_puts_no_results_among_its_photos_or_masks(photos, tmp_path, capsys):
    """They would be taken for photos when it goes on: 0002.png beside 0002.jpg."""
    assert "a.png: would lie among the files of" in refused(capsys, tmp_path, "batch", photos, "--output", photos)
    masks = tmp_path / "masks"
    masks.mkdir()
    (photos / "a_mask.png").rename(masks / "a.png")
    assert "choose another" in refused(capsys, tmp_path, "batch", photos, "--masks", masks, "--output", masks)
    (masks / "a.png").rename(photos / "a_mask.png")
    (photos / "nomask.jpg").unlink()
    for _ in range(2):  # into a folder below the photos, at will
        main(["batch", str(photos), "--output", str(photos / "out"), "--order", "3,1,0,2"])
    assert "1 of 1 photos were edited before" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "place"), [
    ("--sheet", "masks/000.png"), ("--sheet", "frames/001.png"), ("--out", "masks/o.mkv"), ("--out", "frames/o"),
    ("--masks-out", "masks/found"), ("--sheet", "masks/new.png"),
])  # fmt: skip
def test_a_clip_leaves_its_frames_and_masks(tmp_path, capsys, option, place):
    for folder, shade in (("frames", 90), ("masks", 255)):
        (tmp_path / folder).mkdir()
        for number in range(2):
            Image.fromarray(np.full((48, 64), shade, np.uint8)).convert("RGB").save(tmp_path / f"{folder}/{number:03d}.png")
    places = {"--out": tmp_path / "out", option: tmp_path / place}
    words = [word for pair in places.items() for word in pair]
    assert "would lie among" in refused(capsys, tmp_path, "video", tmp_path / "frames", "--mask", tmp_path / "masks", *words)
