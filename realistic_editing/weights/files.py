"""Write and read networks as .safetensors files that say what they hold."""
import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.weights.registry import NETWORKS, fill, kinds, network_class

FOLDER = Path(__file__).resolve().parent
METADATA = "realistic_editing"


def save_network(
    network: nn.Module, name: str, path: str | Path, config: dict[str, Any], card: dict[str, Any], half: bool = False
) -> None:
    """Write weights with all that is needed to build the network again.

    Args:
        network: on any device.
        name: its short name in `NETWORKS`.
        path: the .safetensors file; it appears whole or not at all.
        config: the constructor's arguments, as JSON can hold them.
        card: what made it and how well it does, as JSON can hold it: revision, command, metrics.
        half: store parameters as float16, half the size. Buffers stay: a batch norm's variance can be below what
            float16 holds. So does a parameter with a value above 65504.

    Raises:
        ValueError: when name is unknown.
        InputError: when the file cannot be written.
    """
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} is unknown; expected one of {', '.join(NETWORKS)}")
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    if half:
        for key, _ in network.named_parameters():
            small = state[key].half()
            if bool(small.isfinite().all()):
                state[key] = small
    # One entry, because safetensors writes several in an order that differs from run to run.
    metadata = json.dumps({"network": name, "config": config, "card": card}, sort_keys=True)
    with replacing(path) as temporary:
        safetensors.torch.save_file(state, temporary, {METADATA: metadata})


def load_network(
    source: str | Path,
    kind: str | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """Build the network that a file describes, with its weights, in evaluation mode.

    Args:
        source: a file of `save_network`, or the name of bundled weights, such as "compact_saliency".
        kind: "saliency", "realism" or "enhancer", where only that will do.
        device, dtype: of the result; CPU and float32 when None.

    Returns:
        The network. Its `card` is the file's card with "network" (the short name) and "config" added.

    Raises:
        InputError: naming the file, what is wrong with it and the remedy; also for a device that is not there.
        ValueError: when kind is unknown.
    """
    if kind is not None and kind not in kinds():
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds())}")
    device = usable_device(device)
    path = _find(source)
    metadata, state = _read(path)
    try:
        content = json.loads(metadata[METADATA])
        name, config = content["network"], {**content["config"]}
        card = {**content["card"], "network": name, "config": config}
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: does not say which network it holds; expected a file of save_network, or load the authors' "
            "checkpoints with load_released"
        ) from error
    if name not in NETWORKS:
        raise InputError(f"{path}: holds a network {name!r}, which is unknown; known are {', '.join(NETWORKS)}")
    found = NETWORKS[name].kind
    if kind is not None and found != kind:
        fitting = ", ".join(known for known, entry in NETWORKS.items() if entry.kind == kind)
        raise InputError(f"{path}: holds {name}, for {found}; give a file for {kind} ({fitting})")
    network = _build(name, config, path)
    fill(network, state, str(path), "the file was made by another version, or its config was changed; train it again")
    network.card = card
    return network.to(device=device, dtype=dtype).eval()


def fingerprint(network: nn.Module) -> str:
    """Eight hexadecimal digits that tell the weights of one network from those of another, on any device."""
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]


def bundled() -> list[str]:
    """The names of the weights that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def file_size(source: str | Path) -> int:
    """Bytes of a file of weights. Arguments and errors as `load_network`."""
    return _find(source).stat().st_size


def usable_device(device: torch.device | str | None) -> torch.device | None:
    """A device that this machine has, as torch names it; None for None. Raises InputError."""
    if device is None:
        return None
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch built without CUDA asserts
        raise InputError(
            f"device {str(device)!r} cannot be used here ({(str(error).splitlines() or ['no reason given'])[0]}); use cpu"
        ) from error


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    if str(source) in bundled():
        return FOLDER / f"{source}.safetensors"
    found = "is a folder" if path.is_dir() else "no such file"
    names = ", ".join(bundled()) or "none"
    raise InputError(f"{source}: {found}; give a .safetensors file, or the name of bundled weights ({names})")


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {key: file.get_tensor(key) for key in file.keys()}
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except safetensors.SafetensorError as error:
        raise InputError(
            f"{path}: not a whole .safetensors file ({error}); copy or train it again, or load the authors' "
            "checkpoints with load_released"
        ) from error


def _build(name: str, config: dict[str, Any], path: Path) -> nn.Module:
    if config.get("pretrained"):
        config = {**config, "pretrained": "none"}  # the weights are in the file: fetch nothing
    try:
        return network_class(NETWORKS[name].target)(**config)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {name} cannot be built from {config} ({error}); train it again") from error
