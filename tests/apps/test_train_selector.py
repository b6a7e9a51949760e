"""Training the selector by its command, on small made sets: it selects, then tells kinds apart, and is bundled."""
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from realistic_editing.apps.cli import main
from realistic_editing.common.errors import InputError
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.weights import load_network, save_network

QUICK = ["trainer.steps=2", "trainer.batch_size=2", "trainer.evaluate_every=2", "trainer.accelerator=cpu"]
NETWORK = ["model.network.pretrained=none", "model.network.input_size=64"]


def square(left, top):
    return [[left, top, left + 25, top, left + 25, top + 20, left, top + 20]]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """COCO, ECSSD and BSDS500 of a few photos each."""
    root, rng = tmp_path_factory.mktemp("sets"), np.random.default_rng(0)

    def photo(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((80, 60)).save(path)

    for subset, count in (("train2017", 3), ("val2017", 6)):
        images, notes = [], []
        for number in range(1, count + 1):
            name = f"{number:012d}.jpg"
            photo(root / "coco" / subset / name)
            images.append({"id": number, "file_name": name, "height": 60, "width": 80})
            for part, category in enumerate((1, 3, 52)):
                notes.append({"id": 10 * number + part, "image_id": number, "category_id": category, "iscrowd": 0,
                              "segmentation": square(4 + 25 * part, 15)})  # fmt: skip
        path = root / "coco/annotations" / f"instances_{subset}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"images": images, "annotations": notes, "categories": []}))
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:50] = 255
    photo(root / "ecssd/images/0300.jpg")
    photo(root / "bsds500/images/train/1.jpg")
    for path, pixels in (("ecssd/masks/0300.png", mask), ("bsds500/segments/train/1_0.png", mask // 255)):
        (root / path).parent.mkdir(parents=True)
        Image.fromarray(pixels).save(root / path)
    return root


def test_it_learns_to_select_and_then_kinds(root, tmp_path):
    places = [f"paths.data={root}", f"paths.outputs={tmp_path}"]
    main(["train", "selector", f"output={tmp_path / 'a'}", *places, *NETWORK, *QUICK])
    first = load_network(tmp_path / "a/model.safetensors", kind="selector")
    assert first.card["step"] == 2 and 0 <= first.card["measures"]["iou"] <= 1
    main(["train", "selector", "learn=kinds", f"initial={tmp_path / 'a/model.safetensors'}", f"output={tmp_path / 'b'}",
          *places, *NETWORK, *QUICK])  # fmt: skip
    then = load_network(tmp_path / "b/model.safetensors", kind="selector")
    before, after = first.state_dict(), then.state_dict()
    assert {name for name in before if not before[name].equal(after[name])} == {"kinds.weight", "kinds.bias"}


def test_a_critic_learns_what_things_are_and_scores_as_before(root, tmp_path, capsys):
    shape = {"things_size": 64, "input_size": 64, "stride": 1, "ring": 8, "palette": 8, "hidden": 16, "colors_hidden": 24}
    critic = LiteCritic(**shape)
    save_network(critic, "lite_critic", tmp_path / "critic.safetensors", shape, {"step": 1})
    options = ["preset=lite", "experiment=lite_kinds", "namer=null", f"paths.data={root}", f"paths.outputs={tmp_path}", *QUICK]
    main(["train", "realism", f"initial={tmp_path / 'critic.safetensors'}", *options])
    then = load_network(tmp_path / "train_realism/lite/lite_kinds/model.safetensors", kind="realism")
    before, after = critic.state_dict(), then.state_dict()
    layers = {f"{layer}.{part}" for layer in ("person", "freedom") for part in ("weight", "bias")}
    assert {name for name in before if not before[name].equal(after[name])} == layers
    assert set(then.card["measures"]) == {"person_auc", "any_color_auc"}
    assert then.card["began_as"]["step"] == 1
    own = f"initial={tmp_path / 'critic.safetensors'}"
    for wrong, words in (
        (["initial=null"], "goes on from a trained critic that sees things"),
        (["initial=compact_saliency"], "goes on from a trained critic that sees things"),
        ([own, "preset=compact", "samples=kinds"], "add preset=lite initial=lite_critic"),
        ([own, "teacher=critic"], "needs teacher=null"),
    ):
        with pytest.raises(SystemExit):
            main(["train", "realism", *options, *wrong, f"output={tmp_path / 'wrong'}"])
        assert words in capsys.readouterr().err


def test_a_critic_from_before_it_knew_free_colours_cannot_tell(tmp_path):
    shape = {"things_size": 64, "input_size": 64, "stride": 1, "ring": 8, "palette": 8, "hidden": 16}
    critic = LiteCritic(**shape)
    save_network(critic, "lite_critic", tmp_path / "critic.safetensors", shape, {})
    with safe_open(tmp_path / "critic.safetensors", "pt") as file:
        about, state = file.metadata(), {name: file.get_tensor(name) for name in file.keys() if "freedom" not in name}
    save_file(state, tmp_path / "before.safetensors", about)
    before = load_network(tmp_path / "before.safetensors", kind="realism")
    kept = before.cache_features(torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64))
    assert kept.any_color().item() == 0.5
    del state["person.bias"]
    save_file(state, tmp_path / "damaged.safetensors", about)
    with pytest.raises(InputError, match="person.bias is missing"):
        load_network(tmp_path / "damaged.safetensors")


@pytest.mark.parametrize(
    ("options", "words"), [(["learn=names"], "use masks, or kinds"), (["learn=kinds"], "add initial=FILE")]
)
def test_what_cannot_be_learned_is_refused(root, tmp_path, capsys, options, words):
    with pytest.raises(SystemExit) as stop:
        main(["train", "selector", f"output={tmp_path}", f"paths.data={root}", *NETWORK, *QUICK, *options])
    assert stop.value.code == 2 and words in capsys.readouterr().err
