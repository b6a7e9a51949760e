"""The networks by their short names, found only when asked for: this package imports none of them."""
import dataclasses
import importlib
from collections.abc import Mapping

import torch
from torch import nn

from realistic_editing.common.errors import InputError

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)  # that weights may be stored in


@dataclasses.dataclass(frozen=True)
class NetworkEntry:
    """A network that files of weights may hold.

    Args:
        target: "module:Class".
        kind: "saliency", "realism", "enhancer", "selector" or "baseline".
        bundled: names of the weights of this network that the package has, or had.
        parts: its arguments that are the configurations of other networks, as (argument, short name).
    """

    target: str
    kind: str
    bundled: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()


# Short name, as in the files of weights -> the network. A new network is one line here, one file and one config.
NETWORKS = {
    "pix2pix": NetworkEntry("realistic_editing.realism.network:RealismNet", "realism", ("pix2pix_critic",)),
    "compact_critic": NetworkEntry("realistic_editing.realism.compact:CompactCritic", "realism", ("critic",)),
    "lite_critic": NetworkEntry("realistic_editing.realism.lite:LiteCritic", "realism", ("lite_critic",)),
    "editnet": NetworkEntry("realistic_editing.enhance.network:EditNet", "enhancer"),
    "compact_enhancer": NetworkEntry(
        "realistic_editing.enhance.compact:CompactEnhancer",
        "enhancer",
        ("compact_attenuate", "compact_amplify"),
        (("saliency", "compact_saliency"),),
    ),
    "lite_enhancer": NetworkEntry(
        "realistic_editing.enhance.lite:LiteEnhancer", "enhancer", ("attenuate", "amplify"), (("saliency", "lite_saliency"),)
    ),
    "emlnet": NetworkEntry("realistic_editing.saliency.emlnet:EMLNet", "saliency"),
    "compact_saliency": NetworkEntry(
        "realistic_editing.saliency.compact:CompactSaliency", "saliency", ("compact_saliency", "heldout_saliency")
    ),
    "lite_saliency": NetworkEntry(
        "realistic_editing.saliency.lite:LiteSaliency",
        "saliency",
        ("lite_saliency", "fast_saliency", "heldout_saliency", "heldout_lite_saliency"),
    ),
    "click_selector": NetworkEntry("realistic_editing.selection.network:ClickSelector", "selector", ("selector",)),
    "gazeshift": NetworkEntry("realistic_editing.baselines.gazeshift_network:GazeShiftNet", "baseline", ("gazeshift",)),
}


def kinds() -> tuple[str, ...]:
    """The kinds of network that there are."""
    return tuple(sorted({entry.kind for entry in NETWORKS.values()}))


def bundled_kinds() -> dict[str, str]:
    """The names of bundled weights, and the kind of each."""
    return {name: entry.kind for entry in NETWORKS.values() for name in entry.bundled}


def name_of(target: str) -> str:
    """The short name of the network that a config builds.

    Args:
        target: its `_target_`, such as "realistic_editing.realism.compact.CompactCritic".

    Raises:
        InputError: when NETWORKS lacks it.
    """
    for name, entry in NETWORKS.items():
        if entry.target.replace(":", ".") == target:
            return name
    raise InputError(f"_target_ is {target!r}, which weights/registry.py does not list; add a line to NETWORKS there")


def network_class(target: str) -> type[nn.Module]:
    """The class that "module:Class" names; InputError where there is no such module, or no such class in it."""
    module, name = target.split(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):  # what the module needs itself
            raise
        raise InputError(f"{target}: there is no module {error.name}; add its folder's whole path to PYTHONPATH") from error
    except AttributeError as error:
        raise InputError(f"{target}: the module has no {name}; mend its line in NETWORKS") from error


def fill(
    network: nn.Module,
    state: Mapping[str, torch.Tensor],
    source: str,
    remedy: str,
    names: Mapping[str, str] | None = None,
) -> None:
    """Load a state dict, all of it and nothing else; half precision is widened.

    What a network names as `added` may be absent, as from files of earlier versions, and is then 0.

    Args:
        network: receives the values.
        state: tensors by name.
        source, remedy: for the message.
        names: the network's own names -> those in `state`; the same when None.

    Raises:
        InputError: naming keys that are missing, not expected, or of another shape, and values that no network has: of another
            kind than its own, not finite, or a variance below 0.
    """
    own = network.state_dict()
    names = names or {name: name for name in own}
    state = {name: torch.zeros_like(own[name]) for name in getattr(network, "added", ()) if name not in state} | dict(state)
    expected = {theirs: own[name].shape for name, theirs in names.items()}
    shapes = [
        f"{name} has shape {tuple(state[name].shape)} instead of {tuple(shape)}"
        for name, shape in expected.items()
        if name in state and state[name].shape != shape
    ]
    missing = [f"{name} is missing" for name in expected if name not in state]
    extra = [f"{name} is not expected" for name in state if name not in expected]
    count = len(shapes) + len(missing) + len(extra)
    if count:
        said = [*shapes[:2], *missing[:2], *extra[:2]]
        more = f", and {count - len(said)} more such" if count > len(said) else ""
        raise InputError(f"{source}: does not fit {type(network).__name__}: {', '.join(said)}{more}; {remedy}")
    for name, theirs in names.items():
        if wrong := _unfit(name, state[theirs], own[name]):
            raise InputError(f"{source}: {theirs} {wrong}; {remedy}")
    network.load_state_dict({name: state[theirs] for name, theirs in names.items()})


def _unfit(name: str, value: torch.Tensor, own: torch.Tensor) -> str | None:
    """What keeps a tensor from the place of the network's own, in words."""
    if value.layout != torch.strided or value.is_meta or value.is_quantized:
        return "is no plain tensor"
    if own.is_floating_point():
        if value.dtype not in FLOATS:
            return f"is of type {_word(value)} instead of floating-point numbers"
        if not bool(value.isfinite().all()):
            return "holds values that are not finite"
        if name.rpartition(".")[2] == "running_var" and bool((value < 0).any()):
            return "holds a variance below 0"
    elif value.dtype == torch.bool or value.is_floating_point() or value.is_complex():
        return f"is of type {_word(value)} instead of {_word(own)}"
    return None


def _word(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
