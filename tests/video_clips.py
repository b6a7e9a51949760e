"""Clips whose true masks are known: a thing that moves over a background that moves otherwise."""
from collections.abc import Iterator

import cv2
import numpy as np


def texture(size: tuple[int, int], seed: int) -> np.ndarray:
    """(H, W, 3) uint8: coloured noise of several scales."""
    generator = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(generator.normal(0, 1, (*size, 3)), (0, 0), sigma) * sigma for sigma in (2, 5, 14)]
    return cv2.normalize(sum(layers), None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


def ellipse(size: tuple[int, int], place: tuple[float, float] = (0.4, 0.5), share: float = 0.2) -> np.ndarray:
    """(H, W) uint8 mask, 0 and 255; `place` is x, y."""
    mask = np.zeros(size, np.uint8)
    center = (int(place[0] * size[1]), int(place[1] * size[0]))
    return cv2.ellipse(mask, center, (int(share * size[1]), int(1.2 * share * size[0])), 20, 0, 360, 255, -1)


def panned(photo: np.ndarray, mask: np.ndarray, count: int = 31) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames and true masks of a camera that pans, zooms and turns over a photo, with noise."""
    generator, size = np.random.default_rng(1), mask.shape[::-1]
    for time in range(count):
        matrix = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 0.2 * time, 1.005**time)
        matrix[:, 2] += np.array([0.004, 0.002]) * size * time
        frame = cv2.warpAffine(photo, matrix, size, borderMode=cv2.BORDER_REFLECT)
        yield _noisy(frame, generator), cv2.warpAffine(mask, matrix, size)


def moved(
    photo: np.ndarray, mask: np.ndarray, background: np.ndarray, count: int = 31
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames and true masks of the thing in a mask, cut out, that goes right, grows and turns, over what goes left."""
    generator, size = np.random.default_rng(1), mask.shape[::-1]
    background = cv2.resize(background, size)
    center = tuple(float(values.mean()) for values in np.nonzero(mask)[::-1])
    for time in range(count):
        thing = cv2.getRotationMatrix2D(center, 0.3 * time, 1.003**time)
        thing[:, 2] += np.array([0.004, 0.002]) * size * time
        behind = np.float64([[1, 0, -0.005 * size[0] * time], [0, 1, 0.001 * size[1] * time]])
        share = cv2.warpAffine(cv2.GaussianBlur(mask, (0, 0), 0.8), thing, size)[..., None] / 255
        other = cv2.warpAffine(background, behind, size, borderMode=cv2.BORDER_REFLECT)
        frame = share * cv2.warpAffine(photo, thing, size) + (1 - share) * other
        yield _noisy(frame, generator), cv2.warpAffine(mask, thing, size)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks (H, W) uint8."""
    one, other = one >= 128, other >= 128
    return float((one & other).sum() / max((one | other).sum(), 1))


def _noisy(frame: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return np.clip(frame + generator.normal(0, 2, frame.shape), 0, 255).astype(np.uint8)
