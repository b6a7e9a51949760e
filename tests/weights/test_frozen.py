"""Frozen parts of a network that are bundled networks: named in the file, not stored in it."""
import json

import numpy as np
import pytest
import safetensors.torch
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights import describe_file, load_network, save_network
from realistic_editing.weights import files as weight_files
from realistic_editing.weights.files import METADATA

SALIENCY = {"input_size": [24, 32], "widths": [4, 4, 4, 4, 4], "join": 4}
ENHANCER = {"saliency": SALIENCY, "input_size": 32, "stride": 1, "ring": 4, "palette": 4, "hidden": 8}


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """A folder of bundled weights with one saliency network, `eyes`."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(weight_files, "WEIGHTS_FOLDER", folder)
    torch.manual_seed(0)
    save_network(CompactSaliency(**SALIENCY), "compact_saliency", folder / "eyes.safetensors", SALIENCY, {}, half=True)
    return folder


@pytest.fixture
def enhancer(bundle):
    network = CompactEnhancer(**ENHANCER)
    network.start_from(load_network("eyes"))
    return network.eval()


def test_a_bundled_part_is_named_and_not_stored_and_comes_back_to_the_last_bit(enhancer, bundle, tmp_path):
    path = tmp_path / "enhancer.safetensors"
    enhancer.attention.stem[1].num_batches_tracked += 3  # as training counts; no output depends on it
    save_network(enhancer, "compact_enhancer", path, ENHANCER, {"task": "attenuate"})
    assert describe_file(path)["frozen"]["attention"]["weights"] == "eyes"
    assert not any(key.startswith("attention.") for key in safetensors.torch.load_file(path))
    loaded = load_network(path, "enhancer")
    assert all(torch.equal(value, enhancer.state_dict()[key]) for key, value in loaded.state_dict().items()
               if not key.endswith("num_batches_tracked"))  # fmt: skip
    assert loaded.shares_features_with(load_network("eyes"))
    image, mask = torch.rand(2, 3, 40, 50), torch.zeros(2, 1, 40, 50)
    mask[..., 10:30, 10:30] = 1
    order = torch.tensor([[0, 1, 2, 3], [3, 1, 0, 2]])
    with torch.no_grad():
        before, after = enhancer(image, mask, order), loaded(image, mask, order)
    for name in ("white_balance", "color_curve", "saturation", "exposure"):
        assert torch.equal(getattr(before, name), getattr(after, name)), name


def test_a_part_of_ones_own_is_stored(enhancer, bundle, tmp_path):
    with torch.no_grad():
        enhancer.attention.readout.bias += 0.5
    path = tmp_path / "enhancer.safetensors"
    save_network(enhancer, "compact_enhancer", path, ENHANCER, {})
    assert not describe_file(path)["frozen"]
    assert torch.equal(load_network(path).attention.readout.bias, enhancer.attention.readout.bias)


def test_files_of_before_hold_the_part_and_still_load(enhancer, bundle, tmp_path):
    path = tmp_path / "before.safetensors"
    content = {"network": "compact_enhancer", "config": ENHANCER, "card": {"task": "attenuate"}}
    safetensors.torch.save_file(enhancer.state_dict(), path, {METADATA: json.dumps(content)})
    (bundle / "eyes.safetensors").unlink()  # it needs no other file
    loaded = load_network(path)
    assert all(torch.equal(value, enhancer.state_dict()[key]) for key, value in loaded.state_dict().items())


def test_another_or_no_bundled_network_is_refused(enhancer, bundle, tmp_path):
    path, mark = tmp_path / "enhancer.safetensors", r"[0-9a-f]{8}"
    save_network(enhancer, "compact_enhancer", path, ENHANCER, {})
    save_network(CompactSaliency(**SALIENCY), "compact_saliency", bundle / "eyes.safetensors", SALIENCY, {})
    with pytest.raises(InputError, match=rf"enhancer.safetensors: .* eyes of fingerprint {mark}, .* has {mark}"):
        load_network(path)
    (bundle / "eyes.safetensors").unlink()
    with pytest.raises(InputError, match=r"enhancer.safetensors: .* eyes \([0-9a-f]{8}\), which this installation lacks"):
        load_network(path)


@pytest.mark.parametrize("frozen", ["eyes", {"attention": "eyes"}, {"attention": {"weights": "eyes"}}])
def test_metadata_of_parts_that_cannot_be_read_is_refused(enhancer, bundle, tmp_path, frozen):
    path = tmp_path / "enhancer.safetensors"
    content = {"network": "compact_enhancer", "config": ENHANCER, "card": {}, "frozen": frozen}
    safetensors.torch.save_file({"x": torch.zeros(1)}, path, {METADATA: json.dumps(content)})
    with pytest.raises(InputError, match="does not say which network"):
        load_network(path)


@pytest.mark.parametrize(("task", "saliency"), [("attenuate", "fast_saliency"), ("amplify", "fast_saliency"),
                                                ("compact_attenuate", "compact_saliency")])  # fmt: skip
def test_the_bundled_enhancers_name_the_bundled_saliency_network(task, saliency, tmp_path):
    assert describe_file(task)["frozen"]["attention"]["weights"] == saliency
    assert weight_files.file_size(task) < 3.5e6
    network = load_network(task)
    path = tmp_path / "whole.safetensors"  # the same with the part in it, as files of before have it
    about = describe_file(task)
    content = {name: about[name] for name in ("network", "config", "card")}
    safetensors.torch.save_file(network.state_dict(), path, {METADATA: json.dumps(content)})
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 20:50] = 255
    judges = {"critic": "critic", "saliency": "compact_saliency"}  # the quicker ones
    edits = [Enhancer.from_pretrained(file, **judges).propose(photo, mask, guard=None, refine=2) for file in (task, path)]
    for name in ("order", "white_balance", "color_curve", "saturation", "exposure"):
        assert torch.equal(*(getattr(edit.recipe, name) for edit in edits)), name
    assert edits[0].realism_change == edits[1].realism_change and edits[0].saliency_change == edits[1].saliency_change
