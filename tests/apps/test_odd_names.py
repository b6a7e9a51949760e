"""Names with : = # ( [ , in every command that takes files."""
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from realistic_editing.apps.cli import main
from realistic_editing.apps.demo import FOLDER

NAME = "a:b=c#d(1)[2],e%20 f"


@pytest.fixture
def files(tmp_path) -> Path:
    folder = tmp_path / f"in {NAME}"
    folder.mkdir()
    Image.open(FOLDER / "astronaut.jpg").resize((96, 96)).save(folder / f"{NAME}.png")
    Image.open(FOLDER / "flag.png").resize((96, 96)).save(folder / f"{NAME}_mask.png")
    return folder


def test_every_command_takes_them(files, tmp_path, tiny_weights, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo, mask, out = files / f"{NAME}.png", files / f"{NAME}_mask.png", tmp_path / f"out {NAME}"
    judges = ["--critic", tiny_weights["critic"], "--saliency", tiny_weights["saliency"]]
    ours = ["--weights", tiny_weights["attenuate"], *judges]
    edited, recipe = out / f"{NAME}.tif", out / f"{NAME}.json"
    main(["edit", str(photo), str(mask), "--output", str(edited), *ours])
    main(["recipe", str(recipe), "--apply", str(photo), str(mask), "--output", str(out / f"again {NAME}.png")])
    assert np.array_equal(np.asarray(Image.open(edited)), np.asarray(Image.open(out / f"again {NAME}.png")))
    main(["export", str(recipe), str(photo), str(mask), "--formats", "cube", "ora", "tiff", "xmp"])
    assert {path.suffix for path in out.iterdir()} >= {".cube", ".ora", ".xmp", ".tif"}
    main(["score", str(photo), str(mask), "--edited", str(edited), "--output", str(out / f"{NAME}.csv"), *judges])
    main(["mask", str(photo), str(mask), "--output", str(out / f"{NAME} mended.png")])
    plan = files / f"{NAME}.yaml"
    plan.write_text(yaml.safe_dump([{"mask": mask.name, "task": "attenuate"}]))
    main(["batch", str(files), "--output", str(out / f"batch {NAME}"), *ours])
    assert (out / f"batch {NAME}" / photo.name).is_file()
    main(["plan", str(photo), str(plan), "--output", str(out / f"plan {NAME}"), *judges])
    assert (out / f"plan {NAME}" / f"{NAME}_edited.png").is_file()
    shutil.rmtree(out)
