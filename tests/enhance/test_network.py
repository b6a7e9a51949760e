"""EditNet: any input size, all orders from one encoder pass, and how a fresh network begins."""
import pytest
import torch
from torch import nn

from realistic_editing.enhance.network import EditNet
from realistic_editing.ops import RANGES, all_orders, random_orders
from realistic_editing.ops.recipe import PARAMETERS


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return EditNet(input_size=None).eval()


def pair(batch, height, width, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.rand(batch, 3, height, width, generator=generator),
        torch.rand(batch, 1, height, width, generator=generator),
    )


def assert_same(first, second, tolerance=1e-6):
    for name in PARAMETERS:
        torch.testing.assert_close(getattr(first, name), getattr(second, name), atol=tolerance, rtol=0)


def exaggerate(network):
    """Heads that answer, so that what enters the network shows in its recipes."""
    for head in network.heads.values():
        nn.init.normal_(head.weight, std=0.1)


def test_has_the_parameters_of_the_paper(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 6_495_325


@pytest.mark.parametrize("size", [(64, 64), (65, 101), (33, 48)])
def test_any_size_without_resizing(network, size):
    image, mask = pair(2, *size)
    with torch.inference_mode():
        features = network.encode(image, mask)
        recipe = network(image, mask, random_orders(2))
    assert features.shape == (2, 384) and len(recipe) == 2


def test_padding_does_not_remember_the_first_size():
    torch.manual_seed(0)
    used, fresh = EditNet(input_size=None).eval(), EditNet(input_size=None).eval()
    fresh.load_state_dict(used.state_dict())
    with torch.inference_mode():
        used.encode(*pair(1, 96, 64))
        torch.testing.assert_close(used.encode(*pair(1, 57, 75)), fresh.encode(*pair(1, 57, 75)), atol=0, rtol=0)


def test_same_padding_is_that_of_the_size_given(network):
    # TF pads an even side by 0 before and 1 after for this convolution, an odd side by 1 and 1.
    image, mask = pair(1, 64, 65)
    joined = torch.cat([image, mask], dim=1) * 2 - 1
    with torch.inference_mode():
        expected = nn.functional.conv2d(nn.functional.pad(joined, (1, 1, 0, 1)), network.stem.weight, stride=2)
        torch.testing.assert_close(network.stem(joined), expected)


def test_a_photo_is_resized_to_the_input_size():
    network = EditNet(input_size=64).eval()
    sizes = []
    network.stem.register_forward_pre_hook(lambda module, inputs: sizes.append(tuple(inputs[0].shape)))
    with torch.inference_mode():
        network(*pair(1, 123, 77), all_orders()[:1])
    assert sizes == [(1, 4, 64, 64)]


def test_recipes_stay_inside_their_ranges(network):
    with torch.inference_mode():
        recipe = network.decode(1000 * torch.randn(8, 384), random_orders(8))
    for name, (low, high) in RANGES.items():
        value = getattr(recipe, name)
        assert float(value.min()) >= low and float(value.max()) <= high + 1e-6


def test_all_orders_equal_separate_forwards_from_one_encoder_pass():
    torch.manual_seed(0)
    network = EditNet(input_size=None).eval()
    exaggerate(network)
    image, mask = pair(2, 64, 64)
    passes = []
    network.stem.register_forward_hook(lambda *_: passes.append(1))
    with torch.inference_mode():
        together = network.all_orders(image, mask)
        assert len(passes) == 1 and len(together) == 48
        for index, order in enumerate(all_orders()):
            found = together[[index, 24 + index]]
            assert torch.equal(found.order, order.expand(2, 4))
            assert_same(found, network(image, mask, order.expand(2, 4)))
    assert float(together.exposure[:24].std()) > 1e-4, "the order should matter"


def test_without_order_input_all_orders_agree():
    torch.manual_seed(0)
    network = EditNet(input_size=None, order_input=False).eval()
    exaggerate(network)
    with torch.inference_mode():
        recipe = network.all_orders(*pair(1, 64, 64))
    assert torch.equal(recipe.exposure, recipe.exposure[:1].expand(24))
    assert torch.equal(recipe.order, all_orders())


def test_batch_equals_loop(network):
    image, mask = pair(3, 64, 48)
    order = random_orders(3, torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together = network(image, mask, order)
        for i in range(3):
            assert_same(together[i], network(image[i : i + 1], mask[i : i + 1], order[i : i + 1]))


@pytest.mark.parametrize("training", [False, True])
def test_a_fresh_network_proposes_nearly_the_identity(training):
    torch.manual_seed(0)
    network = EditNet(input_size=None).train(training)
    recipe = network(*pair(4, 64, 64), random_orders(4)).detach()
    torch.testing.assert_close(recipe.exposure, torch.ones(4), atol=0.05, rtol=0)
    torch.testing.assert_close(recipe.saturation, torch.ones(4), atol=0.05, rtol=0)
    gain = recipe.white_balance[:, 1:2] / recipe.white_balance
    torch.testing.assert_close(gain, torch.ones(4, 3), atol=0.05, rtol=0)
    knots = recipe.color_curve / recipe.color_curve.mean(dim=2, keepdim=True)
    torch.testing.assert_close(knots, torch.ones(4, 3, 8), atol=0.05, rtol=0)


def test_gradients_are_finite_and_reach_the_mask_filters():
    torch.manual_seed(0)
    network = EditNet(input_size=None).train()
    recipe = network(*pair(2, 64, 64), random_orders(2))
    sum(getattr(recipe, name).square().sum() for name in PARAMETERS).backward()
    assert all(bool(parameter.grad.isfinite().all()) for parameter in network.parameters())
    assert float(network.stem.weight.grad[:, 3].abs().max()) > 0


def test_details_of_the_release(network):
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {norm.momentum for norm in norms} == {0.01} and {norm.eps for norm in norms} == {1e-3}
    assert isinstance(network.blocks[-1][-1].bn3, nn.Identity)


def test_the_mask_filters_are_the_mean_of_the_others(network):
    weight = network.stem.weight.detach()
    assert weight.shape == (32, 4, 3, 3)
    torch.testing.assert_close(weight[:, 3], weight[:, :3].mean(dim=1))


def test_half_precision_gives_parameters_in_single():
    network = EditNet("tf_efficientnet_lite0", input_size=None).to(torch.bfloat16).eval()
    with torch.inference_mode():
        recipe = network(*pair(1, 64, 64), all_orders()[:1])
    assert recipe.exposure.dtype == torch.float32


def test_blend_goes_into_the_recipe():
    network = EditNet("tf_efficientnet_lite0", blend="each").eval()
    assert network.decode(torch.zeros(1, 320), all_orders()[:1]).blend == "each"


@pytest.mark.parametrize("options", [{"backbone": "resnet18"}, {"backbone": "nothing"}, {"blend": "sometimes"}])
def test_unknown_options_are_named(options):
    with pytest.raises(ValueError, match=next(iter(options.values()))):
        EditNet(**options)


def test_wrong_shapes_are_named(network):
    image, mask = pair(2, 32, 32)
    with pytest.raises(ValueError, match="order has shape"):
        network(image, mask, all_orders()[:1])
    with pytest.raises(ValueError, match="do not belong together"):
        network(image, mask[:1], all_orders()[:2])
