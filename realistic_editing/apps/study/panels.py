"""The panels of a study: photo, mask and result of a folder, as pictures that tell nothing about their method."""
import dataclasses
import hashlib
import hmac
import json
from pathlib import Path

import numpy as np
import pyvips
from tqdm import tqdm

from realistic_editing.apps.study.store import Rated, check_name
from realistic_editing.common.arrays import as_bytes, to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.images import read_photo
from realistic_editing.data.opened import open_image, reason, upright_size
from realistic_editing.data.pixels import resize
from realistic_editing.data.regions import Region, read_region
from realistic_editing.evaluation.comparison.photo_sets import folder_set

SIDE = 1600  # pixels of the longer side, at most
ASPECT_TOLERANCE = 0.05  # as in other comparisons


@dataclasses.dataclass(frozen=True)
class Panel:
    """Three pictures to be rated; each is the id of a picture, and tells nothing. Another picture has another id.

    `wide` says that the photo is wider than high, for which a phone has another layout.
    """

    rated: Rated
    photo: str
    mask: str
    edited: str
    shown: str  # drawn from the three: who returns it has seen these pictures
    wide: bool = False


@dataclasses.dataclass(frozen=True)
class Material:
    """All that is shown: panels by id, files by a picture's id, and why files were left out."""

    panels: dict[str, Panel]
    pictures: dict[str, Path]
    problems: list[str]


def prepare(folder: str | Path, task: str, secret: str, pictures: Path) -> Material:
    """Read a folder of photos, masks and results, see `folder_set`, and write its pictures for browsers.

    Every picture becomes an sRGB JPEG of its photo's size, at most 1600 pixels wide or high, without metadata: neither its
    format nor its size nor its name says which method made it. A mask becomes a grey PNG, white where it selects.

    Args:
        folder: photos, masks, and a sub-folder of results for each method.
        task: "attenuate" or "amplify".
        secret: of the study; ids are drawn from it.
        pictures: a folder for what was written; kept, so that the next start is quick.

    Raises:
        InputError: when there is nothing to rate.
    """
    found = folder_set(folder, task)
    panels, files, problems = {}, {}, list(found.problems)
    for photo in tqdm([photo for photo in found.photos if photo.results], "pictures", unit="photo"):
        image = photo.region.photo_id
        try:
            size = _shown_size(photo.region.photo)
            shown = {"photo": _picture(photo.region.photo, size, pictures), "mask": _mask(photo.region, size, pictures)}
            _check(image, "image", photo.region.photo)
        except InputError as error:
            problems.append(str(error))
            continue
        for method, path in photo.results.items():
            try:
                _check(method, "method", path.parent)
                edited = _picture(path, size, pictures, _shown_size(path))
            except InputError as error:
                problems.append(str(error))
                continue
            # By their content as well: browsers keep a picture under its id, and must not show one that was replaced.
            ids = {kind: _opaque(secret, kind, image, task, file.name) for kind, file in shown.items()}
            ids["edited"] = _opaque(secret, "edited", image, task, method, edited.name)
            ids["shown"] = _opaque(secret, "shown", *ids.values())
            digest = hashlib.sha256("".join(file.stem for file in (*shown.values(), edited)).encode()).hexdigest()
            rated = Rated(_opaque(secret, "panel", image, task, method), image, task, method, digest)
            panels[rated.id] = Panel(rated, **ids, wide=size[0] > size[1])
            files |= {ids[kind]: file for kind, file in (shown | {"edited": edited}).items()}
    if not panels:
        raise InputError(
            f"{folder}: has nothing to rate; put each method's results into a sub-folder of its own, named as their photos"
            + "".join(f"; {problem}" for problem in problems[:3])
        )
    return Material(panels, files, problems)


def shuffled(panels: dict[str, Panel], seed: str) -> list[Panel]:
    """The panels in a rater's own order, always the same; a panel that is added leaves the others' order as it is."""
    return sorted(panels.values(), key=lambda panel: hashlib.sha256(f"{seed}/{panel.rated.id}".encode()).digest())


def _check(name: str, what: str, path: Path) -> None:
    if check_name(name, f"{path}: {what}") != name:
        raise InputError(f"{path}: {what} {name!r} begins or ends with a space; rename it")


def _opaque(secret: str, *parts: str) -> str:
    """An id that only who knows the secret can tell from any other."""
    return hmac.new(secret.encode(), json.dumps(parts).encode(), hashlib.sha256).hexdigest()[:32]


def _shown_size(path: Path) -> tuple[int, int]:
    """Width and height of a photo upright, shrunk to SIDE."""
    try:
        image = pyvips.Image.thumbnail(str(path), SIDE, height=SIDE, size="down")
    except pyvips.Error:  # of a format that libvips does not know, or none
        height, width = upright_size(open_image(path)[1])
        scale = min(1.0, SIDE / max(height, width))
        return max(1, round(width * scale)), max(1, round(height * scale))
    return image.width, image.height


def _picture(path: Path, size: tuple[int, int], pictures: Path, own: tuple[int, int] | None = None) -> Path:
    """A file's picture at a size, written where it is not there yet; `own`: its own size, where a crop must be refused."""
    width, height = size
    if own and abs(own[0] * height / (own[1] * width) - 1) > ASPECT_TOLERANCE:
        raise InputError(f"{path}: is of another shape than its photo; give the whole photo, edited")
    try:
        target = pictures / f"{_digest(path, size)}.jpg"
        if not target.is_file():
            image = pyvips.Image.new_from_array(resize(_seen(path), (height, width))).copy(interpretation="srgb")
            with replacing(target) as temporary:
                # 4:4:4, since edits of colour are what is to be seen.
                image.jpegsave(str(temporary), Q=93, subsample_mode="off", optimize_coding=True, keep="none")
    except pyvips.Error as error:
        raise InputError(f"{target}: cannot be written ({reason(error)}); free some disk space") from error
    return target


def _seen(path: Path) -> np.ndarray:
    """A file as it is judged, and as a viewer shows it on white: (H, W, 3) uint8 sRGB, upright."""
    photo = read_photo(path)
    pixels = as_bytes(photo.srgb)
    if photo.alpha is None:
        return pixels
    alpha = to_unit(photo.alpha)[:, :, None]
    return np.rint(pixels * alpha + 255 * (1 - alpha)).astype(np.uint8)


def _mask(region: Region, size: tuple[int, int], pictures: Path) -> Path:
    """A mask's picture at a size, as the evaluation understands the file: a cut-out selects by its transparency."""
    target = pictures / f"{_digest(region.mask, size)}.png"
    if not target.is_file():
        width, height = size
        mask = np.ascontiguousarray(resize(read_region(region)[1], (height, width)))
        with replacing(target) as temporary:
            picture = pyvips.Image.new_from_memory(mask.data, width, height, 1, "uchar")
            temporary.write_bytes(picture.pngsave_buffer(keep="none"))
    return target


def _digest(path: Path, size: tuple[int, int]) -> str:
    """Of a file that is shown at a size."""
    try:
        return hashlib.sha256(path.read_bytes() + "/{}x{}".format(*size).encode()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its rights") from error
