"""Read the checkpoints of the paper's authors, by their key names."""
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular
from realistic_editing.weights.registry import fill, network_class

_EDITNET = {
    "stem.": "encoder.layer1.0.",
    "norm.": "encoder.layer1.1.",
    "blocks.0.": "encoder.layer1.3.",
    "blocks.1.": "encoder.layer1.4.",
    "blocks.2.": "encoder.layer2.0.",
    "blocks.3.": "encoder.layer3.0.",
    "blocks.4.": "encoder.layer3.1.",
    "blocks.5.": "encoder.layer4.0.",
    "blocks.6.": "encoder.layer4.1.",
    "order_embedding.": "perm_modulation.0.",
    "shared.": "shared_decoder.",
    "heads.white_balance.": "WB_head.0.",
    "heads.color_curve.": "ColorCurve_head.0.",
    "heads.saturation.": "Satur_head.0.",
    "heads.exposure.": "Expos_head.0.",
}
_REALISM = {"patches.": "model.0.model.", "hidden.": "model.2.", "score.": "model.3."}
_READOUTS = {
    **{f"{part}.": f"{part}." for part in ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")},
    **{f"readouts.{depth}.": f"output{depth}." for depth in range(5)},
    "combine.": "combined.",
}
_DECODER = {"imagenet.": "img_model.", "places.": "pla_model.", "combine.": "combined."}

# Name -> class, its arguments, and the prefixes of our keys with the authors'. No prefix begins another.
RELEASED: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "realismnet": ("realistic_editing.realism.network:RealismNet", {}, _REALISM),
    "editnet": ("realistic_editing.enhance.network:EditNet", {"blend": "each"}, _EDITNET),
    "emlnet_imagenet": ("realistic_editing.saliency.emlnet:ReadoutResNet", {}, _READOUTS),
    "emlnet_places": ("realistic_editing.saliency.emlnet:ReadoutResNet", {}, _READOUTS),
    "emlnet_decoder": ("realistic_editing.saliency.emlnet:Decoder", {}, _DECODER),
}
# A key that only one checkpoint has (two, for EML-Net's ResNets: their keys are the same).
_MARKS = {
    "model.0.model.0.weight": ("realismnet",),
    "perm_modulation.0.weight": ("editnet",),
    "output0.0.weight": ("emlnet_imagenet", "emlnet_places"),
    "img_model.0.0.weight": ("emlnet_decoder",),
}
_START = 512  # bytes, by which a file's kind is known
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
_TEXT = {*b"\t\n\r\f", *range(32, 256)} - {127}  # UTF-8 and older encodings have no other bytes


def load_released(checkpoint: str | Path | Mapping[str, Any], name: str) -> nn.Module:
    """Build a network with the weights that the paper's authors released.

    Args:
        checkpoint: a file of torch.save or .safetensors, or a state dict; {"state_dict": ...} and the "module." of
            DataParallel are seen through. Pickled code is never run.
        name: "realismnet", "editnet", "emlnet_imagenet", "emlnet_places" or "emlnet_decoder".

    Returns:
        The network, in evaluation mode. An EditNet's recipes have blend "each", as the release. The three of EML-Net
        are its parts; `EMLNet.from_released` joins them.

    Raises:
        InputError: naming the file and the remedy, when it cannot be read, or is not that network to the last key.
    """
    if name not in RELEASED:
        raise InputError(f"{name!r} is not a released network; expected one of {', '.join(RELEASED)}")
    source = "state dict" if isinstance(checkpoint, Mapping) else str(checkpoint)
    content = checkpoint if isinstance(checkpoint, Mapping) else _read(Path(checkpoint))
    state = _state_dict(content, source)
    target, arguments, _ = RELEASED[name]
    network = network_class(target)(**arguments)
    fill(network, state, f"{source}, as {name}", _remedy(name, state), released_names(network, name))
    return network.eval()


def released_names(network: nn.Module, name: str) -> dict[str, str]:
    """The keys of a network's state dict -> those of the authors' checkpoint `name`."""
    prefixes = RELEASED[name][2]
    names = {}
    for key in network.state_dict():
        ours = next(prefix for prefix in prefixes if key.startswith(prefix))
        names[key] = prefixes[ours] + key.removeprefix(ours)
    return names


def _remedy(name: str, state: Mapping[str, torch.Tensor]) -> str:
    found = next((names for key, names in _MARKS.items() if key in state), ())
    if not found:
        return "it does not look like a checkpoint of the authors; networks trained here are read by load_network"
    if name in found:
        return "it looks damaged, or changed since the authors released it; fetch it again"
    return f"it looks like a checkpoint of {' or '.join(found)}: load it under that name"


def _read(path: Path) -> Any:
    check_regular(path)
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, safetensors.SafetensorError) as error:
        found, remedy = _instead_of_tensors(path)
        raise InputError(f"{path}: not a checkpoint of tensors, but {found}; {remedy}") from error


def _instead_of_tensors(path: Path) -> tuple[str, str]:
    """What a file is that holds no tensors which can be read, by its first bytes, and the remedy; both in words.

    PyTorch's own reason may be a number, or the advice to run the pickled code.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    again = "fetch it again"
    if not start:
        return "an empty file", again
    if start.startswith(_PICTURES):
        return "a picture", "name the checkpoint itself"
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:
        named = path.suffix == ".safetensors"
        return "a .safetensors file" + " that is damaged" * named, again if named else "let its name end in .safetensors"
    if start.startswith(b"PK") and not zipfile.is_zipfile(path):
        return "an archive that is cut short", again
    if start.startswith((b"PK", b"\x80")):
        more = "a pickle or an archive with more in it, whose code is not run"
        return more, f"{again}, or save its state dict with torch.save"
    if start.lstrip().startswith(b"<"):
        return "a web page", f"{again}, by the link of the file itself"
    if all(byte in _TEXT for byte in start):
        return "text", again
    return "data of another kind", again


def _state_dict(content: Any, source: str) -> dict[str, torch.Tensor]:
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    tensors = isinstance(content, Mapping) and all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    )
    if not tensors or not content:
        raise InputError(f"{source}: holds no state dict; expected parameter names with their tensors")
    if all(key.startswith("module.") for key in content):
        return {key.removeprefix("module."): value for key, value in content.items()}
    return dict(content)
