"""What the manipulation does to contrast, and what it leaves alone; and whether it goes as far as the published results."""
import cv2
import numpy as np
import pytest
import torch
from torch import nn

from realistic_editing.baselines import baseline
from realistic_editing.baselines.mec import MEC, contrast
from realistic_editing.evaluation.suites.baseline_agreement.mec import agreement
from realistic_editing.saliency.distinctness import PatchDistinctness


class Redness(nn.Module):
    """How much red outweighs green: a saliency that tests can reckon with."""

    def forward(self, image):
        return (image[:, :1] - image[:, 1:2]).clamp(0, 1)


@pytest.fixture
def photo():
    """A green photo with a red disc on the left, and a greenish square on the right."""
    generator = np.random.default_rng(0)
    photo = np.tile(np.array([60, 110, 60.0]), (64, 96, 1))
    y, x = np.mgrid[:64, :96]
    photo[np.hypot(y - 32, x - 24) < 14] = (220, 30, 40)
    photo[20:44, 60:84] = (100, 120, 80)
    return np.clip(photo + generator.normal(scale=4, size=photo.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def square():
    mask = np.zeros((64, 96), np.uint8)
    mask[20:44, 60:84] = 255
    return mask


@pytest.fixture
def disc():
    y, x = np.mgrid[:64, :96]
    return np.where(np.hypot(y - 32, x - 24) < 14, np.uint8(255), np.uint8(0))


def measured(photo, mask):
    saliency = Redness()(torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None])[0, 0].numpy()
    return contrast(saliency, mask > 0)


def quick(**options):
    return MEC(Redness(), **{"thresholds": (0.3, 0.2), "limits": (0.6, 0.1), "iterations": 6, "coarsest": 48} | options)


def test_contrast_by_hand():
    saliency = np.array([[1.0, 0.0, 0.0, 0.0, 0.0], [0.5, 0.1, 0.1, 0.1, 0.1]])
    region = np.array([[True] * 5, [False] * 5])
    assert contrast(saliency, region) == pytest.approx(0.5)  # the top fifth of five pixels is one
    assert contrast(saliency, ~region) == pytest.approx(-0.5)
    assert contrast(saliency, np.ones((2, 5), bool)) == pytest.approx(0.75)  # two of ten, and nothing outside


def test_amplify_turns_the_region_red_and_takes_the_red_from_the_rest(photo, square):
    result = quick().edit(photo, square, "amplify")
    assert measured(result, square) > measured(photo, square) + 0.3
    square, disc = result[24:40, 64:80].astype(float), result[26:38, 18:30].astype(float)
    assert (square[..., 0] - square[..., 1]).mean() > 60 > (disc[..., 0] - disc[..., 1]).mean()


def test_attenuate_turns_the_region_green_and_leaves_the_rest(photo, disc):
    result = quick().edit(photo, disc, "attenuate")
    assert measured(result, disc) < measured(photo, disc) - 0.3
    far = cv2.dilate(disc, np.ones((21, 21))) == 0  # over the border the change fades
    assert np.abs(result[far].astype(int) - photo[far]).max() <= 2


def test_the_photos_gradients_stay(photo, square):
    """The Poisson equation keeps the square's grain of luminance, though every patch is exchanged."""

    def grain(image):
        luminance = cv2.cvtColor(image, cv2.COLOR_RGB2Lab)[24:40, 64:80, 0].astype(float)
        return np.concatenate([np.diff(luminance, axis=axis).ravel() for axis in (0, 1)])

    kept, lost = (
        np.corrcoef(grain(photo), grain(quick(weights=weights, coarsest=96).edit(photo, square, "amplify")))[0, 1]
        for weights in ((10.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    )
    assert kept > 0.8 and lost < 0.5


def test_a_photo_with_nothing_salient_has_no_patches_to_take(square):
    flat = np.full((64, 96, 3), 90, np.uint8)
    assert np.abs(quick().edit(flat, square, "amplify").astype(int) - 90).max() <= 1


def test_what_is_wanted_sets_how_far_it_goes(photo, square):
    little, much = (quick(contrast={"amplify": wanted}, least=0).edit(photo, square, "amplify") for wanted in (-0.5, 0.9))
    assert np.abs(little.astype(int) - photo).max() <= 1  # it has that from the start
    assert measured(much, square) > measured(little, square) + 0.3
    least = quick(contrast={"amplify": -0.5}, least=0.3).edit(photo, square, "amplify")
    assert measured(least, square) > measured(photo, square) + 0.2


@pytest.mark.parametrize("task", ["amplify", "attenuate"])
def test_masks_of_one_pixel_and_of_the_whole_photo_can_be_used(photo, task):
    for rows, columns in ((slice(10, 11), slice(20, 21)), (slice(None), slice(None))):
        mask = np.zeros((64, 96), bool)
        mask[rows, columns] = True
        assert quick(iterations=1).edit(photo, mask, task).shape == photo.shape


def test_the_same_photo_gives_the_same_result(photo, square):
    first, again = (quick(iterations=2).edit(photo, square, "amplify") for _ in range(2))
    assert np.array_equal(first, again)


def test_is_registered():
    assert isinstance(baseline("mec", seed=3), MEC)


def test_agrees_with_published_results(mechrez_root):
    """Small, and with fewer updates than it takes in use: it goes the same way, if less far."""
    small = MEC(PatchDistinctness(128, scales=(1.0, 0.5)), longest_side=192, coarsest=96, iterations=10)
    figures, rows = agreement(mechrez_root, limit=3, method=small)
    assert len(rows) == 6 and rows.change[0] > 0.7 * rows.published_change[0]
    # Of the three to enhance, one has enough contrast from the start, and the published result does not raise it either.
    assert figures["object_enhancement_direction_accuracy"] >= 2 / 3 and figures["object_enhancement_ratio"] > 0.15
    assert figures["distractors_attenuation_direction_accuracy"] == 1 and figures["distractors_attenuation_ratio"] > 0.2
    assert figures["distractors_attenuation_outside"] < 0.3 < figures["distractors_attenuation_published_outside"]
