"""A user's own folder of photos with masks."""
import logging
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.data.pixels import read_own_mask
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import split_of

logger = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
MASK = "_mask"


def read_folder(
    photos: str | Path, masks: str | Path | None = None, problems: list[str] | None = None
) -> list[Region]:
    """The photos of a folder that have a mask, in order of their names. Subfolders are not entered.

    The mask of NAME.jpg is NAME.png in the folder `masks`, or, without one, NAME_mask.png beside the photo; any image
    format, a cut-out too (see `pixels.selection`). Photos without a usable mask are left out, counted and named in a
    warning, or in `problems`.

    Args:
        photos: the folder of photos.
        masks: the folder of masks; None where both share one folder.
        problems: takes why a photo was left out, in the warning's place.

    Raises:
        InputError: when a folder is absent, two photos share a name, or no photo has a usable mask.
    """
    found = images_by_name(photos)
    if masks is None:
        beside = {name.removesuffix(MASK): path for name, path in found.items() if name.endswith(MASK)}
        found = {name: path for name, path in found.items() if not name.endswith(MASK)}
    else:
        beside = images_by_name(masks)
    regions, left_out = [], []
    for name, photo in found.items():
        if name not in beside:
            left_out.append(f"{photo}: no mask")
            continue
        try:
            area = float(read_own_mask(beside[name]).mean() / 255)
        except InputError as error:
            left_out.append(str(error))
            continue
        if area == 0:
            left_out.append(f"{beside[name]}: empty, all black")
            continue
        split = split_of(name, "folder")
        regions.append(Region(photo, beside[name], "folder", name, "mask", area=area, split=split))
    if not regions:
        expected = f"NAME{MASK}.png beside NAME.jpg" if masks is None else f"a mask NAME.png in {masks} for NAME.jpg"
        words = f"{photos}: no photo with a usable mask; expected {expected}"
        raise InputError(". ".join([words, *(["; ".join(left_out[:3])] if left_out else [])]))
    if problems is not None:
        problems += left_out
    elif left_out:
        logger.warning("%s: %d photos left out:\n  %s", photos, len(left_out), "\n  ".join(left_out))
    return regions


def images_by_name(folder: str | Path) -> dict[str, Path]:
    """The images of a folder by their name without suffix, sorted.

    Raises:
        InputError: when the folder is absent, or two images share a name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder that holds the images")
    images: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES:
            continue
        if path.stem in images:
            raise InputError(f"{path}: {images[path.stem].name} has the same name; rename one of the two")
        images[path.stem] = path
    return images
