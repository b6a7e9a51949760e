"""How well suggestions agree with people: published masks of distractors, and where people looked."""
from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from torch import nn
from tqdm import tqdm

from realistic_editing.data.gaze import GazePhoto
from realistic_editing.data.masks import intersection_over_union
from realistic_editing.data.mechrez import MechrezPhoto
from realistic_editing.data.pixels import read_rgb
from realistic_editing.data.regions import read_region
from realistic_editing.enhance.clean import calm, subject_share
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.selection.suggest import Suggestion, Suggestions, look_for_distractors

COVERED = 0.4  # overlap (intersection over union) with a published mask from which a suggestion covers it
_PLACES = 200  # at which an object of a suggestion's size is put at random
_FIRST = (1, 3, 5)  # suggestions that are looked at


def covered_masks(photos: Sequence[MechrezPhoto], saliency: nn.Module) -> pd.DataFrame:
    """Whether suggestions cover the published masks.

    Args:
        photos: of the Mechrez set.
        saliency: the network that suggests.

    Returns:
        A row for each photo, and a second one where the mask marks the subject, which is then asked for: photo, part, subject
        ("left out" or "asked for"), "first 1", "first 3" and "first 5" (the best overlap among so many suggestions), and
        found (the overlap of the subject that was found).
    """
    rows = []
    for photo in tqdm(photos, desc="suggest", unit="photo"):
        image, mask = read_region(photo.region)
        for asked in (False, True) if photo.region.task == "amplify" else (False,):
            found = look_for_distractors(image, max(_FIRST), people=True, saliency=saliency, with_subject=asked)
            overlaps = [intersection_over_union(one.mask, mask) for one in found.others]
            best = {f"first {count}": max(overlaps[:count], default=0.0) for count in _FIRST}
            subject = 0.0 if found.subject is None else intersection_over_union(found.subject.mask, mask)
            row = {"photo": photo.region.photo_id, "part": photo.part, "subject": "asked for" if asked else "left out"}
            rows.append(row | best | {"found": subject})
    return pd.DataFrame(rows)


def covered_table(found: pd.DataFrame) -> pd.DataFrame:
    """Shares of photos whose published mask is covered: part by part, of all with the subject left out, and of all as their
    masks ask."""
    parts = [(*name, some) for name, some in found.groupby(["part", "subject"], sort=False)]
    last = found.drop_duplicates("photo", keep="last")
    ends = [("both", "left out", found[found.subject == "left out"]), ("both", "asked for where the mask marks it", last)]
    rows = []
    for part, subject, some in [*parts, *ends]:
        row = {"part": part, "subject": subject, "photos": len(some)}
        row |= {f"first {count}": float((some[f"first {count}"] >= COVERED).mean()) for count in _FIRST}
        rows.append(row | {"the subject": float((some.found >= COVERED).mean())})
    return pd.DataFrame(rows)


def looked_at(photos: Sequence[GazePhoto], saliency: nn.Module, seed: int) -> pd.DataFrame:
    """The share of fixations on the first suggestion, and on as large a thing of its shape at random places.

    Args:
        photos: with fixations.
        saliency: the network that suggests.
        seed: of the places.

    Returns:
        A row for each photo with a suggestion: photo, on (share of fixations), random (mean share), above (on > random), area.
    """
    rows, generator = [], np.random.default_rng(seed)
    for photo in tqdm(photos, desc="suggest", unit="photo"):
        image = read_rgb(photo.photo)
        found = look_for_distractors(image, 1, saliency=saliency).others
        if not found:
            continue
        size = image.shape[:2]
        density = _counts(photo, size)
        mask = (found[0].mask >= 128).astype(np.float64)
        on, random = float((density * mask).sum()), _elsewhere(density, mask, generator)
        rows.append((photo.photo_id, on, random, on > random, float(mask.mean())))
    return pd.DataFrame(rows, columns=["photo", "on", "random", "above", "area"])


def _counts(photo: GazePhoto, size: tuple[int, int]) -> np.ndarray:
    """The share of fixations that landed in each pixel: (H, W) float64."""
    counts = np.zeros(size)
    rows = np.clip(photo.points[:, 1] * size[0] / photo.frame[0], 0, size[0] - 1).astype(int)
    columns = np.clip(photo.points[:, 0] * size[1] / photo.frame[1], 0, size[1] - 1).astype(int)
    np.add.at(counts, (rows, columns), 1)
    return counts / counts.sum()


def _elsewhere(density: np.ndarray, mask: np.ndarray, generator: np.random.Generator) -> float:
    """The mean share on the mask's shape at random places that lie within the photo."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    shape = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = shape.shape
    shares = []
    for _ in range(_PLACES):
        top, left = (int(generator.integers(0, room + 1)) for room in (len(mask) - height, mask.shape[1] - width))
        shares.append(float((density[top : top + height, left : left + width] * shape).sum()))
    return float(np.mean(shares))


def cleaned_photos(
    images: dict[str, np.ndarray], saliency: nn.Module, enhancer: Enhancer, heldout: nn.Module, count: int
) -> tuple[pd.DataFrame, dict[str, tuple[Suggestions, np.ndarray]]]:
    """What cleaning does to the subject's share of attention, by a judge that nobody trained or tuned on.

    Args:
        images: name -> (H, W, 3) uint8.
        saliency: the network that suggests.
        enhancer: of the task "attenuate".
        heldout: the judge.
        count: the most suggestions to calm.

    Returns:
        A row for each photo with a subject: photo, calmed, left, before and after (the subject's share), rises; and for each
        photo what was suggested, and the result.
    """
    rows, results = [], {}
    for name, image in tqdm(images.items(), desc="clean", unit="photo"):
        found = look_for_distractors(image, count, saliency=saliency)
        cleaned = calm(image, found, False, {"attenuate": enhancer})
        results[name] = (found, cleaned.pixels)
        if found.subject is not None:
            before, after = (subject_share(heldout, pixels, found.subject.mask) for pixels in (image, cleaned.pixels))
            rows.append((name, len(cleaned.edits), len(cleaned.left), before, after, after > before))
    return pd.DataFrame(rows, columns=["photo", "calmed", "left", "before", "after", "rises"]), results


def outlines(image: np.ndarray, found: Sequence[Suggestion], side: int) -> np.ndarray:
    """A photo as a square of `side` pixels, with its suggestions outlined in white."""
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    for one in found:
        mask = cv2.resize(one.mask, (side, side), interpolation=cv2.INTER_AREA)
        edges, _ = cv2.findContours((mask >= 128).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.drawContours(small, edges, -1, color, width, cv2.LINE_AA)
    return small
