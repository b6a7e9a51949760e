"""Predictors beside the network: halves of the viewers, the two priors, and how each fares on made gaze."""
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from realistic_editing.common.errors import InputError
from realistic_editing.data.gaze import GazeDataset, GazePhoto
from realistic_editing.evaluation.measures import fixations
from realistic_editing.evaluation.suites.saliency_tables import fixation_table
from realistic_editing.saliency.compact import CompactSaliency
from realistic_editing.saliency.training import measure as measure_in_training

SIZE = (48, 64)


def gaze(name: str, seed: int, viewers: int = 6, path: Path = Path("none.jpg")) -> GazePhoto:
    """Everyone looks at one place of the photo's own, more or less."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform((150, 150), (650, 450))
    points = (middle + rng.normal(0, 25, (viewers * 5, 2))).clip((0, 0), (799, 599)).astype(np.float32)
    subjects = np.repeat(np.arange(viewers), 5)
    return GazePhoto(path, name, "test", points, subjects, np.full(len(points), 200, np.float32))


PHOTOS = [gaze(str(index), index) for index in range(8)]


def test_people_agree_with_people_and_priors_know_only_the_centre():
    perfect = [photo.maps(SIZE)[0] for photo in PHOTOS]
    scores = fixations.measure_fixations(perfect, PHOTOS, PHOTOS, SIZE, splits=2)
    assert len(scores) == 5 * len(PHOTOS)
    mean = scores.groupby("predictor")[list(fixations.MAP_MEASURES)].mean()
    assert mean.cc[fixations.NETWORK] == pytest.approx(1, abs=1e-5) and mean.kl[fixations.NETWORK] < 1e-5
    assert mean.sim[fixations.NETWORK] == pytest.approx(1, abs=1e-5)
    # The truth about all predicts a half better than the other half does, and both better than what ignores the photo.
    assert mean.cc[fixations.NETWORK_HALF] > mean.cc[fixations.HALF] > mean.cc[fixations.CENTER] + 0.2
    assert mean.nss[fixations.HALF] > mean.nss[fixations.MEAN]
    assert mean.ig[fixations.NETWORK] > 0.5 > mean.ig[fixations.MEAN] == pytest.approx(0, abs=1e-6)
    table = fixation_table(scores, resamples=50, seed=0)
    assert table.cc[0].low <= table.cc[0].value <= table.cc[0].high


def test_the_same_seed_gives_the_same_halves():
    perfect = [photo.maps(SIZE)[0] for photo in PHOTOS]
    first, second, other = (
        fixations.measure_fixations(perfect, PHOTOS, PHOTOS, SIZE, splits=1, seed=seed) for seed in (0, 0, 1)
    )
    assert first.equals(second) and not first.equals(other)


def test_halves_are_of_viewers_and_of_all_fixations():
    photo = gaze("1", 1, viewers=5)
    for first, second in fixations.halve(photo, 3, np.random.default_rng(0)):
        assert len(first) == 2 * 5 and len(second) == 3 * 5
        both = np.concatenate([first, second])
        assert np.array_equal(np.sort(both, axis=0), np.sort(photo.points, axis=0))
    with pytest.raises(InputError, match="1 viewer"):
        fixations.halve(gaze("1", 1, viewers=1), 1, np.random.default_rng(0))


def test_center_prior_is_as_wide_as_the_fixations():
    rng = np.random.default_rng(0)
    points = rng.normal((400, 300), (120, 60), (4000, 2)).clip((0, 0), (799, 599)).astype(np.float32)
    photo = GazePhoto(Path("a"), "a", "train", points, np.zeros(4000, int), np.ones(4000, np.float32))
    prior, (sigma_x, sigma_y) = fixations.center_prior([photo], (60, 80))
    assert sigma_x == pytest.approx(120 / 800, rel=0.05) and sigma_y == pytest.approx(60 / 600, rel=0.05)
    assert prior.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(prior, prior[::-1, ::-1], rtol=1e-4)
    assert prior[30, 52] / prior[30, 40] == pytest.approx(np.exp(-0.5), abs=0.03)  # one sigma to the right


def test_mean_density_by_hand():
    found = fixations.mean_density(PHOTOS[:2], SIZE)
    want = (PHOTOS[0].maps(SIZE)[0] + PHOTOS[1].maps(SIZE)[0]) / 2
    np.testing.assert_allclose(found, want, atol=1e-7)


def test_numbers_are_those_of_training(tmp_path):
    """At the network's input size, an evaluation reports what `measure` printed when the network was trained."""
    photos = []
    for index in range(3):
        path = tmp_path / f"{index}.png"
        patches = np.random.default_rng(index).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(patches, (800, 600)))
        photos.append(gaze(str(index), index, path=path))
    torch.manual_seed(0)
    network = CompactSaliency(input_size=SIZE, widths=(8, 8, 8, 8, 8), join=8).eval()
    scores = fixations.measure_fixations(fixations.predict(network, photos, SIZE), photos, photos, SIZE, splits=1)
    own = scores[scores.predictor == fixations.NETWORK]
    with torch.no_grad():
        want = measure_in_training(network, GazeDataset(photos, SIZE), torch.device("cpu"))
    for name in ("cc", "nss", "sim", "kl", "auc_judd"):
        assert own[name].mean() == pytest.approx(want[name], abs=2e-5)
    assert fixations.predict(network, photos, (30, 40))[0].shape == (30, 40)
