"""Photos to compare methods on: a photo with its region, the task, and what others made of it."""
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from realistic_editing.common.arrays import to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import TASKS
from realistic_editing.data.folder import images_by_name, read_folder
from realistic_editing.data.images import read_photo
from realistic_editing.data.mechrez import read_mechrez
from realistic_editing.data.regions import Region

INPUT = "input"  # the photos as they are: measured as a method, and the sub-folder that a study has them rated from
ALIKE = 4.0  # levels of 255: the mean difference up to which a picture counts as a copy
MASKS = "masks"  # the sub-folder that holds masks, where they do not lie beside their photos


@dataclasses.dataclass(frozen=True)
class TestPhoto:
    """A photo to edit.

    Args:
        region: the photo and its mask; its task says what to do.
        part: of the data set; a table each.
        results: method -> the photo as that method edited it.
        category: of what is in the region, in words; "" unknown.
    """

    __test__ = False  # not a test of pytest's

    region: Region
    part: str
    results: dict[str, Path] = dataclasses.field(default_factory=dict)
    category: str = ""

    @property
    def name(self) -> str:
        """Unique within the data set."""
        return f"{self.region.source}/{self.region.photo_id}/{self.region.region_id}/{self.region.task}"


@dataclasses.dataclass(frozen=True)
class PhotoSet:
    """A data set.

    Args:
        photos: in a fixed order.
        problems: why photos were left out, by the file's name.
    """

    photos: list[TestPhoto]
    problems: list[str]


def mechrez_set(data_root: str | Path) -> PhotoSet:
    """The four parts of the Mechrez set, with the published results of MEC, OHR, WRS and HAG.

    Raises:
        InputError: when its photos are absent.
    """
    problems: list[str] = []
    photos = read_mechrez(data_root, problems=problems)
    return PhotoSet([TestPhoto(photo.region, photo.part, photo.results) for photo in photos], problems)


def folder_set(path: str | Path | None, task: str | None, with_input: bool = True) -> PhotoSet:
    """A folder of photos, with a mask each, and a sub-folder for each method's results.

    NAME.jpg has its mask in NAME_mask.png beside it, or in masks/NAME.png. Every other sub-folder that holds images is a
    method, which the sub-folder names; METHOD/NAME.png, of any image format, is what it made of NAME.jpg. A sub-folder input/
    holds copies of the photos, which a study has rated too.

    Args:
        path: the folder.
        task: "attenuate" or "amplify".
        with_input: whether input/ is a method as well; else it is passed over, for who measures the photos as they are anyway.

    Raises:
        InputError: when path or task is missing, no photo has a usable mask, or input/ holds other pictures than the photos.
    """
    if path is None:
        raise InputError("dataset=folder needs a path; add path=my/photos")
    if task not in TASKS:
        raise InputError(f"task is {task!r}; dataset=folder needs task={' or task='.join(TASKS)}")
    folder, problems = Path(path), []
    masks = folder / MASKS
    regions = read_folder(folder, masks if masks.is_dir() else None, problems)
    made = {}
    for child in sorted(folder.iterdir()):
        if child.is_dir() and child != masks and not child.name.startswith("."):
            images = images_by_name(child)
            if images:
                made[child.name] = images
    if not with_input:
        _check_copies(made.pop(INPUT, {}), {region.photo_id: region.photo for region in regions})
    names = {region.photo_id for region in regions}
    problems += [
        f"{file}: a result of no photo; name it as its photo"
        for images in made.values()
        for name, file in images.items()
        if name not in names
    ]
    photos = []
    for region in regions:
        results = {method: images[region.photo_id] for method, images in made.items() if region.photo_id in images}
        photos.append(TestPhoto(dataclasses.replace(region, task=task), task, results))
    return PhotoSet(photos, problems)


def _check_copies(copies: Mapping[str, Path], photos: Mapping[str, Path]) -> None:
    """Refuse results of a method that is called as the photos themselves are. Raises InputError."""
    for name, copy in copies.items():
        if name not in photos:
            continue
        first, second = (read_photo(file).srgb for file in (copy, photos[name]))
        same = first.shape == second.shape
        if not same or 255 * float(np.abs(to_unit(first) - to_unit(second)).mean()) > ALIKE:
            raise InputError(
                f"{copy}: is no copy of {photos[name].name}, and {INPUT}/ is the name of the unedited photos; rename the folder"
            )


def region_set(regions: Sequence[Region], task: str | None, category: Callable[[Region], str]) -> PhotoSet:
    """Regions that were not trained on, of both tasks or one; those that no task was chosen for serve both.

    Args:
        regions: with masks.
        task: "attenuate", "amplify", or None: both.
        category: a region's, in words.
    """
    photos = []
    for one in TASKS if task is None else (task,):
        serving = [dataclasses.replace(region, task=one) for region in regions if region.task in ("", one)]
        photos += [TestPhoto(region, one, category=category(region)) for region in serving]
    return PhotoSet(photos, [])


def quick_look(photos: Sequence[TestPhoto], limit: int | None) -> list[TestPhoto]:
    """At most `limit` photos, as many of each part as there are, evenly spaced within it; all where limit is None.

    Raises:
        InputError: when limit is not a number above 0.
    """
    if limit is None:
        return list(photos)
    if limit < 1:
        raise InputError(f"limit is {limit}; use a number of photos above 0")
    parts: dict[str, list[TestPhoto]] = {}
    for photo in photos:
        parts.setdefault(photo.part, []).append(photo)
    shares, left = dict.fromkeys(parts, 0), min(limit, len(photos))
    while left:
        for part in parts:
            if left and shares[part] < len(parts[part]):
                shares[part], left = shares[part] + 1, left - 1
    from realistic_editing.evaluation.measures.samples import spread  # brings PyTorch, for which a study need not wait

    return [photo for part, inside in parts.items() if shares[part] for photo in spread(inside, shares[part])]
