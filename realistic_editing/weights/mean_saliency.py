"""The mean of several saliency networks: an edit that all of them believe in persuades others more often than one network's."""
from collections.abc import Sequence

import torch
from torch import nn

from realistic_editing.common.inputs import resized
from realistic_editing.common.protocols import SeesSmaller
from realistic_editing.common.workers import apart


class MeanSaliency(nn.Module):
    """The mean of the maps of several networks.

    Args:
        networks: saliency(image) -> (B, 1, H, W) in [0, 1], each with an `input_size`.

    Attributes:
        input_size: the (height, width) of the network that sees most.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.input_size = max((network.input_size for network in networks), key=lambda size: size[0] * size[1])

    def at_share(self, share: float) -> nn.Module:
        """See `SeesSmaller`; a network that cannot is asked as it is."""
        return MeanSaliency([one.at_share(share) if isinstance(one, SeesSmaller) else one for one in self.networks])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Predict saliency: (B, 3, H, W) RGB in [0, 1], any size -> (B, 1, H, W) in [0, 1], at that size."""
        size = [min(seen, given) for seen, given in zip(self.input_size, image.shape[-2:], strict=True)]
        shrunk = resized(image, size)  # once for all
        maps = apart([(network, shrunk) for network in self.networks])
        return nn.functional.interpolate(torch.stack(maps).mean(dim=0), image.shape[-2:], mode="bilinear")
