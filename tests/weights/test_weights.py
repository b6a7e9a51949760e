"""Weight files: what is written comes back, and what cannot be used is named with its remedy."""
import json
import re
import subprocess
import sys

import pytest
import safetensors.torch
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.network import EditNet
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.realism.network import RealismNet
from realistic_editing.weights import NETWORKS, bundled, fingerprint, load_network, load_released, save_network
from realistic_editing.weights import files as weight_files
from realistic_editing.weights.files import METADATA
from realistic_editing.weights.registry import bundled_kinds, network_class
from realistic_editing.weights.released import released_names

CONFIG = {"backbone": "tf_efficientnet_lite0", "input_size": 64}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = EditNet(**CONFIG)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.num_batches_tracked.fill_(70_000)  # above float16's largest
    network.norm.running_var.fill_(1e-9)  # below its smallest
    return network.eval()


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(network, "editnet", path, CONFIG, {"revision": "abc", "score": 0.5})
    return path


def rewrite(path, change):
    """Write the file again with its metadata changed."""
    with safetensors.safe_open(path, framework="pt") as file:
        content = json.loads(file.metadata()[METADATA])
    change(content)
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, {METADATA: json.dumps(content)})


def test_every_network_is_found_and_has_a_kind():
    for entry in NETWORKS.values():
        assert issubclass(network_class(entry.target), nn.Module)
        assert entry.kind in ("saliency", "realism", "enhancer", "baseline", "selector")
    assert set(bundled()) <= set(bundled_kinds())


def test_the_package_imports_no_network():
    code = "import sys, realistic_editing.weights; print([m for m in sys.modules if 'realistic_editing' in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not any(part in found for part in ("editing.saliency", "editing.realism", "editing.enhance", "editing.selection"))


def test_round_trip_is_exact(network, saved):
    loaded = load_network(saved, kind="enhancer")
    assert not loaded.training
    assert loaded.card == {"revision": "abc", "score": 0.5, "network": "editnet", "config": CONFIG}
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name


def test_half_keeps_buffers_and_what_does_not_fit(network, tmp_path):
    network = load_network_of(network)
    with torch.no_grad():
        network.shared[0].bias[0] = 1e6
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_network(network, "editnet", full, CONFIG, {})
    save_network(network, "editnet", half, CONFIG, {}, half=True)
    assert half.stat().st_size < 0.55 * full.stat().st_size
    loaded = load_network(half)
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    for name, value in network.named_buffers():
        assert torch.equal(loaded.get_buffer(name), value), name
    assert loaded.shared[0].bias[0] == 1e6
    torch.testing.assert_close(loaded.stem.weight, network.stem.weight, atol=1e-3, rtol=1e-3)


def test_rounded_weights_take_a_byte_each_and_are_close(network, tmp_path):
    half, rounded = tmp_path / "half.safetensors", tmp_path / "rounded.safetensors"
    save_network(network, "editnet", half, CONFIG, {}, half=True)
    save_network(network, "editnet", rounded, CONFIG, {}, half=True, rounded=True)
    assert rounded.stat().st_size < 0.75 * half.stat().st_size
    loaded = dict(load_network(rounded).named_parameters())
    for name, value in network.named_parameters():
        step = value.detach().flatten(1).abs().amax(dim=1) / 127 if value.dim() > 1 else value.detach().abs()
        error = (loaded[name] - value).detach().flatten(1 if value.dim() > 1 else 0).abs()
        assert (error <= 0.51 * step.reshape(-1, *[1] * (error.dim() - 1)) + 1e-3).all(), name


@pytest.mark.parametrize("change", ["shape", "missing", "nan", "alone"])
def test_scales_that_do_not_fit_are_refused(network, tmp_path, change):
    path = tmp_path / "rounded.safetensors"
    save_network(network, "editnet", path, CONFIG, {}, rounded=True)
    with safetensors.safe_open(path, "pt") as file:
        metadata, state = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}
    scale = next(key for key in state if key.endswith(".scale"))
    if change == "shape":
        state[scale] = state[scale].flatten()
    if change == "missing":
        del state[scale]
    if change == "nan":
        state[scale][0] = float("nan")
    if change == "alone":
        del state[scale.removesuffix(".scale")]
    safetensors.torch.save_file(state, path, metadata)
    with pytest.raises(InputError, match="rounded.safetensors"):
        load_network(path)


def load_network_of(network):
    copy = EditNet(**CONFIG)
    copy.load_state_dict(network.state_dict())
    return copy.eval()


def test_the_same_network_gives_the_same_bytes_in_another_process(tmp_path):
    code = (
        "import sys, torch; from realistic_editing.weights import save_network;"
        "from realistic_editing.realism.compact import CompactCritic; torch.manual_seed(0);"
        "save_network(CompactCritic(), 'compact_critic', sys.argv[1], {}, {'b': 1, 'a': 2, 'c': [3]})"
    )
    paths = [tmp_path / f"{index}.safetensors" for index in range(2)]
    subprocess.run([sys.executable, "-c", code, str(paths[0])], check=True)
    torch.manual_seed(0)
    save_network(CompactCritic(), "compact_critic", paths[1], {}, {"b": 1, "a": 2, "c": [3]})
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_dtype_and_a_config_that_asks_for_pretrained_weights(saved, monkeypatch):
    rewrite(saved, lambda content: content["config"].update(pretrained=True))
    asked = []
    real = EditNet.__init__
    monkeypatch.setattr(EditNet, "__init__", lambda self, **options: (asked.append(options), real(self, **options))[1])
    loaded = load_network(saved, dtype=torch.bfloat16, device="cpu")
    assert loaded.stem.weight.dtype == torch.bfloat16
    assert asked[0]["pretrained"] == "none"


def test_a_fingerprint_tells_weights_apart(saved):
    network, same = load_network(saved), load_network(saved)
    assert fingerprint(network) == fingerprint(same) and len(fingerprint(network)) == 8
    with torch.no_grad():
        next(same.parameters()).view(-1)[0] += 1e-3
    assert fingerprint(network) != fingerprint(same)


def test_bundled_names(saved, monkeypatch):
    monkeypatch.setattr(weight_files, "WEIGHTS_FOLDER", saved.parent)
    assert bundled() == ["network"]
    assert load_network("network").card["revision"] == "abc"
    with pytest.raises(InputError, match=r"atenuate: no such file; .*bundled weights \(network\)"):
        load_network("atenuate")
    with pytest.raises(InputError, match="is a folder"):
        load_network(saved.parent)


def test_absent_weights_name_the_bundled_ones_that_would_do():
    with pytest.raises(InputError) as error:
        load_network("nosuch", kind="realism")
    listed = str(error.value).split("bundled weights (")[1].rstrip(")").split(", ")
    assert set(listed) == {name for name, kind in bundled_kinds().items() if kind == "realism"}


def test_the_wrong_kind_names_what_the_file_holds(saved):
    with pytest.raises(InputError, match=r"network.safetensors: holds editnet, for enhancer; give a file for saliency"):
        load_network(saved, kind="saliency")
    with pytest.raises(ValueError, match="kind is 'critic'"):
        load_network(saved, kind="critic")


@pytest.mark.parametrize("length", [0, 5, 1000, -1000])
def test_a_truncated_file_is_named(saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(InputError, match=r"network.safetensors: not a whole .safetensors file"):
        load_network(saved)


def test_files_that_are_not_ours(tmp_path):
    torch.save({"weight": torch.zeros(2)}, tmp_path / "last.pt")
    with pytest.raises(InputError, match=r"last.pt: not a whole .safetensors file .*load_released"):
        load_network(tmp_path / "last.pt")
    safetensors.torch.save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"other.safetensors: does not say which network"):
        load_network(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(network="vgg"), "'vgg', which is unknown"),
        (lambda content: content.update(config={"depth": 3}), "cannot be built from .*depth"),
        (
            lambda content: content.update(config={"backbone": "tf_efficientnet_lite3"}),
            r"instead of .* is missing, .*and \d+ more such; the file was made",
        ),
        (lambda content: content.update(config=None), "does not say which network"),
    ],
)
def test_metadata_that_does_not_fit(saved, change, message):
    rewrite(saved, change)
    with pytest.raises(InputError, match=message):
        load_network(saved)


def test_missing_and_unexpected_keys_are_named(network, saved):
    state = network.state_dict()
    state["head.weight"] = state.pop("stem.weight")
    metadata = json.dumps({"network": "editnet", "config": CONFIG, "card": {}})
    safetensors.torch.save_file(state, saved, {METADATA: metadata})
    with pytest.raises(InputError, match=r"stem.weight is missing, head.weight is not expected"):
        load_network(saved)


def test_an_unknown_network_is_not_written(network, tmp_path):
    with pytest.raises(ValueError, match="'edit_net' is unknown"):
        save_network(network, "edit_net", tmp_path / "x.safetensors", {}, {})
    assert not list(tmp_path.iterdir())


# The authors' checkpoints.


@pytest.fixture(scope="module")
def released():
    """A RealismNet under the authors' names."""
    torch.manual_seed(0)
    network = RealismNet()
    names = released_names(network, "realismnet")
    return {names[key]: value for key, value in network.state_dict().items()}


@pytest.mark.parametrize("form", ["dict", "state_dict", "module", "pt", "safetensors"])
def test_every_form_of_a_released_checkpoint(released, form, tmp_path):
    checkpoint = released
    if form == "state_dict":
        checkpoint = {"state_dict": released, "epoch": 3}
    elif form == "module":
        checkpoint = {f"module.{key}": value for key, value in released.items()}
    elif form == "pt":
        checkpoint = tmp_path / "realism.pth"
        torch.save({"state_dict": released}, checkpoint)
    elif form == "safetensors":
        checkpoint = tmp_path / "realism.safetensors"
        safetensors.torch.save_file(released, checkpoint)
    network = load_released(checkpoint, "realismnet")
    assert not network.training
    assert torch.equal(network.patches[14].weight, released["model.0.model.14.weight"])


def test_another_released_network_is_recognised(released):
    with pytest.raises(InputError, match="looks like a checkpoint of realismnet: load it under that name"):
        load_released(released, "editnet")
    with pytest.raises(InputError, match="'gan' is not a released network; expected one of realismnet"):
        load_released(released, "gan")


def test_released_keys_must_fit_to_the_last(released):
    fewer = {key: value for key, value in released.items() if key != "model.3.bias"}
    with pytest.raises(InputError, match=r"model.3.bias is missing; it looks damaged"):
        load_released(fewer, "realismnet")
    with pytest.raises(InputError, match=r"model.9.bias is not expected"):
        load_released({**released, "model.9.bias": torch.zeros(1)}, "realismnet")
    with pytest.raises(InputError, match=r"model.2.weight has shape \(3,\) instead of \(32, 484\)"):
        load_released({**released, "model.2.weight": torch.zeros(3)}, "realismnet")
    with pytest.raises(InputError, match="does not look like a checkpoint of the authors"):
        load_released(RealismNet().state_dict(), "realismnet")


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [torch.zeros(1)], torch.zeros(1)])
def test_checkpoints_without_a_state_dict(content, tmp_path):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(InputError, match=r"x.pt: holds no state dict"):
        load_released(tmp_path / "x.pt", "realismnet")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file; fetch it again"),
        (b"hello", "text; fetch it again"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "a web page; fetch it again, by the link of the file itself"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture; name the checkpoint itself"),
        (b"\x80\x02garbage", "a pickle or an archive with more in it, whose code is not run; fetch it again, or save"),
        (b"PK\x03\x04 cut off", "an archive that is cut short; fetch it again"),
        (bytes(100), "data of another kind; fetch it again"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_no_checkpoint(content, found, suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"x{suffix}: not a checkpoint of tensors, but {found}"):
        load_released(path, "realismnet")


def test_safetensors_by_another_name_and_damaged(tmp_path):
    safetensors.torch.save_file({"a": torch.zeros(9)}, tmp_path / "x.pth")
    with pytest.raises(InputError, match=r"but a .safetensors file; let its name end in .safetensors"):
        load_released(tmp_path / "x.pth", "realismnet")
    (tmp_path / "y.safetensors").write_bytes((tmp_path / "x.pth").read_bytes()[:-4])
    with pytest.raises(InputError, match=r"but a .safetensors file that is damaged; fetch it again"):
        load_released(tmp_path / "y.safetensors", "realismnet")


class _Payload:
    def __reduce__(self):
        return print, ("this must not run",)


def test_pickled_code_is_not_run(tmp_path, capsys):
    torch.save({"state_dict": _Payload()}, tmp_path / "x.pt")
    with pytest.raises(InputError, match="not a checkpoint of tensors, but a pickle or an archive with more in it"):
        load_released(tmp_path / "x.pt", "realismnet")
    assert "must not run" not in capsys.readouterr().out


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone.pth: cannot be read .*check the path"):
        load_released(tmp_path / "gone.pth", "realismnet")


def test_every_bundled_file_has_its_row_among_the_licences():
    table = (weight_files.WEIGHTS_FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    named = {name for row in table.splitlines() if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(bundled())
