"""The Mechrez set: photos, masks and the published results of four methods. For evaluation only."""
import dataclasses
from pathlib import Path

import numpy as np

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_grey, read_version
from realistic_editing.data.regions import Region

# What each of the four parts asks for. In background_decluttering the mask marks the subject that should stand out,
# and the published results quiet everything else.
TASK_OF_PART = {
    "object_enhancement": "amplify",
    "distractors_attenuation": "attenuate",
    "background_decluttering": "amplify",
    "saliency_shift": "amplify",
}
# Method, as its paper is known, and how its files end.
METHOD_NAMES = {"mec": "out", "ohr": "hor", "wrs": "wong", "hag": "hag"}
INPUT_NAME = "in"


@dataclasses.dataclass(frozen=True)
class MechrezPhoto:
    """A photo of the set, and what others made of it.

    Args:
        region: the photo and its mask; split "test".
        part: a key of TASK_OF_PART.
        results: the edited photo of each method that has one, by a key of METHOD_NAMES.
        pca_saliency: the saliency map (Margolin et al., 2013) of "in" and of each method that has one; grey JPEGs,
            in two parts half the photo's size.
    """

    region: Region
    part: str
    results: dict[str, Path]
    pca_saliency: dict[str, Path]


def read_mechrez(data_root: str | Path, part: str | None = None, problems: list[str] | None = None) -> list[MechrezPhoto]:
    """The photos of the set, or of one part, in order of part and number.

    The masks are JPEGs, in object_enhancement half the photo's size: `regions.read_region` resizes and cuts them.

    Args:
        data_root: the folder that holds mechrez/object_enhancement and the other parts.
        part: a key of TASK_OF_PART; None: all four.
        problems: takes why a photo was left out; without it, a mask that cannot be read is an error.

    Raises:
        InputError: when the part is unknown, or photos or a mask are absent.
    """
    if part is not None and part not in TASK_OF_PART:
        raise InputError(f"part is {part!r}; expected one of {', '.join(TASK_OF_PART)}")
    photos = []
    for name in TASK_OF_PART if part is None else (part,):
        folder = Path(data_root) / "mechrez" / name
        inputs = sorted(folder.glob(f"*_{INPUT_NAME}.jpg"))
        if not inputs:
            raise InputError(
                f"{folder}: no photos NNN_{INPUT_NAME}.jpg; set paths.data or REALISTIC_EDITING_DATA to the folder that "
                "holds mechrez/"
            )
        for path in inputs:
            try:
                photos.append(_photo(path, name))
            except InputError as error:
                if problems is None:
                    raise
                problems.append(str(error))
    return photos


def _photo(path: Path, part: str) -> MechrezPhoto:
    folder, number = path.parent, path.stem.removesuffix(f"_{INPUT_NAME}")
    mask = folder / "masks" / f"{number}_mask.jpg"
    area = float((read_grey(mask) >= 128).mean())
    region = Region(path, mask, "mechrez", f"{part}/{number}", "mask", area=area, task=TASK_OF_PART[part], split="test")
    results = {method: folder / f"{number}_{ending}.jpg" for method, ending in METHOD_NAMES.items()}
    maps = {
        name: folder / "saliency" / "PCA" / f"{number}_{ending}_pca.jpg"
        for name, ending in {INPUT_NAME: INPUT_NAME, **METHOD_NAMES}.items()
    }
    return MechrezPhoto(region, part, _existing(results), _existing(maps))


def _existing(files: dict[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in files.items() if path.is_file()}


def read_result(photo: MechrezPhoto, method: str, size: tuple[int, int]) -> np.ndarray:
    """Read a method's published result at the photo's size, from which some differ by a pixel.

    Args:
        photo: from `read_mechrez`.
        method: a key of METHOD_NAMES.
        size: height and width of the photo.

    Returns:
        (H, W, 3) uint8, RGB.

    Raises:
        InputError: when the set has no such result for this photo, or it cannot be read.
    """
    if method not in photo.results:
        raise InputError(
            f"{photo.region.photo}: no result of {method!r}; this photo has {', '.join(photo.results) or 'none'}"
        )
    return read_version(photo.results[method], size)
