"""How well saliency predicts where people look, beside people, the photo's centre and the mean of all photos."""
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from realistic_editing.common.errors import InputError
from realistic_editing.data.gaze import GazePhoto
from realistic_editing.data.pixels import read_rgb, resize
from realistic_editing.saliency import measures

MAP_MEASURES = ("cc", "nss", "auc_judd", "auc_shuffled", "auc_shuffled_published", "sim", "kl", "ig")
NETWORK, NETWORK_HALF, HALF = "network", "network, against half of the viewers", "the other half of the viewers"
CENTER, MEAN = "centre prior", "mean density of the training photos"


def measure_fixations(
    predictions: Sequence[np.ndarray],
    photos: Sequence[GazePhoto],
    training: Sequence[GazePhoto],
    size: tuple[int, int],
    splits: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """All measures of the network's maps, and of what they should be compared with.

    One half of a photo's viewers predicts the other half: as well as people agree. Being measured against half of the
    fixations lowers most measures, so the network is measured against the same halves too.

    Args:
        predictions: (H, W) maps of the network, one a photo, at `size`.
        photos: with fixations of at least two viewers each; also the negatives of the shuffled AUC, each for the others.
        training: the photos whose fixations make the two priors, which do not depend on the image.
        size: height and width at which everything is measured.
        splits: how often the viewers of a photo are halved at random; each half predicts the other.
        seed: decides the halves.

    Returns:
        A row for each predictor and photo: predictor, photo and the MAP_MEASURES.
    """
    maps = [photo.maps(size) for photo in photos]
    everything = np.sum([fixated for _, fixated in maps], axis=0)
    priors = {CENTER: center_prior(training, size)[0], MEAN: mean_density(training, size)}
    rows = []
    usual = priors[MEAN]
    for index, photo in enumerate(tqdm(photos, desc="measure", unit="photo")):
        density, fixated = maps[index]
        others = everything - fixated
        for name, prediction in {NETWORK: predictions[index], **priors}.items():
            rows.append({"predictor": name, "photo": photo.photo_id} | measure_map(prediction, density, fixated, others, usual))
        halves: dict[str, list[dict[str, float]]] = {HALF: [], NETWORK_HALF: []}
        for first, second in halve(photo, splits, np.random.default_rng((seed, index))):
            both = photo.maps(size, first), photo.maps(size, second)
            for (predicting, _), measured in (both, both[::-1]):
                halves[HALF].append(measure_map(predicting, *measured, others, usual))
                halves[NETWORK_HALF].append(measure_map(predictions[index], *measured, others, usual))
        for name, found in halves.items():
            average = {key: float(np.mean([one[key] for one in found])) for key in MAP_MEASURES}
            rows.append({"predictor": name, "photo": photo.photo_id} | average)
    return pd.DataFrame(rows)


def predict(network: nn.Module, photos: Sequence[GazePhoto], size: tuple[int, int], batch_size: int = 8) -> list[np.ndarray]:
    """The network's map of each photo: (H, W) float32 at `size`. The photo enters at the network's own input size."""
    seen = tuple(getattr(network, "input_size", size))
    device = next(network.parameters()).device
    found = []
    for start in tqdm(range(0, len(photos), batch_size), desc="predict", unit="batch"):
        pixels = np.stack([resize(read_rgb(photo.photo), seen) for photo in photos[start : start + batch_size]])
        image = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(device).float() / 255  # (B, 3, H, W)
        with torch.inference_mode():
            predicted = network(image).float()
        if seen != tuple(size):
            predicted = F.interpolate(predicted, tuple(size), mode="bilinear", antialias=True)
        found += list(predicted[:, 0].cpu().numpy())
    return found


def measure_map(
    prediction: np.ndarray, density: np.ndarray, fixated: np.ndarray, others: np.ndarray, usual: np.ndarray
) -> dict[str, float]:
    """The MAP_MEASURES of one map.

    Args:
        prediction: (H, W), >= 0.
        density, fixated: of `GazePhoto.maps`.
        others: (H, W) counts of the fixations of other photos.
        usual: (H, W) what is known without seeing the photo, above 0: the baseline of the information gain.
    """
    p, d, f = (torch.from_numpy(part.astype(np.float32))[None, None] for part in (prediction, density, fixated))
    return {
        "cc": float(measures.cc(p, d)),
        "nss": float(measures.nss(p, f)),
        "auc_judd": measures.auc_judd(prediction, fixated),
        "auc_shuffled": measures.auc_shuffled(prediction, fixated, others),
        "auc_shuffled_published": measures.auc_shuffled_published(prediction, fixated, others),
        "sim": float(measures.sim(p, d)),
        "kl": float(measures.kl(p, d)),
        "ig": measures.information_gain(prediction, fixated, usual),
    }


def halve(photo: GazePhoto, splits: int, generator: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """The fixations (N, 2) of two random halves of a photo's viewers, `splits` times.

    Raises:
        InputError: when the photo has fewer than two viewers.
    """
    viewers = np.unique(photo.subjects)
    if len(viewers) < 2:
        raise InputError(f"{photo.photo}: has {len(viewers)} viewer; two are needed to compare people with people")
    found = []
    for _ in range(splits):
        chosen = np.isin(photo.subjects, generator.permutation(viewers)[: len(viewers) // 2])
        found.append((photo.points[chosen], photo.points[~chosen]))
    return found


def center_prior(photos: Sequence[GazePhoto], size: tuple[int, int]) -> tuple[np.ndarray, tuple[float, float]]:
    """A Gaussian at the centre of the frame, as wide and as high as the fixations of `photos` lie about that centre.

    Returns:
        (H, W) float32, sums to 1; and its standard deviations along x and y as shares of the frame's width and height.
    """
    points = np.concatenate([photo.points / photo.frame[::-1] for photo in photos]) - 0.5
    sigma_x, sigma_y = np.sqrt((points**2).mean(axis=0))
    y, x = ((np.arange(length) + 0.5) / length - 0.5 for length in size)
    gaussian = np.exp(-((y[:, None] / sigma_y) ** 2 + (x[None] / sigma_x) ** 2) / 2)
    return (gaussian / gaussian.sum()).astype(np.float32), (float(sigma_x), float(sigma_y))


def mean_density(photos: Sequence[GazePhoto], size: tuple[int, int]) -> np.ndarray:
    """The mean fixation density of photos: (H, W) float32, sums to 1."""
    total = np.zeros(size, dtype=np.float64)
    for photo in photos:
        total += photo.maps(size)[0]
    return (total / len(photos)).astype(np.float32)
