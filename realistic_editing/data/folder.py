"""A user's own folder of photos with masks."""
import logging
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular
from realistic_editing.data.containers import RAW_SUFFIXES
from realistic_editing.data.pixels import read_own_mask
from realistic_editing.data.regions import Region
from realistic_editing.data.splits import folder_splits

logger = logging.getLogger(__name__)

# Of every format that `images.read_photo` reads; the one list for all commands.
SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".gif", ".avif", ".heic", ".heif", ".hif", ".bmp",
)  # fmt: skip
# Pictures of formats that are not read: they are named, not passed over in silence.
_OTHERS = (*RAW_SUFFIXES, ".psd", ".psb", ".jxl", ".jp2", ".j2k", ".exr", ".hdr", ".svg", ".tga", ".xcf", ".ppm")
MASK = "_mask"


def read_folder(
    photos: str | Path, masks: str | Path | None = None, problems: list[str] | None = None, most: int | None = None
) -> list[Region]:
    """The photos of a folder that have a mask, in order of their names. Subfolders are not entered.

    The mask of NAME.jpg is NAME.png in the folder `masks`, or, without one, NAME_mask.png beside the photo; any image
    format, a cut-out too (see `pixels.selection`). Photos without a usable mask are left out, counted and named in a
    warning, or in `problems`. Names are compared as they read, however their accents are stored (NFC, NFD); what macOS puts
    beside files (._NAME) is no photo.

    Args:
        photos: the folder of photos.
        masks: the folder of masks; None where both share one folder.
        problems: takes why a photo was left out, in the warning's place.
        most: photos of each split, the first by name, where only a few are wanted; None: all.

    Raises:
        InputError: when a folder is absent, two masks share a name, or no photo has a usable mask.
    """
    found = list(_images(photos))
    regions, left_out = [], [f"{path}: a picture of a format that is not read here" for path in _unread(photos)]
    if masks is None:
        beside = _by_name((name.removesuffix(MASK), path) for name, path in found if name.endswith(MASK))
        found = [(name, path) for name, path in found if not name.endswith(MASK)]
    else:
        beside = images_by_name(masks)
    left_out += [f"{photo}: no mask" for name, photo in found if name not in beside]
    pairs = _told_apart([pair for pair in found if pair[0] in beside])
    sides, taken = folder_splits([known for known, *_ in pairs]), Counter()
    for known, name, photo in pairs:
        if most is not None and taken[sides[known]] >= most:
            continue
        try:
            area = float(read_own_mask(beside[name]).mean() / 255)
        except InputError as error:
            left_out.append(str(error))
            continue
        if area == 0:
            left_out.append(f"{beside[name]}: empty, all black")
            continue
        taken[sides[known]] += 1
        regions.append(Region(photo, beside[name], "folder", known, "mask", area=area, split=sides[known]))
    if not regions:
        expected = f"NAME{MASK}.png beside NAME.jpg" if masks is None else f"a mask NAME.png in {masks} for NAME.jpg"
        words = f"{photos}: no photo with a usable mask; expected {expected}"
        raise InputError(". ".join([words, *(["; ".join(left_out[:3])] if left_out else [])]))
    if problems is not None:
        problems += left_out
    elif left_out:
        logger.warning("%s: %d photos left out:\n  %s", photos, len(left_out), "\n  ".join(left_out))
    return regions


def _told_apart(found: list[tuple[str, Path]]) -> list[tuple[str, str, Path]]:
    """What each photo is known by, its name and its path: of two photos of one name, the second is known by all of its own."""
    first = {name: path for name, path in reversed(found)}
    return [(name if first[name] == path else path.name, name, path) for name, path in found]


def images_by_name(folder: str | Path) -> dict[str, Path]:
    """The images of a folder by their name without suffix, accents composed (NFC), sorted.

    Raises:
        InputError: when the folder is absent, or two images share a name.
    """
    return _by_name(_images(folder))


def _by_name(found: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    images: dict[str, Path] = {}
    for name, path in found:
        if name in images:
            raise InputError(f"{path}: {images[name].name} has the same name; rename one of the two")
        images[name] = path
    return images


def _images(folder: str | Path) -> Iterator[tuple[str, Path]]:
    """Name and path of the images of a folder, sorted. Raises InputError when it is absent."""
    folder = Path(folder)
    check_regular(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give the folder that holds the images")
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            yield unicodedata.normalize("NFC", path.stem), path


def _unread(folder: str | Path) -> list[Path]:
    return [path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in _OTHERS and not path.name.startswith(".")]


def as_stored(path: str | Path) -> Path:
    """A path as its folder spells it, where its name only differs in how accents are stored (NFC, NFD); else the path."""
    path = Path(path)
    check_regular(path)
    if path.exists() or not path.parent.is_dir():
        return path
    name = unicodedata.normalize("NFC", path.name)
    return next((one for one in path.parent.iterdir() if unicodedata.normalize("NFC", one.name) == name), path)
