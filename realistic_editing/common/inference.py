"""Networks made ready to predict, with the same outcome but for rounding."""
import copy
from typing import Any

import torch
from torch import nn

from realistic_editing.common.protocols import FoldsNorms


@torch.no_grad()
def for_inference(network: nn.Module, *inputs: Any, fresh: bool = False) -> nn.Module:
    """A copy for prediction: batch norms folded into the convolutions before them, weights with the channels last.

    It cannot be trained, nor loaded from or saved as the network's weights.
    What it saves: `scripts/benchmark.py suite=propose`.

    Args:
        network: in evaluation mode.
        inputs: of one call, by which is seen which convolution each norm follows; small pictures will do.
        fresh: of a bundled kind of network that was just loaded for this, so that nobody else has it: it is changed itself,
            which is sooner than copying it, and not compared with what it was, which tests do for all that there are.

    Returns:
        The copy, in evaluation mode; attributes such as `card` are kept.

    Raises:
        ValueError: when the copy does not give what the network gives: a convolution's output goes elsewhere too.
    """
    network, replaced = (network if fresh else copy.deepcopy(network)).eval(), {}
    pairs, before = ([], None) if fresh and not _norms(network) else _pairs(network, inputs)
    for convolution, norm in pairs:
        _fold(convolution, norm)
        activation = getattr(norm, "act", nn.Identity())  # timm's norms hold the one that follows them
        if isinstance(activation, nn.ReLU | nn.ReLU6):  # nobody else has the convolution's output
            activation.inplace = True
        replaced[norm] = activation
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if child in replaced:
                setattr(parent, name, replaced[child])
        if isinstance(parent, FoldsNorms):
            parent.fold_norms()
    network.requires_grad_(False).to(memory_format=torch.channels_last)
    if fresh:
        return network
    for one, other in zip(_numbers(before), _numbers(network(*inputs)), strict=True):
        if not torch.allclose(one, other, rtol=1e-3, atol=1e-3):
            apart = float((one - other).abs().max())
            raise ValueError(f"{type(network).__name__} without its batch norms is {apart:.2g} apart; use it as it is")
    return network


def _numbers(output: Any) -> list[torch.Tensor]:
    """The tensors of what a network gives: one, or the fields of a recipe."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [value for value in vars(output).values() if isinstance(value, torch.Tensor) and value.is_floating_point()]


def _pairs(network: nn.Module, inputs: tuple[Any, ...]) -> tuple[list[tuple[nn.Conv2d, nn.BatchNorm2d]], Any]:
    """Each batch norm with the convolution before it, where each of the two is called once; and what the network gives."""
    made, found, hooks = {}, [], []

    def note(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        made[id(output)] = module, output  # the output is held, so that no other tensor gets its id

    def match(module: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        convolution, _ = made.get(id(given[0]), (None, None))
        if convolution is not None:
            found.append((convolution, module))

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(note))
    hooks += [norm.register_forward_pre_hook(match) for norm in _norms(network)]
    output = network(*inputs)
    for hook in hooks:
        hook.remove()
    convolutions, norms = [one for one, _ in found], [one for _, one in found]
    # A layer that is used twice has no single partner.
    return [(one, norm) for one, norm in found if convolutions.count(one) == norms.count(norm) == 1], output


def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    """The batch norms that can be folded, without those of modules that fold their own."""
    own = {norm for module in network.modules() if isinstance(module, FoldsNorms) for norm in module.modules()}
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d) and module not in own]
    return [norm for norm in norms if norm.affine and norm.track_running_stats]


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    bias = norm.bias - norm.running_mean * scale
    if convolution.bias is not None:
        bias = bias + convolution.bias * scale
    convolution.weight = nn.Parameter(convolution.weight * scale[:, None, None, None])
    convolution.bias = nn.Parameter(bias)
