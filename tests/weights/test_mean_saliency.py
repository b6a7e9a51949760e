"""Several saliency networks as one."""
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.common.inference import for_inference
from realistic_editing.enhance.options import SALIENCY
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.weights import load_network
from realistic_editing.weights.mean_saliency import MeanSaliency

PHOTO = torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(0))


def network(seed: int, size: tuple[int, int]) -> CompactSaliency:
    torch.manual_seed(seed)
    return CompactSaliency(input_size=size, widths=(4, 4, 4, 4, 4), join=8).eval()


def test_it_is_the_mean_of_their_maps():
    first, second = network(0, (24, 32)), network(1, (24, 32))
    with torch.no_grad():
        torch.testing.assert_close(MeanSaliency([first, second])(PHOTO), (first(PHOTO) + second(PHOTO)) / 2)


def test_it_sees_what_the_one_that_sees_most_does_and_passes_gradients():
    both = MeanSaliency([network(0, (24, 32)), network(1, (48, 64))])
    assert both.input_size == (48, 64)
    photo = torch.rand(1, 3, 100, 80, generator=torch.Generator().manual_seed(1)).requires_grad_()
    found = both(photo)
    assert found.shape == (1, 1, 100, 80)
    found.sum().backward()
    assert photo.grad.abs().sum() > 0


def test_names_are_joined_by_a_plus():
    both = load_network(SALIENCY, kind="saliency")
    assert isinstance(both, MeanSaliency) and len(both.networks) == 2 and not both.training
    cards = both.card["mean_of"]  # which reports keep
    assert {name: card["network"] for name, card in cards.items()} == {
        "fast_saliency": "lite_saliency", "compact_saliency": "compact_saliency"
    }  # fmt: skip
    small = torch.linspace(0, 1, 3 * 64 * 64).view(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(for_inference(both, small)(small), both(small), atol=1e-3, rtol=0)
    with pytest.raises(InputError, match="nothing_saliency"):
        load_network("compact_saliency+nothing_saliency", kind="saliency")
