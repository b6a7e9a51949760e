"""The networks by their short names, found only when asked for: this package imports none of them."""
import importlib
from collections.abc import Mapping

import torch
from torch import nn

from realistic_editing.common.errors import InputError

# Short name, as in the configs and in the weight files -> where the class is.
NETWORKS = {
    "pix2pix": "realistic_editing.realism.network:RealismNet",
    "compact_critic": "realistic_editing.realism.compact:CompactCritic",
    "editnet": "realistic_editing.enhance.network:EditNet",
    "compact_enhancer": "realistic_editing.enhance.compact:CompactEnhancer",
    "emlnet": "realistic_editing.saliency.emlnet:EMLNet",
    "compact_saliency": "realistic_editing.saliency.compact:CompactSaliency",
    "gazeshift": "realistic_editing.baselines.gazeshift_network:GazeShiftNet",
}
KINDS = {
    "pix2pix": "realism",
    "compact_critic": "realism",
    "editnet": "enhancer",
    "compact_enhancer": "enhancer",
    "emlnet": "saliency",
    "compact_saliency": "saliency",
    "gazeshift": "baseline",
}


def network_class(target: str) -> type[nn.Module]:
    """The class that "module:Class" names."""
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


def fill(
    network: nn.Module,
    state: Mapping[str, torch.Tensor],
    source: str,
    remedy: str,
    names: Mapping[str, str] | None = None,
) -> None:
    """Load a state dict, all of it and nothing else; half precision is widened.

    Args:
        network: receives the values.
        state: tensors by name.
        source, remedy: for the message.
        names: the network's own names -> those in `state`; the same when None.

    Raises:
        InputError: naming keys that are missing, not expected, or of another shape.
    """
    own = network.state_dict()
    names = names or {name: name for name in own}
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
    network.load_state_dict({name: state[theirs] for name, theirs in names.items()})
