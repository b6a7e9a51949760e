"""Contrast up inside and down outside, only as far as the region needs to hold the most salient place."""
import numpy as np
import pytest
import torch

from realistic_editing.baselines import baseline
from realistic_editing.baselines.hagiwara import SaliencyFeedback, reached, stretched
from realistic_editing.data.pixels import resize
from realistic_editing.evaluation.suites.baseline_agreement.hagiwara import agreement


@pytest.fixture
def mask():
    mask = np.zeros((96, 128), np.float32)
    mask[30:46, 24:40] = 1
    return mask


@pytest.fixture
def photo(mask):
    """A region somewhat brighter than its grey ground, and elsewhere a patch that stands out more."""
    photo = np.full((96, 128, 3), 0.5, np.float32) + np.random.default_rng(0).normal(0, 0.01, (96, 128, 3)).astype(np.float32)
    photo[mask > 0] += 0.15
    photo[60:76, 88:104] += 0.22
    return photo


def saliency(method, image, mask, task):
    """The map, the share of the region in each of its cells, and whether that is as asked."""
    maps = method.model.maps(torch.from_numpy(image.clip(0, 1)).permute(2, 0, 1)[None])
    found = method.model.combined(maps)[0, 0].numpy()
    within = resize(mask, found.shape)
    return found, within, reached(found, within, task)


def test_stretching_by_hand():
    image = np.array([[[0.2, 0.2, 0.2], [0.6, 0.6, 0.6]], [[0.6, 0.4, 0.2], [0.2, 0.4, 0.6]]], np.float32)  # mean 0.4 each
    mask = np.array([[1, 0], [1, 0]], np.float32)
    # Inside, intensity is 1.5 times as far from the mean: 0.2 -> 0.1. Outside, half: 0.6 -> 0.5. Colours, which have the
    # mean's intensity, stay.
    inside, outside = np.array([1.5, 1, 1], np.float32), np.array([0.5, 1, 1], np.float32)
    found = stretched(image, mask, inside, outside)
    assert np.allclose(found[0], [[0.1] * 3, [0.5] * 3], atol=1e-6) and np.allclose(found[1], image[1], atol=1e-6)
    # (0.6, 0.4, 0.2) has red-green 0.2 and blue-yellow -0.3 about grey 0.4; both half as far: half the way to grey.
    found = stretched(image, np.zeros_like(mask), inside, np.array([1, 0.5, 0.5], np.float32))
    assert np.allclose(found[1], [[0.5, 0.4, 0.3], [0.3, 0.4, 0.5]], atol=1e-6) and np.allclose(found[0], image[0], atol=1e-6)


def test_reached_by_hand():
    saliency = np.array([[0.1, 1.0], [0.5, 0.2]], np.float32)  # mean 0.45
    assert reached(saliency, np.array([[0, 0.5], [0, 0]]), "amplify")
    assert not reached(saliency, np.array([[0, 0.4], [1, 0]]), "amplify")  # half a cell counts, less does not,
    assert reached(saliency, np.array([[0, 0.4], [0.1, 0]]), "amplify")  # unless no cell has half
    assert reached(saliency, np.array([[1, 0], [0, 1]]), "attenuate")
    assert not reached(saliency, np.array([[1, 0], [1, 1]]), "attenuate")


def test_a_region_that_is_the_most_salient_already_stays(photo, mask):
    photo[60:76, 88:104] -= 0.22
    assert saliency(SaliencyFeedback(), photo, mask, "amplify")[2]
    assert np.array_equal(SaliencyFeedback().edit(photo, mask, "amplify"), photo)


def test_amplify_until_the_region_is_the_most_salient_and_no_further(photo, mask):
    method = SaliencyFeedback(rounds=40)
    assert not saliency(method, photo, mask, "amplify")[2]
    inside, outside = method.gains(photo, mask, "amplify")
    assert (inside > 1).all() and (outside < 1).all()
    assert inside[0] == max(inside) and outside[0] == min(outside)  # it is intensity that makes the region conspicuous
    assert saliency(method, method.change(photo, mask, "amplify"), mask, "amplify")[2]
    # Once more changes nothing; and before the last round it was not yet so.
    assert all((gain == 1).all() for gain in method.gains(method.change(photo, mask, "amplify").clip(0, 1), mask, "amplify"))
    done = round(np.log(np.prod(1 / outside)) / 0.05)
    early = SaliencyFeedback(rounds=max(1, done - 2))
    assert not saliency(method, early.change(photo, mask, "amplify"), mask, "amplify")[2]


def test_attenuate_is_the_reverse(photo, mask):
    method = SaliencyFeedback(rounds=40)
    inside, outside = method.gains(photo, mask, "attenuate")
    assert (inside < 1).all() and (outside > 1).all()
    before, cells, _ = saliency(method, photo, mask, "attenuate")
    after = saliency(method, method.change(photo, mask, "attenuate"), mask, "attenuate")[0]
    assert after[cells > 0.5].max() < before[cells > 0.5].max()


def test_the_same_every_time_at_another_size_too(photo, mask):
    large = np.kron(photo, np.ones((7, 7, 1), np.float32)).clip(0, 1)
    method = baseline("hagiwara")
    result = method.edit(large, np.kron(mask, np.ones((7, 7), np.float32)), "amplify")
    assert np.array_equal(result, method.edit(large, np.kron(mask, np.ones((7, 7), np.float32)), "amplify"))
    assert np.abs(result[3::7, 3::7] - method.edit(photo, mask, "amplify")).mean() < 0.02


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="step 1.5"):
        SaliencyFeedback(step=1.5)
    with pytest.raises(ValueError, match="rounds 0"):
        SaliencyFeedback(rounds=0)


def test_agrees_with_the_published_results(mechrez_root):
    figures, _ = agreement(mechrez_root, limit=8)
    assert abs(figures["unchanged"] - 0.55) <= 0.3  # of seven; within 0.15 over the whole set
    assert figures["inside_L"] > 1 > figures["outside_L"]
    assert figures["change_correlation"] > 0.4
