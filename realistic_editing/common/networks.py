"""What is asked of any network."""
import torch
from torch import nn


def same_values(first: nn.Module, second: nn.Module) -> bool:
    """Whether two networks are equal to the last bit, but for counts of training batches, on which no output depends."""
    one, other = (
        {key: value.cpu() for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
        for network in (first, second)
    )
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
