"""ADE20K's photos with the 150 classes of its scene-parsing benchmark, as regions to evaluate on (the paper's Figure 9b)."""
import re
from collections import Counter
from pathlib import Path

import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_stored
from realistic_editing.data.raw import RawMask, RawPhoto, RawSource
from realistic_editing.data.regions import HUMAN

_NAMES = "objectInfo150.txt"  # tab-separated, a line of headings; the first column is the label, the last its names
PERSON = "person"


def read_ade20k(data_root: str | Path, subset: str = "validation") -> RawSource:
    """The photos of ADE20K (ADEChallengeData2016) with their label maps, in order of their names; split "test" all.

    Args:
        data_root: the folder that holds ade20k/images/validation, ade20k/annotations/validation and
            ade20k/objectInfo150.txt.
        subset: "validation" or "training".

    Raises:
        InputError: when photos, label maps or the names of the classes are absent.
    """
    root = Path(data_root) / "ade20k"
    photos = sorted((root / "images" / subset).glob("*.jpg"))
    if not photos:
        raise InputError(
            f"{root / 'images' / subset}: no photos; fetch ADEChallengeData2016 as ade20k/, and set paths.data or "
            "REALISTIC_EDITING_DATA to the folder that holds it"
        )
    names = _names(root / _NAMES)
    raw = []
    for photo in photos:
        labels = root / "annotations" / subset / f"{photo.stem}.png"
        if not labels.is_file():
            raise InputError(f"{labels}: no label map for {photo}; fetch the annotations of ADE20K again")
        raw.append(RawPhoto(photo, photo.stem, "test", (labels, names)))
    return RawSource("ade20k", raw, region_masks)


def region_masks(raw: RawPhoto, size: tuple[int, int]) -> list[RawMask]:
    """A region for each class in a photo, named by it; 0, what belongs to none, is left out.

    Args:
        raw: from `read_ade20k`.
        size: height and width of the photo.

    Raises:
        InputError: when the label map cannot be read or is cut short, is not of the photo's size, or holds an unknown label.
    """
    path, names = raw.annotations
    labels = read_stored(path)
    if labels is None or labels.ndim != 2:
        raise InputError(f"{path}: not a label map with one channel; fetch the annotations of ADE20K again")
    if labels.shape != tuple(size):
        raise InputError(
            f"{path}: {labels.shape[1]} x {labels.shape[0]} pixels, its photo {size[1]} x {size[0]}; fetch both again"
        )
    masks = []
    for label in np.unique(labels[labels > 0]).tolist():
        if label not in names:
            raise InputError(f"{path}: label {label} is not in {_NAMES}; fetch the 150-class version (ADEChallengeData2016)")
        masks.append(RawMask(names[label], HUMAN if names[label] == PERSON else 0, labels == label))
    return masks


def _names(path: Path) -> dict[int, str]:
    """Label -> the first of its names, in letters, digits and hyphens, so that it can be part of a file's name."""
    if not path.is_file():
        raise InputError(f"{path}: not found; it comes with ADEChallengeData2016")
    names = {}
    for line in path.read_text().splitlines()[1:]:
        columns = line.split("\t")
        if columns[0].strip().isdigit():
            names[int(columns[0])] = re.sub(r"[^a-z0-9]+", "-", re.split("[,;]", columns[-1])[0].strip().lower())
    if not names:
        raise InputError(f"{path}: names no class; expected lines of a number, tabs and a name")
    count = Counter(names.values())  # two classes of one name would share the names of their masks' files
    return {label: f"{name}-{label}" if count[name] > 1 else name for label, name in names.items()}
