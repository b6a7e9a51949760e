"""Training the selector by its command, on small made sets: it selects, then tells kinds apart, and is bundled."""
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from realistic_editing.apps.cli import main
from realistic_editing.common.errors import InputError
from realistic_editing.realism.lite import LiteCritic
from realistic_editing.weights import load_network, save_network

QUICK = ["trainer.steps=2", "trainer.batch_size=2", "trainer.evaluate_every=2", "trainer.accelerator=cpu"]
NETWORK = ["model.network.pretrained=none", "model.network.input_size=64"]


def test_it_learns_to_select_and_then_kinds(things, tmp_path):
    places = [f"paths.data={things}", f"paths.outputs={tmp_path}"]
    main(["train", "selector", f"output={tmp_path / 'a'}", *places, *NETWORK, *QUICK])
    first = load_network(tmp_path / "a/model.safetensors", kind="selector")
    assert first.card["step"] == 2 and 0 <= first.card["measures"]["iou"] <= 1
    main(["train", "selector", "learn=kinds", f"initial={tmp_path / 'a/model.safetensors'}", f"output={tmp_path / 'b'}",
          *places, *NETWORK, *QUICK])  # fmt: skip
    then = load_network(tmp_path / "b/model.safetensors", kind="selector")
    before, after = first.state_dict(), then.state_dict()
    assert {name for name in before if not before[name].equal(after[name])} == {"kinds.weight", "kinds.bias"}


def test_a_critic_learns_what_things_are_and_scores_as_before(things, tmp_path, capsys):
    shape = {"things_size": 64, "input_size": 64, "stride": 1, "ring": 8, "palette": 8, "hidden": 16, "colors_hidden": 24}
    critic = LiteCritic(**shape)
    save_network(critic, "lite_critic", tmp_path / "critic.safetensors", shape, {"step": 1})
    places = [f"paths.data={things}", f"paths.outputs={tmp_path}"]
    options = ["preset=lite", "experiment=lite_kinds", "namer=null", *places, *QUICK]
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
    ("options", "words"),
    [(["learn=names"], "learn is 'names'; use one of masks, kinds"), (["learn=kinds"], "add initial=FILE")],
)
def test_what_cannot_be_learned_is_refused(things, tmp_path, capsys, options, words):
    with pytest.raises(SystemExit) as stop:
        main(["train", "selector", f"output={tmp_path}", f"paths.data={things}", *NETWORK, *QUICK, *options])
    assert stop.value.code == 2 and words in capsys.readouterr().err
