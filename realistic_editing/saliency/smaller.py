"""A saliency network that looks at photos at a share of its size: to choose among many edits, half of it serves."""
import copy
from typing import TypeVar

from torch import nn

_CELL, _LEAST = 32, 64  # sides are multiples of the one, and from the other on not made smaller
Network = TypeVar("Network", bound=nn.Module)


def at_share(network: Network, share: float) -> Network:
    """A convolutional network with an `input_size`, that sees smaller photos by the very same weights.

    Args:
        network: that resizes photos to its `input_size`.
        share: of each side, in (0, 1].
    """
    if share == 1:
        return network
    smaller = copy.copy(network)  # which holds the same parameters
    sides = ((side, round(share * side / _CELL) * _CELL) for side in network.input_size)
    smaller.input_size = tuple(min(side, max(less, _LEAST)) for side, less in sides)
    return smaller
