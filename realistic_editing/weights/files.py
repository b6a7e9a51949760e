"""Write and read networks as .safetensors files that say what they hold."""
import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.common.nested import parse_json
from realistic_editing.common.networks import same_values
from realistic_editing.weights.mean_saliency import MeanSaliency
from realistic_editing.weights.registry import NETWORKS, bundled_kinds, fill, kinds, network_class
from realistic_editing.weights.rounded import from_bytes, to_bytes
from realistic_editing.weights.schema import check_config, without_fetching

WEIGHTS_FOLDER = Path(__file__).resolve().parent
METADATA = "realistic_editing"
_RENAMED = {"witness_saliency": "heldout_saliency"}  # for one release more


def save_network(
    network: nn.Module,
    name: str,
    path: str | Path,
    config: dict[str, Any],
    card: dict[str, Any],
    half: bool = False,
    rounded: bool = False,
) -> None:
    """Write weights with all that is needed to build the network again.

    A part that is frozen, and is one of the bundled networks to the last bit, is named by its fingerprint and not written
    again; any other is written.

    Args:
        network: on any device. Its `frozen_parts`, where it has them, are the names of modules that training leaves as
            they are.
        name: its short name in `NETWORKS`.
        path: the .safetensors file; it appears whole or not at all.
        config: the constructor's arguments, as JSON can hold them.
        card: what made it and how well it does, as JSON can hold it: revision, command, metrics.
        half: store parameters as float16, half the size. Buffers stay: a batch norm's variance can be below what
            float16 holds. So does a parameter with a value above 65504.
        rounded: store large parameters as a byte each, see `weights.rounded`.

    Raises:
        ValueError: when name is unknown.
        InputError: when the file cannot be written.
    """
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} is unknown; expected one of {', '.join(NETWORKS)}")
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    content: dict[str, Any] = {"network": name, "config": config, "card": card}
    frozen = _bundled_parts(network)
    if frozen:
        content["frozen"] = frozen
        state = {key: value for key, value in state.items() if not key.startswith(tuple(f"{part}." for part in frozen))}
    if rounded:
        state = to_bytes(state, set(dict(network.named_parameters())))
    if half:
        for key in state.keys() & dict(network.named_parameters()).keys():
            small = state[key].half() if state[key].is_floating_point() else state[key]
            if bool(small.isfinite().all()):
                state[key] = small
    # One entry, because safetensors writes several in an order that differs from run to run.
    metadata = json.dumps(content, sort_keys=True)
    with replacing(path) as temporary:
        try:
            safetensors.torch.save_file(state, temporary, {METADATA: metadata})
        except safetensors.SafetensorError as error:  # what it makes of a full disk
            raise InputError(f"{path}: cannot be written ({error}); free some disk space, or choose another place") from error


def load_network(
    source: str | Path,
    kind: str | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """Build the network that a file describes, with its weights, in evaluation mode.

    Args:
        source: a file of `save_network`, or the name of bundled weights, such as "compact_saliency"; of saliency networks also
            several, as "fast_saliency+compact_saliency", which gives the mean of their maps.
        kind: one of `registry.NETWORKS`, such as "saliency", where only that will do.
        device, dtype: of the result; CPU and float32 when None.

    Returns:
        The network. Its `card` is the file's card with "network" (the short name) and "config" added; of a mean, "mean_of"
        has the card of each.

    Raises:
        InputError: naming the file, what is wrong with it and the remedy; also for a device that is not there.
        ValueError: when kind is unknown.
    """
    if kind is not None and kind not in kinds():
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds())}")
    device = usable_device(device)
    if kind == "saliency" and "+" in str(source) and not Path(source).is_file():
        names = str(source).split("+")
        mean = MeanSaliency([load_network(name, kind, device, dtype) for name in names]).eval()
        mean.card = {"mean_of": {name: network.card for name, network in zip(names, mean.networks, strict=True)}}
        return mean
    path = _find(source, kind)
    content = describe_file(path)
    _, state = _read(path)
    name, config = content["network"], content["config"]
    card = {**content["card"], "network": name, "config": config}
    found = NETWORKS[name].kind
    if kind is not None and found != kind:
        fitting = ", ".join(known for known, entry in NETWORKS.items() if entry.kind == kind)
        raise InputError(f"{path}: holds {name}, for {found}; give a file for {kind} ({fitting})")
    network, state = _build(name, config, path), from_bytes(state)
    state |= _frozen_state(content["frozen"], path)
    fill(network, state, str(path), "the file was made by another version, or its config was changed; train it again")
    network.card = card
    return network.to(device=device, dtype=dtype).eval()


def describe_file(source: str | Path) -> dict[str, Any]:
    """What a file says of itself, without its weights.

    Args:
        source: as for `load_network`.

    Returns:
        "network", the short name; "config", the constructor's arguments; "card", what made it; "frozen", its parts that are
        bundled networks: name of the part -> {"weights": bundled name, "fingerprint": of `fingerprint`}.

    Raises:
        InputError: when the file is absent, damaged, or no file of `save_network`.
    """
    path = _find(source)
    metadata, _ = _read(path, tensors=False)
    try:
        content = parse_json(metadata[METADATA])
        found = {"network": content["network"], "config": {**content["config"]}, "card": {**content["card"]}}
        found["frozen"] = {
            part: {key: str(named[key]) for key in ("weights", "fingerprint")}
            for part, named in content.get("frozen", {}).items()
        }
    except (AttributeError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: does not say which network it holds; expected a file of save_network, or load the authors' "
            "checkpoints with load_released"
        ) from error
    if not isinstance(found["network"], str) or found["network"] not in NETWORKS:
        raise InputError(f"{path}: holds a network {found['network']!r}, which is unknown; known are {', '.join(NETWORKS)}")
    return found


def fingerprint(network: nn.Module) -> str:
    """Eight hexadecimal digits that differ between the weights of two networks, on any device."""
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]


def bundled() -> list[str]:
    """The names of the weights that come with the package."""
    return sorted(path.stem for path in WEIGHTS_FOLDER.glob("*.safetensors"))


def is_bundled(source: str | Path) -> bool:
    """Whether all weights that a source of `load_network` names come with the package, and so were tested."""
    return all(part in bundled() for part in str(source).split("+"))


def file_size(source: str | Path) -> int:
    """Bytes of a file of weights. Arguments and errors as `load_network`."""
    return _find(source).stat().st_size


def usable_device(device: torch.device | str | None) -> torch.device | None:
    """A device that this machine has, as torch names it; None for None. Raises InputError."""
    if device is None:
        return None
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # What torch raises for a name that is no device, for CUDA in a build without it, and for a backend that is not there.
        why = (str(error).splitlines() or [""])[0].split("Expected one of")[0].strip() or "there is no such device"
        remedy = "use cpu, or, with a GPU of NVIDIA's, cuda"
        raise InputError(f"device {str(device)!r} cannot be used here ({why}); {remedy}") from error


def _find(source: str | Path, kind: str | None = None) -> Path:
    """The file of some weights; where there is none, the error names the bundled ones, of a kind where one is given."""
    path = Path(source)
    check_regular(path)
    if path.is_file():
        return path
    if str(source) in _RENAMED:
        warnings.warn(f"the weights {source} are called {_RENAMED[str(source)]} now", DeprecationWarning, stacklevel=3)
        source = _RENAMED[str(source)]
    if str(source) in bundled():
        return WEIGHTS_FOLDER / f"{source}.safetensors"
    found = "is a folder" if path.is_dir() else "no such file"
    of_kind = bundled_kinds()
    names = ", ".join(name for name in bundled() if kind in (None, of_kind.get(name))) or "none"
    raise InputError(f"{source}: {found}; give a .safetensors file, or the name of bundled weights ({names})")


def _bundled_parts(network: nn.Module) -> dict[str, dict[str, str]]:
    """The frozen parts of a network that are bundled networks: part -> what `describe_file` says of it."""
    found = {}
    for part in getattr(network, "frozen_parts", ()):
        module = network.get_submodule(part)
        for name in bundled():
            if network_class(NETWORKS[describe_file(name)["network"]].target) is type(module):
                other = load_network(name)
                if same_values(module, other):
                    found[part] = {"weights": name, "fingerprint": fingerprint(other)}
                    break
    return found


def _frozen_state(frozen: dict[str, dict[str, str]], path: Path) -> dict[str, torch.Tensor]:
    """The values of the parts that a file names and does not hold, from the bundled weights."""
    state = {}
    for part, named in frozen.items():
        name, mark = named["weights"], named["fingerprint"]
        if name not in bundled():
            raise InputError(
                f"{path}: was made with the bundled network {name} ({mark}), which this installation lacks; install the "
                "version of this project that made the file"
            )
        network = load_network(name)
        if fingerprint(network) != mark:
            raise InputError(
                f"{path}: was made with the bundled network {name} of fingerprint {mark}, and this version's has "
                f"{fingerprint(network)}; install the version that made the file, or train it again"
            )
        state |= {f"{part}.{key}": value for key, value in network.state_dict().items()}
    return state


def _read(path: Path, tensors: bool = True) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {key: file.get_tensor(key) for key in file.keys()} if tensors else {}
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except safetensors.SafetensorError as error:
        raise InputError(
            f"{path}: not a whole .safetensors file ({error}); copy or train it again, or load the authors' "
            "checkpoints with load_released"
        ) from error


class _Unfilled(TorchFunctionMode):
    """Leaves the values of new networks as they are: every one of them is then loaded, and drawing them takes time."""

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        if getattr(function, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return function(*args, **(kwargs or {}))


def _build(name: str, config: dict[str, Any], path: Path) -> nn.Module:
    check_config(name, config, str(path))
    try:
        with _Unfilled():
            return network_class(NETWORKS[name].target)(**without_fetching(name, config))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {name} cannot be built from {config} ({error}); train it again") from error
