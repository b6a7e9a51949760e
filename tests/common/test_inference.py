"""A network made ready to predict gives what it gave, without its batch norms."""
import pytest
import torch
from torch import nn

from realistic_editing.common.inference import _numbers, for_inference
from realistic_editing.enhance.network import EditNet
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights import NETWORKS, bundled, describe_file, load_network

IMAGE = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(0))
MASK = (IMAGE[:, :1] > 0.4).float()


def used(network):
    """The network as after training: norms that do something."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.uniform_(0.5, 1.5, generator=generator)
            for values in (module.running_mean, module.bias.data):
                values.uniform_(-0.2, 0.2, generator=generator)
    return network.eval()


@pytest.mark.parametrize(
    "network, inputs",
    [
        (EditNet(input_size=64), (IMAGE, MASK, torch.tensor([[0, 1, 2, 3]]))),
        (CompactSaliency(), (IMAGE,)),
    ],
    ids=["EditNet", "saliency"],
)
@torch.no_grad()
def test_the_outcome_is_the_same_without_batch_norms(network, inputs):
    network = used(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    ready = for_inference(network, *inputs)
    had, has = (sum(isinstance(module, nn.BatchNorm2d) for module in one.modules()) for one in (network, ready))
    assert had > 4 and has == 0
    want, found = network(*inputs), ready(*inputs)
    for name in ("color_curve", "exposure") if isinstance(network, EditNet) else ("",):
        torch.testing.assert_close(getattr(found, name, found), getattr(want, name, want), atol=1e-5, rtol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())  # a copy was changed


@torch.no_grad()
def test_a_convolution_whose_output_serves_twice_keeps_its_norm():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.first, self.second = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.BatchNorm2d(4)

        def forward(self, image):
            features = self.convolution(image)
            return self.first(features) + self.second(features)

    network = used(Twice())
    ready = for_inference(network, IMAGE)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in ready.modules()) == 2
    torch.testing.assert_close(ready(IMAGE), network(IMAGE))


@torch.no_grad()
def test_a_convolution_whose_output_also_goes_elsewhere_is_refused():
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

        def forward(self, image):
            features = self.convolution(image)
            return self.norm(features) + features

    with pytest.raises(ValueError, match="use it as it is"):
        for_inference(used(Skip()), IMAGE)


def test_norms_without_weights_stay():
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False)).eval()
    assert isinstance(for_inference(network, IMAGE)[1], nn.BatchNorm2d)


def kind_of(name):
    return NETWORKS[describe_file(name)["network"]].kind


@pytest.mark.parametrize("name", [name for name in bundled() if kind_of(name) in ("enhancer", "realism", "saliency")])
@torch.no_grad()
def test_bundled_networks_are_made_ready_in_place_with_the_same_outcome(name):
    network, kind = load_network(name), kind_of(name)
    inputs = {"enhancer": (IMAGE, MASK, torch.tensor([[0, 1, 2, 3]])), "realism": (IMAGE, MASK), "saliency": (IMAGE,)}[kind]
    before = network(*inputs)
    ready = for_inference(network, *inputs, fresh=True)
    assert ready is network
    for one, other in zip(_numbers(before), _numbers(ready(*inputs)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)
