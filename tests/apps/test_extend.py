"""docs/extend.md by its own blocks: each critic, network, loss and data set there trains two steps, or builds."""
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realistic_editing.apps import prepare as apps_prepare
from realistic_editing.apps import regions as apps_regions
from realistic_editing.apps.cli import main
from realistic_editing.data import regions as data_regions
from realistic_editing.data import splits
from realistic_editing.data.build import build
from realistic_editing.enhance import loss
from realistic_editing.weights import load_network
from realistic_editing.weights.registry import NETWORKS, NetworkEntry

PAGE = (Path(__file__).resolve().parents[2] / "docs/extend.md").read_text(encoding="utf-8")
BLOCKS = [(kind, *block.split("\n", 1)) for kind, block in re.findall(r"```(python|yaml)\n(.*?)```", PAGE, re.DOTALL)]
COMMANDS = re.findall(r"^python scripts/train_(\w+)\.py (.*)$", PAGE, re.MULTILINE)


def written(folder: Path) -> dict[str, str]:
    """Write the page's files below `folder`; the entries that it asks for, by the table that they belong to."""
    entries = {}
    for _, first, text in BLOCKS:
        name = first.removeprefix("# ")
        if name.startswith("a line of"):
            entries.setdefault(name.split()[3], []).append(text.strip().rstrip(","))
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return {table: "{" + ", ".join(lines) + "}" for table, lines in entries.items()}


@pytest.fixture
def extended(tmp_path, monkeypatch):
    """A folder with the page's files, whose entries are made."""
    entries = written(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("my_")]:
        monkeypatch.delitem(sys.modules, name)
    import my_loss
    import my_problem

    known = {"NetworkEntry": NetworkEntry, **vars(my_loss), **vars(my_problem)}
    for table, holder in (("NETWORKS", NETWORKS), ("CHANGES", loss.CHANGES), ("SAMPLES", apps_prepare.SAMPLES)):
        for name, value in eval(entries[table], known).items():
            monkeypatch.setitem(holder, name, value)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("my_")]:
        del sys.modules[name]


def command(number, folder, data, *options):
    """The page's command, in a folder of the test's and with its photos."""
    script, words = COMMANDS[number]
    words = [word.strip("'").replace("file://my/configs", f"file://{folder}/my/configs") for word in words.split()]
    own = [f"paths.data={data}", f"paths.outputs={folder}", "trainer.accelerator=cpu"]
    own += [] if script == "saliency" else [f"regions.folders=[{data / 'mine'}]"]
    main(["train", script, *words, *own, *options])
    return next((folder / f"train_{script}").rglob("model.safetensors"))


def test_there_is_a_command_for_each(extended):
    assert [script for script, _ in COMMANDS] == ["realism", "saliency", "enhancer", "realism"]


def test_a_critic(extended, data):
    path = command(0, extended, data)
    network = load_network(path, kind="realism")
    assert network.card["network"] == "mean_critic" and network.card["config"] == {"hidden": 16}


def test_a_saliency_network(extended, data):
    path = command(1, extended, data)
    assert load_network(path, kind="saliency").card["network"] == "distance_saliency"


def test_a_loss_of_the_enhancer(extended, data, tiny_weights):
    judges = [f"realism.weights={tiny_weights['critic']}", f"saliency.weights={tiny_weights['saliency']}"]
    path = command(2, extended, data, *judges, "model.network.input_size=32")
    assert load_network(path, kind="enhancer").card["objective"]["change"] == "difference"


def test_a_loss_of_the_critic(extended, data, capsys):
    command(3, extended, data, "model.network.input_size=32")
    assert "modesty=" in capsys.readouterr().err  # of the bar


def test_a_data_set(extended, monkeypatch):
    monkeypatch.setitem(splits.SHARES, "labels", (0.8, 0.1))
    monkeypatch.setattr(data_regions, "_SOURCES", (*data_regions._SOURCES, "labels"))
    assert "labels" not in apps_regions._SOURCES  # the third entry that the page names
    (extended / "labels").mkdir()
    labels = np.zeros((90, 120), np.uint8)
    labels[10:40, 10:50], labels[50:80, 60:110] = 3, 7
    photo = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(photo).save(extended / "labels/a.jpg")
    Image.fromarray(labels).save(extended / "labels/a.png")
    from my_set import read_labels

    found = build(read_labels(extended), extended / "out", extended, matte=False, workers=0)
    assert [(one.source, one.region_id) for one in found] == [("labels", "3"), ("labels", "7")]
    assert [round(one.area, 3) for one in found] == [0.111, 0.139]
