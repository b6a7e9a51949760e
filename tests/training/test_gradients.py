"""Each network's trainable parameters all get a gradient: distributed training waits for every one of them."""
import pytest
import torch

from realistic_editing.enhance.network import EditNet
from realistic_editing.ops.recipe import PARAMETERS
from realistic_editing.realism.compact import CompactCritic
from realistic_editing.realism.network import RealismNet
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.saliency.emlnet import EMLNet

NETWORKS = {
    "compact_saliency": lambda: CompactSaliency(input_size=(32, 64)),
    "emlnet": lambda: EMLNet(input_size=(64, 64)),
    "compact_critic": lambda: CompactCritic(input_size=32, ring=4),
    "pix2pix": RealismNet,
    "editnet": lambda: EditNet(input_size=64),
    "editnet_without_order": lambda: EditNet(input_size=64, order_input=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_trained_parameter_gets_a_gradient(name):
    torch.manual_seed(0)
    network = NETWORKS[name]().train()
    image, mask = torch.rand(2, 3, 64, 64), torch.ones(2, 1, 64, 64)
    if name.startswith("editnet"):
        recipe = network(image, mask, torch.tensor([[3, 1, 0, 2]] * 2))
        total = sum(getattr(recipe, parameter).sum() for parameter in PARAMETERS)
    else:
        total = (network(image) if name in ("compact_saliency", "emlnet") else network(image, mask)).sum()
    total.backward()
    missed = [name for name, value in network.named_parameters() if value.requires_grad and value.grad is None]
    assert not missed
