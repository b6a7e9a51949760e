"""Weights of a byte each, where half precision takes two: large tensors, with a scale for each of their first axis."""
import torch

_SCALE = ".scale"  # beside a tensor's name: what its bytes are multiplied by
_LEAST = 4096  # values of a tensor: fewer are not worth it


def to_bytes(state: dict[str, torch.Tensor], names: set[str]) -> dict[str, torch.Tensor]:
    """Round the large tensors of a state dict to 255 levels for each of their first axis, such as each output channel.

    Args:
        state: tensors by name, floating-point and finite where they are named.
        names: of those that may be rounded.

    Returns:
        The state dict with int8 tensors in the place of these, and a float32 scale beside each.
    """
    found = {}
    for name, value in state.items():
        if name not in names or value.dim() < 2 or value.numel() < _LEAST:
            found[name] = value
            continue
        scale = value.float().flatten(1).abs().amax(dim=1).clamp(min=1e-12) / 127
        scale = scale.reshape(-1, *[1] * (value.dim() - 1))
        found |= {name: (value.float() / scale).round().to(torch.int8), f"{name}{_SCALE}": scale}
    return found


def from_bytes(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict that `to_bytes` rounded, in float32; any other as it is.

    A scale that does not fit its tensor stays, for whoever fills a network to refuse.
    """
    found = dict(state)
    for name, value in state.items():
        scale = state.get(f"{name}{_SCALE}")
        fits = scale is not None and scale.is_floating_point() and value.dtype == torch.int8 and value.dim() >= 2
        if fits and scale.shape == (len(value), *[1] * (value.dim() - 1)):
            found[name] = value.float() * found.pop(f"{name}{_SCALE}")
    return found
