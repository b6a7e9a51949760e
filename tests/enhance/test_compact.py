"""The compact enhancer: any size, points for pictures, a frozen saliency network of its own."""
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.enhance.compact import CompactEnhancer
from realistic_editing.ops import random_orders
from realistic_editing.ops.recipe import PARAMETERS
from realistic_editing.saliency.compact import CompactSaliency

SALIENCY = {"input_size": (24, 32), "widths": (4, 8, 8, 8, 8), "join": 8}
GENERATOR = torch.Generator().manual_seed(0)


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = CompactEnhancer(SALIENCY, input_size=48, stride=1, ring=8, palette=4, hidden=16).eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=0.3)  # heads that answer, so that what enters shows
    return network


def photos(batch, height=48, width=48):
    image = torch.rand(batch, 3, height, width, generator=GENERATOR)
    mask = torch.zeros(batch, 1, height, width)
    mask[..., height // 4 : height // 2, width // 4 : width // 2] = 1
    return image, mask


def same(first, second, tolerance):
    return all(torch.allclose(getattr(first, n), getattr(second, n), atol=tolerance) for n in PARAMETERS)


@torch.no_grad()
def test_any_size_and_a_batch_equals_a_loop(network):
    image, mask = photos(3, 61, 90)
    order = random_orders(3, GENERATOR)
    together = network(image, mask, order)
    for index in range(3):
        assert same(network(image[[index]], mask[[index]], order[[index]]), together[index], 1e-5)
    assert len(network.all_orders(image, mask)) == 72


@torch.no_grad()
def test_it_sees_the_photo_the_mask_and_the_order(network):
    image, mask = photos(1)
    order = torch.tensor([[0, 1, 2, 3]])
    recipe = network(image, mask, order)
    assert not same(network(image.flip(1), mask, order), recipe, 1e-4)
    assert not same(network(image, mask.roll(12, dims=3), order), recipe, 1e-4)
    assert not same(network(image, mask, order.flip(1)), recipe, 1e-4)
    network.order_input = False
    assert same(network(image, mask, order), network(image, mask, order.flip(1)), 1e-6)


@torch.no_grad()
def test_many_pixels_give_what_the_picture_gives(network):
    image, mask = photos(2)
    whole = network.encode(image, mask)
    torch.testing.assert_close(network.encode_pixels(image, mask, 4000, GENERATOR), whole, atol=0.05, rtol=0.05)


@torch.no_grad()
def test_features_of_the_judge_serve_as_its_own(network):
    image, mask = photos(2)
    judge = CompactSaliency(**SALIENCY).eval()
    assert not network.shares_features_with(judge)
    network.start_from(judge)
    assert network.shares_features_with(judge)
    small = torch.nn.functional.interpolate(image, judge.input_size, mode="bilinear", antialias=True)
    saliency, features = judge.predict_with_features(small)
    assert torch.equal(saliency, judge(small))
    with_them, without = (
        network.encode_pixels(image, mask, 50, torch.Generator().manual_seed(1), each) for each in (features, None)
    )
    torch.testing.assert_close(with_them, without)


def test_the_saliency_network_is_taken_over_and_stays(network):
    trained = CompactSaliency(**SALIENCY)
    network.start_from(trained)
    network.train()
    assert network.training and not network.attention.training
    network(*photos(4), random_orders(4)).exposure.sum().backward()
    for (name, own), value in zip(network.attention.named_parameters(), trained.parameters(), strict=True):
        assert torch.equal(own, value) and own.grad is None, name
    assert network.describer.palette[0].weight.grad.abs().sum() > 0
    with pytest.raises(InputError, match=r"model\.attention"):
        network.start_from(CompactSaliency())
