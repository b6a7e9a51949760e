"""scripts/make_figures.py on a small folder with the bundled weights: figures that exist, and errors that say what to do."""
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from realistic_editing.apps.config import CONFIGS
from realistic_editing.apps.figures import figures
from realistic_editing.common.errors import InputError
from realistic_editing.weights import fingerprint, load_network

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two photos with masks, and results of another method."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "theirs").mkdir()
    for name in ("one", "two"):
        patches = RNG.integers(60, 200, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), cv2.resize(patches, (80, 60), interpolation=cv2.INTER_CUBIC))
        mask = np.zeros((60, 80), np.uint8)
        mask[15:40, 20:50] = 255
        cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
        cv2.imwrite(str(folder / f"theirs/{name}.png"), patches.repeat(10, 0).repeat(10, 1))
    return folder


def configured(folder, output, *options):
    with initialize_config_dir(str(CONFIGS / "figures"), version_base="1.3"):
        return compose("figures", overrides=[f"photos={folder}", f"output={output}", "rows=1", *options])


@pytest.mark.parametrize(
    "options",
    [
        ["figure=2"],
        ["figure=6", "+results.theirs=FOLDER/theirs"],
        ["figure=8", "rival=attenuate"],
        ["figure=10", "photo=FOLDER/one.png", "plan=[[attenuate,FOLDER/one_mask.png],[amplify,FOLDER/one_mask.png]]"],
        ["figure=11", "format=svg"],
    ],
    ids=lambda options: options[0],
)
def test_a_figure_is_drawn(folder, tmp_path, capsys, options):
    path = figures(configured(folder, tmp_path, *(option.replace("FOLDER", str(folder)) for option in options)))
    assert path.stat().st_size > 3000 and str(path) in capsys.readouterr().out
    assert {*tmp_path.iterdir()} == {path, path.with_suffix(".json")}


def test_beside_a_figure_lies_what_made_it(folder, tmp_path):
    path = figures(configured(folder, tmp_path, "figure=8", "rival=compact_attenuate"))
    record = json.loads((tmp_path / "figure_8.json").read_text())
    assert path.name == "figure_8.png" and list(record) == ["command", "revision", "machine", "weights"]
    assert all(record[name] for name in record) and set(record["weights"]) == {"attenuate", "rival", "critic", "saliency"}
    named = configured(folder, tmp_path, "figure=8")
    judge = fingerprint(load_network(named.saliency, "saliency"))
    assert record["weights"]["saliency"] == f"{named.saliency} ({judge})"
    assert record["weights"]["rival"] == f"compact_attenuate ({fingerprint(load_network('compact_attenuate'))})"


def test_figures_of_unseen_photos_have_every_option_of_regions(folder, tmp_path):
    wanted = OmegaConf.load(CONFIGS / "regions/default.yaml")
    assert set(configured(folder, tmp_path, "figure=2").regions) == set(wanted)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["figure=12"], "9a"),
        (["figure=2", "format=bmp"], "png"),
        (["figure=2", "rows=0"], "rows is 0"),
        (["figure=6", "attenuate=amplify"], "trained to amplify"),
        (["figure=11", "clean=amplify"], "trained to amplify"),
        (["figure=2", "task=hide"], "attenuate"),
        (["figure=6", "+results.theirs=nowhere"], "nowhere"),
        (["figure=8", "rival=amplify"], "trained to amplify"),
        (["figure=10"], "plan="),
        (["figure=methods"], "draws one photo"),
        (["figure=10", "photo=FOLDER/one.png", "plan=[[calm,mask.png]]"], "calm"),
    ],
)
def test_what_cannot_be_drawn_is_named(folder, tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        figures(configured(folder, tmp_path / "out", *(option.replace("FOLDER", str(folder)) for option in options)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("evaluate", "rater, image, task, method"), ("make_figures", "2, 3, 6, 7, 8, 9a"), ("enhance", "taken weaker"),
        ("train_enhancer", "ablation                 # adversarial, "),
    ],
)
def test_help_says_what_every_option_is(script, words):
    command = [sys.executable, str(ROOT / f"scripts/{script}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and words in done.stdout and "hydra:" not in done.stdout
