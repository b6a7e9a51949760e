"""Files of weights whose arguments or values no network has: refused by the network's own schema, before anything is built."""
import functools
import json

import pytest
import safetensors.torch
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.weights import NETWORKS, bundled, describe_file, load_network
from realistic_editing.weights.files import METADATA
from realistic_editing.weights.registry import network_class
from realistic_editing.weights.schema import check_config, without_fetching


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return CompactCritic().state_dict()


def written(tmp_path, state, **config):
    path = tmp_path / "a.safetensors"
    said = {"network": "compact_critic", "config": config, "card": {}}
    safetensors.torch.save_file(state, path, {METADATA: json.dumps(said)})
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", 10**9), ("hidden", -1), ("hidden", 0), ("hidden", 1.5), ("hidden", "256"), ("hidden", True),
        ("hidden", None), ("dropout", float("nan")), ("dropout", 1), ("dropout", -0.1), ("stride", 0),
        ("input_size", 10**30), ("input_size", [384, 384]), ("ring", 0), ("palette", {}), ("guesses", -1), ("depth", 3),
    ],
)  # fmt: skip
def test_an_argument_out_of_range_is_named_and_nothing_is_built(tmp_path, monkeypatch, state, name, value):
    path = written(tmp_path, state, **{name: value})

    @functools.wraps(CompactCritic.__init__)  # with its arguments, which the schema is made of
    def build(*_, **__):
        pytest.fail("it was built")

    monkeypatch.setattr(CompactCritic, "__init__", build)
    with pytest.raises(InputError, match=rf"a.safetensors: .*{name}"):
        load_network(path)


def test_a_backbone_is_no_address():
    for name in ("hf-hub:someone/network", "resnet18", "tf_efficientnet_lite9"):
        with pytest.raises(InputError, match="backbone is .*use tf_efficientnet_lite0 to"):
            check_config("lite_saliency", {"backbone": name}, "a.safetensors")
        with pytest.raises(InputError, match="saliency: backbone is"):
            check_config("lite_enhancer", {"saliency": {"backbone": name}}, "a.safetensors")


def test_what_a_file_holds_is_not_fetched():
    asked = without_fetching("lite_enhancer", {"saliency": {"pretrained": "timm", "width": 8}, "hidden": 4})
    assert asked == {"saliency": {"pretrained": "none", "width": 8}, "hidden": 4}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_defaults_and_bundled_configs_fit(name):
    import inspect

    found = inspect.signature(network_class(NETWORKS[name].target)).parameters
    check_config(name, {argument: one.default for argument, one in found.items()}, "defaults")
    for weights in bundled():
        content = describe_file(weights)
        if content["network"] == name:
            check_config(name, content["config"], weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value * float("nan"), "not finite"),
        (lambda value: value + float("inf"), "not finite"),
        (lambda value: value.int(), "of type int32 instead of floating-point"),
        (lambda value: value.bool(), "of type bool instead of floating-point"),
        (lambda value: value.to(torch.complex64), "of type complex64 instead of floating-point"),
    ],
)
def test_values_that_no_network_has(tmp_path, state, change, message):
    key = next(key for key, value in state.items() if value.ndim == 2)
    with pytest.raises(InputError, match=f"a.safetensors: {key} .*{message}"):
        load_network(written(tmp_path, {**state, key: change(state[key])}))


@pytest.mark.parametrize(
    ("ending", "value"), [("running_var", -1.0), ("num_batches_tracked", 1.5), ("num_batches_tracked", True)]
)
def test_buffers_that_no_training_leaves(tmp_path, state, ending, value):
    key = next(key for key in state if key.endswith(ending))
    shape = state[key].shape
    with pytest.raises(InputError, match=f"{key} (holds a variance below 0|is of type)"):
        load_network(written(tmp_path, {**state, key: torch.full(shape, value)}))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_read(tmp_path, state, dtype):
    half = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
    assert {value.dtype for value in load_network(written(tmp_path, half)).parameters()} == {torch.float32}
