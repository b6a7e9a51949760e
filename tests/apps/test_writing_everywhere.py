"""The options that say how results are written, and what of a mask is the region, in every command that has use for them."""
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER
from realistic_editing.data.clips import open_clip
from realistic_editing.ops import PRESETS, sample_recipe


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A photo with EXIF, a label map of two regions, and a recipe."""
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x010F] = "A secret camera"
    Image.open(FOLDER / "astronaut.jpg").resize((96, 96)).save("a.jpg", exif=exif, quality=95)
    labels = np.zeros((96, 96), np.uint8)
    labels[10:40, 10:40], labels[50:90, 30:70] = 3, 15
    Image.fromarray(labels).save("a_mask.png")
    sample_recipe(PRESETS["released"].fake, 1, torch.Generator().manual_seed(0)).save("e.json")
    return tmp_path


def size(path) -> int:
    return path.stat().st_size


def moved(path) -> np.ndarray:
    before, after = (np.asarray(Image.open(name).convert("RGB")).astype(int) for name in ("a.jpg", path))
    return (before != after).any(axis=2)


def test_plan(folder, capsys):
    region = {"mask": "a_mask.png", "label": 15, "task": "attenuate", "order": "3,1,0,2"}
    (folder / "p.yaml").write_text(yaml.safe_dump([region]))
    for quality in ("40", "95"):
        main(["plan", "a.jpg", "p.yaml", "--output", quality, "--format", "same", "--quality", quality, "--strip"])
        assert {path.suffix for path in (folder / quality).glob("a_*")} == {".jpg", ".json", ".png"}  # the sheet is a PNG
        assert not any(b"secret" in path.read_bytes() for path in (folder / quality).glob("*.jpg"))
    assert size(folder / "40/a_edited.jpg") < size(folder / "95/a_edited.jpg")
    assert "encoded again" in capsys.readouterr().err
    main(["plan", "a.jpg", "p.yaml", "--output", "kept"])
    assert b"secret" in (folder / "kept/a_edited.png").read_bytes()


def test_recipe(folder, capsys):
    apply = ["recipe", "e.json", "--apply", "a.jpg", "a_mask.png", "--keep-mask", "--label", "3"]
    main([*apply, "--format", "same", "--quality", "40", "--strip"])
    assert b"secret" not in (folder / "outputs/a_e.jpg").read_bytes() and "encoded again" in capsys.readouterr().err
    main([*apply, "--output", "one.png"])
    main([*apply, "--output", "other.png", "--invert"])
    labels = np.asarray(Image.open("a_mask.png"))
    one, other = moved("one.png"), moved("other.png")
    assert one[labels == 3].mean() > 0.9 and not one[labels != 3].any()
    assert not other[labels == 3].any() and other[labels != 3].mean() > 0.9
    with pytest.raises(SystemExit) as stop:
        main([*apply[:-1], "³"])
    assert stop.value.code == 2 and "label is '³'; use the index" in capsys.readouterr().err


def test_batch(folder, capsys):
    (folder / "in").mkdir()
    for name in ("a.jpg", "a_mask.png"):
        shutil.copy(name, folder / "in" / name)
    found = {}
    for options in (["--label", "15"], ["--label", "3"], ["--label", "3", "--invert"]):  # each edits anew, in the same folder
        main(["batch", "in", "--output", "out", "--order", "3,1,0,2", "--keep-mask", *options])
        found[tuple(options)] = moved("out/a.png")
        assert len(pd.read_csv("out/scores.csv")) == 1 and "edited before" not in capsys.readouterr().err
    labels, (one, two, rest) = np.asarray(Image.open("a_mask.png")), found.values()
    assert one[labels == 15].mean() > 0.3 and not one[labels != 15].any()
    assert two[labels == 3].mean() > 0.3 and not two[labels != 3].any()
    assert not rest[labels == 3].any() and rest.any()
    main(["batch", "in", "--output", "out", "--order", "3,1,0,2", "--keep-mask", "--label", "3", "--invert"])
    assert "1 of 1 photos were edited before" in capsys.readouterr().err
    for label, words in (("x", "label is 'x'; use the index"), ("7", "no pixel has the label 7; it holds 0, 3, 15")):
        with pytest.raises(SystemExit) as stop:
            main(["batch", "in", "--output", "new", "--label", label])
        assert stop.value.code == 2 and words in capsys.readouterr().err


def test_export(folder):
    main(["export", "e.json", "a.jpg", "a_mask.png", "--keep-mask", "--label", "15", "--formats", "cube", "--size", "17"])
    kept, labels = np.asarray(Image.open("e_mask.png")), np.asarray(Image.open("a_mask.png"))
    assert (kept[labels == 15] == 65535).all() and not kept[labels != 15].any()


def test_video(folder):
    av = pytest.importorskip("av", reason="needs PyAV")
    with av.open("c.mp4", "w") as clip:
        clip.metadata["title"] = "A secret place"
        stream = clip.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        for _ in range(4):
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(Image.open("a.jpg").convert("RGB")), format="rgb24")))
        clip.mux(stream.encode())
    Image.fromarray((np.asarray(Image.open("a_mask.png")) == 15).astype(np.uint8) * 255).save("m.png")
    titles = []
    for options in ([], ["--strip"]):
        main(["video", "c.mp4", "--mask", "m.png", "--out", "o.mp4", "--parameters", "first", "--afresh", "0", *options])
        titles.append(open_clip("o.mp4").tags["metadata"].get("title"))
    assert titles == ["A secret place", None]
