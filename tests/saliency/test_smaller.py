"""Saliency networks that look at photos at a share of their size, by the same weights."""
import pytest
import torch

from realistic_editing.common.protocols import SeesSmaller
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.saliency.lite import LiteSaliency
from realistic_editing.weights import load_network
from realistic_editing.weights.mean_saliency import MeanSaliency

PHOTO = torch.rand(1, 3, 120, 160, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("make", [CompactSaliency, lambda: LiteSaliency("tf_efficientnet_lite0", input_size=(256, 320))])
def test_half_the_size_by_the_same_weights(make):
    whole = make().eval()
    half = whole.at_share(0.5)
    assert isinstance(whole, SeesSmaller) and type(half) is type(whole)
    assert half.input_size == tuple(side // 2 for side in whole.input_size)
    assert half(PHOTO).shape == (1, 1, 120, 160) and not torch.equal(half(PHOTO), whole(PHOTO))
    with torch.no_grad():
        whole.readout.bias += 1
    assert half.readout.bias is whole.readout.bias
    assert whole.at_share(1.0).input_size == whole.input_size


def test_what_is_small_is_not_made_smaller():
    assert CompactSaliency((64, 96)).at_share(0.5).input_size == (64, 64)
    assert CompactSaliency((32, 32)).at_share(0.5).input_size == (32, 32)


def test_a_mean_is_that_of_smaller_ones():
    both = MeanSaliency([CompactSaliency((96, 128)), CompactSaliency((192, 256))]).eval()
    half = both.at_share(0.5)
    assert [one.input_size for one in half.networks] == [(64, 64), (96, 128)] and half.input_size == (96, 128)
    assert both.input_size == (192, 256)


def test_the_bundled_judges_see_much_the_same_at_half_the_size():
    judge = load_network("fast_saliency+compact_saliency", kind="saliency")
    half = judge.at_share(0.5)
    photo = torch.zeros(1, 3, 240, 320)
    photo[:, 0, 90:150, 200:260] = 0.9
    with torch.no_grad():
        maps = torch.stack([judge(photo), half(photo)]).flatten(1)
    assert torch.corrcoef(maps)[0, 1] > 0.9
