"""The region first or last in saliency; hue stays; edits keep to their bounds."""
import numpy as np
import pytest
import torch

from realistic_editing.baselines import baseline
from realistic_editing.baselines.gamut import rgb_to_lab
from realistic_editing.baselines.wrs import SaliencyOrder, edited, mean_in, order_loss, plain_aesthetics, segment_weights
from realistic_editing.evaluation.suites.baseline_agreement.wrs import agreement
from realistic_editing.saliency.distinctness import PatchDistinctness


def brightness(images):
    """A model of saliency of which the best edit is known: what is bright is looked at."""
    return images.mean(dim=1, keepdim=True)


def lab(image):
    return 100 * rgb_to_lab(torch.from_numpy(image).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()


@pytest.fixture
def mask():
    mask = np.zeros((48, 64), np.float32)
    mask[16:32, 24:44] = 1
    return mask


@pytest.fixture
def photo(mask):
    """A region somewhat darker than a ground of two halves, all with some colour and texture."""
    photo = np.full((48, 64, 3), (0.5, 0.45, 0.4), np.float32)
    photo[:, 32:] = (0.42, 0.48, 0.5)
    photo[mask > 0] = (0.45, 0.35, 0.35)
    return photo + np.random.default_rng(0).normal(0, 0.01, (48, 64, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def method():
    return SaliencyOrder(brightness)


def test_edits_by_hand():
    pixels = torch.tensor([[0.5, 0.2, -0.1], [0.9, 0.0, 0.4]]).T[None, :, None]  # (1, 3, 1, 2)
    detail = torch.tensor([0.1, -0.2])[None, None, None]
    fields = torch.tensor([[-0.1, 0.5, 1.0], [0.3, 2.0, 0.0]]).T[None, :, None]
    expected = [[0.5 - 0.1 + 0.1, 0.1, -0.05], [1.0, 0.0, 0.8]]  # the second's lightness of 1.2 is clipped
    assert torch.allclose(edited(pixels, detail, fields)[0, :, 0].T, torch.tensor(expected))
    still = torch.tensor([0.0, 1, 0])[None, :, None, None].expand(1, 3, 1, 2)
    assert torch.equal(edited(pixels, detail, still), pixels)


def test_order_loss_by_hand():
    saliency = torch.tensor([[0.5, 0.3, 0.45], [0.2, 0.3, 0.4]])
    # 0.05 too close to the second; and 0.2, 0.3 behind with the margin of 0.1.
    assert torch.allclose(order_loss(saliency, "amplify", 0.1), torch.tensor([0.05**2, 0.2**2 + 0.3**2]) / 2)
    assert torch.allclose(order_loss(saliency, "attenuate", 0.1), torch.tensor([0.3**2 + 0.15**2, 0.0]) / 2)


def test_means_by_hand():
    saliency = torch.tensor([[0.0, 1], [2, 4]])[None, None]
    zones = torch.tensor([[[1.0, 0], [0, 0.5]], [[0, 1], [1, 0]], [[0, 0], [0, 0]]])
    assert torch.allclose(mean_in(saliency, zones), torch.tensor([[4 / 3, 1.5, 0.0]]))


def test_segments_keep_to_colour_and_cover_the_background(photo, mask):
    weights = segment_weights(photo, mask, 2)
    assert weights.shape == (2, 48, 64) and torch.allclose(weights.sum(dim=0), torch.ones(48, 64), atol=1e-5)
    left, right = weights[:, :, :20].mean(dim=(1, 2)), weights[:, :, 48:].mean(dim=(1, 2))
    assert left.max() > 0.95 and right.max() > 0.95 and left.argmax() != right.argmax()
    assert len(segment_weights(photo, mask, 5)) <= 5
    assert torch.equal(segment_weights(photo, np.ones_like(mask), 5), torch.ones(1, 48, 64))


def test_a_region_without_a_background_is_left_alone(method, photo):
    assert np.array_equal(method.change(photo, np.ones((48, 64), np.float32), "amplify"), photo)


@pytest.mark.parametrize("task", ["amplify", "attenuate"])
def test_the_region_comes_first_or_last(method, photo, mask, task):
    weights = segment_weights(photo, mask, method.segments)
    zones = torch.cat([torch.from_numpy(mask)[None], weights * (1 - torch.from_numpy(mask))])
    pixels = torch.from_numpy(np.stack([photo, method.change(photo, mask, task)])).permute(0, 3, 1, 2)
    before, after = mean_in(brightness(pixels), zones)
    order = (after[0] - after[1:]) * (1 if task == "amplify" else -1)
    assert (order > 0).all()
    if task == "amplify":
        assert before[0] < before[1:].max()


def test_hue_stays_and_the_bounds_are_kept(method, photo, mask):
    before, after = lab(photo), lab(method.change(photo, mask, "amplify"))
    inside = mask > 0
    light = (after - before)[..., 0]
    assert -20.5 < light[inside].mean() < 15.5 and -18.5 < light[~inside].mean() < 0.5
    cross = before[..., 1] * after[..., 2] - before[..., 2] * after[..., 1]
    dot = before[..., 1] * after[..., 1] + before[..., 2] * after[..., 2]
    assert np.abs(np.rad2deg(np.arctan2(cross, dot))).max() < 0.5
    assert np.abs(light[~inside]).mean() > 0.1  # it edits the background


@pytest.mark.parametrize("limit, sign", [(0.5, 1), (2.0, -1)])
def test_from_its_threshold_on_a_region_is_brightened_and_below_darkened(photo, mask, limit, sign):
    method = SaliencyOrder(brightness, brighten_above=limit, restarts=2, kept=1, steps=1)
    assert method.relative_saliency_of(photo, mask) == pytest.approx(photo[mask > 0].mean() / photo.mean(), rel=1e-4)
    light = (lab(method.change(photo, mask, "amplify")) - lab(photo))[mask > 0, 0].mean()
    assert (4.5 if sign > 0 else 7.5) < sign * light < (15.5 if sign > 0 else 20.5)


@pytest.mark.parametrize(("bounds", "brighten_above"), [((-20.0, 0.0), 0.1), ((-3.0, 15.0), 99.0), ((0.0, 0.0), 0.1)])
def test_no_threshold_moves_a_region_past_the_bounds_given(photo, mask, bounds, brighten_above):
    region = (bounds, (1.0, 1.0), (0.0, 0.0))
    method = SaliencyOrder(brightness, region_bounds=region, brighten_above=brighten_above, restarts=2, kept=1, steps=1)
    light = (lab(method.change(photo, mask, "amplify")) - lab(photo))[mask > 0, 0].mean()
    assert bounds[0] - 0.5 < light < bounds[1] + 0.5


def test_of_the_edits_that_meet_the_order_the_most_beautiful_is_taken(photo, mask):
    def dull(images):
        return -plain_aesthetics(images)

    fine, poor = (SaliencyOrder(brightness, beauty, kept=8).change(photo, mask, "attenuate") for beauty in (None, dull))
    score = plain_aesthetics(torch.from_numpy(np.stack([fine, poor])).permute(0, 3, 1, 2))
    assert score[0] > score[1] + 0.1


def test_plain_aesthetics_rises_with_colour_and_contrast():
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3
    grey = image.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    flat = 0.5 + (image - 0.5) / 2
    more, less, least = plain_aesthetics(torch.cat([image, grey, flat]))
    assert more > less and more > least
    assert plain_aesthetics(torch.full((1, 3, 8, 8), 0.5)) == pytest.approx(0, abs=1e-5)  # ln 1 + ln 1


def test_a_model_without_gradients_will_do_and_the_seed_decides(photo, mask):
    model = PatchDistinctness(longest_side=48, scales=(1.0,))
    first, again, other = (SaliencyOrder(model, restarts=4, kept=2, seed=s).change(photo, mask, "amplify") for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_mask_of_everything_and_a_tiny_photo_do_not_fail(method):
    everything = np.full((5, 7, 3), 0.5, np.float32)
    assert np.isfinite(method.change(everything, np.ones((5, 7), np.float32), "amplify")).all()


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="no more kept than restarts"):
        baseline("wrs", saliency=brightness, restarts=2, kept=3)


def test_agrees_with_the_published_results(mechrez_root):
    figures, _ = agreement(mechrez_root, limit=3)
    # In how many photos directions agree, a few cannot tell: that is for the whole set.
    assert -20 < figures["outside_light"] < 0 and figures["published_outside_light"] < 0
    assert figures["inside_coherence"] > 0.98 and figures["outside_coherence"] > 0.98
    assert figures["inside_turn"] < 1 and figures["outside_turn"] < 1
    assert figures["outside_brighter"] == 0 == figures["published_outside_brighter"]
