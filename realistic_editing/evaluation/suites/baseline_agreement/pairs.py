"""Photos of the Mechrez set, each with a method's published result and ours."""
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from realistic_editing.baselines.method import Baseline
from realistic_editing.data.mechrez import read_mechrez, read_result
from realistic_editing.data.regions import read_region
from realistic_editing.evaluation.measures.samples import spread


@dataclasses.dataclass(frozen=True)
class Pair:
    """A photo, what the authors' code made of it, and what ours did.

    Args:
        part, photo: of the set.
        inside: (H, W) bool, the mask.
        before, published, ours: (H, W, 3) float32 CIELAB, L in [0, 100].
        seconds: that ours took.
    """

    part: str
    photo: str
    inside: np.ndarray
    before: np.ndarray
    published: np.ndarray
    ours: np.ndarray
    seconds: float


def pairs(root: str | Path, method: Baseline, limit: int | None = None, published: str | None = None) -> Iterator[Pair]:
    """Edit the photos that have a published result of a method, one after the other, with a progress bar.

    Args:
        root: the folder that holds mechrez/.
        method: edits each photo for the task of its part.
        limit: of photos, spread evenly over the set; None: all.
        published: the key of `mechrez.METHOD_NAMES` of the results; the method's name when None.

    Raises:
        InputError: when the set is absent.
    """
    published = published or method.name
    photos = [photo for photo in read_mechrez(root) if published in photo.results]
    for photo in tqdm(spread(photos, len(photos), limit), desc=f"{method.name}: agreement", unit="photo"):
        image, mask = read_region(photo.region)
        timer = cv2.TickMeter()
        timer.start()
        ours = method.edit(image, mask, photo.region.task)
        timer.stop()
        versions = [_lab(pixels) for pixels in (image, read_result(photo, published, image.shape[:2]), ours)]
        yield Pair(photo.part, photo.region.photo_id, mask > 0, *versions, timer.getTimeSec())


def _lab(photo: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> float32 CIELAB."""
    return cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def turn(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """The rotation of the a, b plane that takes one version of some pixels nearest to another.

    Args:
        before, after: (N, 3) CIELAB.

    Returns:
        Its angle in degrees, in (-180, 180], and its coherence in [0, 1]: 1 where each pixel turns by that angle; 0 and 0
        where all is grey.
    """
    first, second = (pixels[:, 1].astype(np.float64) + 1j * pixels[:, 2] for pixels in (before, after))
    product = second * first.conj()
    size = np.abs(product).sum()
    return (float(np.degrees(np.angle(product.sum()))), float(np.abs(product.sum()) / size)) if size > 0 else (0.0, 0.0)
