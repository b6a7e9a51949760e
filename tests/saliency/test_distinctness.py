"""What makes a patch distinct: the odd one out on made pictures, and the published maps of the Mechrez set."""

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.data.mechrez import INPUT_NAME, read_mechrez
from realistic_editing.data.pixels import read_grey, read_rgb, resize
from realistic_editing.saliency import distinctness
from realistic_editing.saliency.distinctness import PatchDistinctness
from realistic_editing.saliency.measures import cc


def texture(height, width, seed=0):
    """The same faint texture all over: (1, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return 0.5 + 0.02 * torch.randn(1, 3, height, width, generator=generator)


def stripes(height, width, period=8):
    wave = 0.5 + 0.2 * torch.sin(torch.arange(width) * 2 * torch.pi / period)
    return wave.expand(1, 3, height, width).clone()


def lab(image):
    """(1, 3, H, W) RGB -> (H, W, 3) CIELAB."""
    return cv2.cvtColor(image[0].permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_RGB2Lab)


def inside_over_outside(saliency, rows, columns):
    inside = np.zeros(saliency.shape, bool)
    inside[rows, columns] = True
    return float(saliency[inside].mean() / saliency[~inside].mean())


@pytest.mark.parametrize("prior_sigma", [None, 100.0])
def test_a_distinct_colour_gets_the_peak(prior_sigma):
    image = texture(192, 256)
    image[:, 0, 60:110, 150:200] += 0.4
    image[:, 1:, 60:110, 150:200] -= 0.3
    saliency = PatchDistinctness(prior_sigma=prior_sigma)(image)[0, 0].numpy()
    row, column = np.unravel_index(saliency.argmax(), saliency.shape)
    assert 56 <= row < 114 and 146 <= column < 204
    assert inside_over_outside(saliency, slice(60, 110), slice(150, 200)) > 4


def test_a_distinct_patch_of_the_same_pixels_is_found_by_its_pattern():
    image = stripes(192, 256)
    box = (..., slice(80, 120), slice(100, 140))
    order = torch.randperm(40 * 40, generator=torch.Generator().manual_seed(0))
    image[box] = image[box].reshape(1, 3, -1)[..., order].reshape(1, 3, 40, 40)
    segments, _ = distinctness.slic(lab(image), 12, 15.0)
    for patch in (5, 9):
        pattern = distinctness.pattern_distinctness(lab(image), segments, patch)
        # The variance is about the same, inside and outside: what tells them apart is the number of components.
        assert inside_over_outside(pattern, *box[1:]) > 2
    saliency = PatchDistinctness()(image)[0, 0].numpy()
    row, column = np.unravel_index(saliency.argmax(), saliency.shape)
    assert 76 <= row < 124 and 96 <= column < 144


def test_colour_distinctness_by_hand():
    segments = np.array([[0, 0, 1], [0, 2, 2]])
    colours = np.array([[0, 0, 0], [3, 4, 0], [0, 0, 5], [90, 90, 90]], np.float32)  # the last has no pixel
    found = distinctness.colour_distinctness(segments, colours)
    assert found[0, 0] == pytest.approx((5 + 5) / 3)
    assert found[0, 2] == pytest.approx((5 + 50**0.5) / 3)


def test_segments_keep_to_an_edge_of_colour():
    image = torch.full((1, 3, 50, 61), 0.3)
    image[..., 28:] = 0.7
    segments, colours = distinctness.slic(lab(image), 12, 15.0)
    assert segments.shape == (50, 61)
    assert not set(np.unique(segments[:, :28])) & set(np.unique(segments[:, 28:]))
    np.testing.assert_allclose(colours[segments], lab(image), atol=1e-3)


def test_closed_outlines_are_filled_and_open_ones_are_not():
    pattern = np.zeros((20, 30), np.float32)
    pattern[5:15, 5:15] = 1
    pattern[6:14, 6:14] = 0.2  # a ring
    pattern[5:15, 20] = 1  # a line
    filled = distinctness.fill_holes(pattern)
    assert filled[10, 10] == pytest.approx(1, abs=1 / 48 + 1e-6) and filled[10, 25] == 0 and filled[10, 20] == 1
    pattern[5, 10] = 0  # a gap
    assert distinctness.fill_holes(pattern)[10, 10] == pytest.approx(0.2)


def test_importance_is_highest_where_distinct_pixels_gather():
    distinct = np.zeros((60, 80), np.float32)
    distinct[10:20, 10:20] = 1
    gathered = distinctness.importance(distinct, sigma=8, centre_weight=0)
    assert np.unravel_index(gathered.argmax(), gathered.shape) in {(r, c) for r in (14, 15) for c in (14, 15)}
    centred = distinctness.importance(distinct, sigma=8, centre_weight=50)
    assert np.unravel_index(centred.argmax(), centred.shape) in {(r, c) for r in (29, 30) for c in (39, 40)}
    assert gathered.max() == 1 and gathered.min() > 0


@pytest.mark.parametrize("size", [(37, 51), (1, 1), (3, 200), (600, 400)])
def test_any_size_in_the_same_size_out_in_range(size):
    found = PatchDistinctness()(torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)))
    assert found.shape == (2, 1, *size) and found.dtype == torch.float32
    assert bool(found.isfinite().all()) and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("prior_sigma", [None, 100.0])
def test_a_flat_photo_has_no_saliency(level, prior_sigma):
    image = torch.tensor([level, 0.4, 0.9]).reshape(1, 3, 1, 1).expand(1, 3, 97, 130)
    assert PatchDistinctness(prior_sigma=prior_sigma)(image).abs().max() == 0


def test_batch_equals_loop_and_twice_is_the_same():
    images = torch.cat([texture(96, 128, seed) for seed in range(3)])
    images[1, :, 30:50, 30:50] = 0.9
    model = PatchDistinctness()
    together = model(images)
    assert torch.equal(together, model(images))
    assert torch.equal(together, torch.cat([model(image[None]) for image in images]))
    assert not model(images.clone().requires_grad_(True)).requires_grad


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"\(3, 8, 8\)"):
        PatchDistinctness()(torch.rand(3, 8, 8))
    with pytest.raises(ValueError, match="patch is 4"):
        PatchDistinctness(patch=4)
    with pytest.raises(ValueError, match="longest_side 0"):
        PatchDistinctness(longest_side=0)


def test_agrees_with_the_published_maps(mechrez_root):
    model, agreement = PatchDistinctness(), []
    photos = [photo for photo in read_mechrez(mechrez_root) if INPUT_NAME in photo.pca_saliency]
    for photo in photos[:: len(photos) // 12]:
        pixels = torch.from_numpy(read_rgb(photo.region.photo)).permute(2, 0, 1)[None] / 255
        published = read_grey(photo.pca_saliency[INPUT_NAME])
        found = resize(model(pixels)[0, 0].numpy(), published.shape)
        agreement.append(float(cc(torch.from_numpy(found)[None, None], torch.from_numpy(published)[None, None])))
    assert np.median(agreement) > 0.87 and min(agreement) > 0.6, agreement
