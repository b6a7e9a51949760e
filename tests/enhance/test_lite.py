"""The enhancement network that knows things."""
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.lite import LiteEnhancer
from realistic_editing.ops import random_orders
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.saliency.lite import LiteSaliency

GENERATOR = torch.Generator().manual_seed(0)
SHAPE = {"backbone": "tf_efficientnet_lite0", "input_size": [64, 96], "width": 8}


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LiteEnhancer(SHAPE, things_size=64, projection=8, input_size=48, stride=1, ring=6, palette=8, hidden=16).eval()


@pytest.fixture(scope="module")
def photos():
    image, mask = torch.rand(2, 3, 50, 70, generator=GENERATOR), torch.zeros(2, 1, 50, 70)
    mask[0, :, 10:30, 20:50], mask[1, :, 5:20, 40:60] = 1, 1
    return image, mask


def test_a_batch_is_its_photos_and_a_fresh_network_changes_nearly_nothing(network, photos):
    order = random_orders(2, GENERATOR)
    with torch.no_grad():
        both = network(*photos, order)
        alone = [network(photos[0][i : i + 1], photos[1][i : i + 1], order[i : i + 1]) for i in range(2)]
    for name in ("exposure", "saturation", "white_balance", "color_curve"):
        torch.testing.assert_close(getattr(both, name), torch.cat([getattr(one, name) for one in alone]), atol=1e-5, rtol=0)
    torch.testing.assert_close(both.exposure, torch.ones(2), atol=0.05, rtol=0)


def test_all_orders_agree_with_single_ones(network, photos):
    with torch.no_grad():
        every = network.all_orders(*photos)
        one = network(*photos, every.order[[5, 29]])
    torch.testing.assert_close(every.exposure[[5, 29]], one.exposure, atol=1e-5, rtol=0)


def test_gradients_reach_what_is_trained_and_nothing_else(network, photos):
    network.train()
    recipe = network(*photos, random_orders(2, GENERATOR))
    (recipe.exposure.sum() + recipe.color_curve.sum()).backward()
    trained = {name for name, value in network.named_parameters() if value.grad is not None}
    assert not any(name.startswith("attention.") for name in trained) and not network.attention.training
    assert {"project.1.weight", "normalise_things.weight", "describer.palette.0.weight"} <= trained
    network.eval()


def test_it_starts_from_a_saliency_network_of_its_shape_alone(network):
    torch.manual_seed(1)
    other = LiteSaliency(**SHAPE)
    network.start_from(other)
    torch.testing.assert_close(network.attention.readout.weight, other.readout.weight)
    with pytest.raises(InputError, match="model.attention"):
        network.start_from(CompactSaliency(input_size=(24, 32)))
