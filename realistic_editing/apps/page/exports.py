"""What a visitor takes away: the edited photo, and of a region its recipe, look-up table and mask."""
from pathlib import Path

from realistic_editing.apps.page.state import Session, active, rendered
from realistic_editing.apps.results import lossless_suffix
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.ops.lut import write_cube

FORMATS = {".jpg": "JPEG, small", ".png": "PNG, lossless", ".tif": "TIFF, lossless", ".webp": "WebP, lossless"}


def formats(session: Session, writing: Writing = DEFAULT) -> tuple[list[tuple[str, str]], str]:
    """What the photo can be downloaded as.

    Args:
        session: with a photo.
        writing: what the server was started with.

    Returns:
        Words and suffix of each: JPEG, PNG, and what the photo itself is; and the suffix that is chosen at first.
    """
    photo = session.photo
    own, first = lossless_suffix(photo.path).lower(), writing.suffix(photo.path).lower()
    alike = {".jpeg": ".jpg", ".tiff": ".tif"}
    own, first = alike.get(own, own), alike.get(first, first)
    deep = photo.pixels.dtype.itemsize > 1 or (photo.alpha is not None and photo.alpha.min() < photo.alpha.max())
    found = [suffix for suffix in (".jpg", ".png") if suffix != ".jpg" or not deep]  # JPEG has 8 bits, and no transparency
    found += [suffix for suffix in dict.fromkeys((own, first)) if suffix not in found and suffix in FORMATS]
    return [(FORMATS[suffix], suffix) for suffix in found], first if first in found else found[0]


def export(session: Session, kind: str, folder: Path, writing: Writing = DEFAULT, suffix: str | None = None) -> Path:
    """Write what a download asks for.

    Args:
        session: with a photo.
        kind: "photo", at full size and depth; or of the active region: "recipe" (.json), "lut" (.cube), "mask" (.png).
        folder: to write into.
        writing: of the photo; the defaults when not given.
        suffix: of the photo, one of `formats`; None = as `writing` says.

    Returns:
        The file.

    Raises:
        InputError: when there is nothing of the kind yet, or it cannot be written.
    """
    stem = session.photo.path.stem
    if kind == "photo":
        if suffix is not None and suffix not in [one for _, one in formats(session, writing)[0]]:
            raise InputError(f"{suffix!r} is no format that this photo can be downloaded as; choose one of those offered")
        path = folder / f"{stem}_edited{suffix or writing.suffix(session.photo.path)}"
        write_photo(path, session.photo, session.photo.from_srgb(rendered(session)), writing.quality, writing.strip)
        return path
    region = active(session)
    name = f"{stem}_{region.name.replace(' ', '_')}"
    if kind == "mask":
        write_mask(folder / f"{name}_mask.png", region.mask)
        return folder / f"{name}_mask.png"
    if region.recipe is None:
        raise InputError(f"{region.name}: has no edit yet; press Propose")
    path = folder / f"{name}_{region.task}{'.json' if kind == 'recipe' else '.cube'}"
    region.recipe.save(path) if kind == "recipe" else write_cube(path, region.recipe, title=path.stem)
    return path
