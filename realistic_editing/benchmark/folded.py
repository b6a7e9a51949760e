"""How far networks run in other ways are from the same networks as trained: in parameters, and in what judges say."""
import copy
from collections.abc import Callable, Sequence

import torch
from torch import nn

from realistic_editing.common.inference import for_inference
from realistic_editing.data.regions import Region, read_region
from realistic_editing.enhance.inputs import network_input
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.proposer import Proposer
from realistic_editing.ops.orders import all_orders
from realistic_editing.ops.recipe import PARAMETERS, Recipe

Pairs = Sequence[tuple[torch.Tensor, torch.Tensor]]


def pairs_of(regions: Sequence[Region], most: int = 4) -> Pairs:
    """Photos and masks as the networks are shown them, of the first regions."""
    return [network_input(*read_region(region)) for region in regions[:most]]


@torch.no_grad()
def parameters_apart(
    network: Proposer, propose: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Recipe], pairs: Pairs
) -> float:
    """The largest difference between the parameters that a network proposes and those of another way to run it.

    Args:
        network: in evaluation mode.
        propose: a photo, a mask and N orders -> N edits.
        pairs: photos and masks, as `pairs_of` gives them.

    Returns:
        Over all photos, all 24 orders, and all four parameters.
    """
    apart = []
    for image, mask in pairs:
        before, after = network.all_orders(image, mask), propose(image, mask, all_orders())
        apart += [(getattr(before, name) - getattr(after, name)).abs().max() for name in PARAMETERS]
    return float(torch.stack(apart).max())  # NaN where any is


@torch.no_grad()
def judgements_apart(critic: nn.Module, saliency: nn.Module, pairs: Pairs, recipes: Recipe) -> tuple[float, float]:
    """The largest difference in what judges and their copies for prediction say of some edits.

    Args:
        critic, saliency: in evaluation mode.
        pairs: photos and masks, each of which has every edit.
        recipes: the edits.

    Returns:
        The difference of dR, and that of the change of saliency.
    """
    ready = Judges(for_inference(critic, *pairs[0]), for_inference(saliency, pairs[0][0]))
    trained, found = Judges(critic, saliency), []
    for image, mask in pairs:
        before, after = (judges.view(image, mask).changes(recipes) for judges in (trained, ready))
        found.append([float((one - other).abs().max()) for one, other in zip(before, after, strict=True)])
    return tuple(max(column) for column in zip(*found, strict=True))


@torch.no_grad()
def as_if_trained(network: nn.Module, pairs: Pairs) -> nn.Module:
    """A copy whose batch norms have scales by chance and the statistics of some photos, and whose heads say something.

    In a new network the norms do nothing that folding could get wrong, and the heads hide what the encoder gives.

    Args:
        network: a `Proposer` with weights by chance.
        pairs: photos and masks.

    Returns:
        The copy, in evaluation mode.
    """
    network = copy.deepcopy(network).train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            module.momentum = None  # the mean of all batches
            module.reset_running_stats()
    for head in network.heads.values():
        head.reset_parameters()
    image, mask = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    network(image, mask, torch.tensor([[0, 1, 2, 3]]).expand(len(image), -1))
    return network.eval()
