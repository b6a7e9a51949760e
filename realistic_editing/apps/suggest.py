"""Say what draws the eye away from a photo's subject: masks, reasons and a picture with numbers."""
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.mask import numbers
from realistic_editing.apps.results import refuse_overwriting, replaced, reporting, say
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing
from realistic_editing.data.images import Photo, read_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.selection.suggest import Suggestion, Suggestions, look_for_distractors

_SHOWN = 1200  # pixels of the preview's longer side
_SUBJECT = (90, 200, 90)
_COLOURS = ((230, 80, 60), (250, 170, 40), (70, 150, 240), (190, 90, 220), (60, 200, 200), (240, 220, 60))


def suggest(options: Mapping[str, Any]) -> Path:
    """Write a mask of each suggestion, a preview and a report into a folder.

    Args:
        options: image; subject, "x,y", or None for the most attended thing near the middle; count; people, to suggest people
            too; saliency, bundled weights or a file; output, a folder, outputs/NAME_suggest when None; json.

    Returns:
        The path of the preview.

    Raises:
        InputError: when an option or the photo cannot be used, or a file that no earlier call wrote is in the way.
    """
    source = Path(options["image"])
    folder = Path(options["output"] or Path("outputs") / f"{source.stem}_suggest")
    preview, report = folder / f"{source.stem}_suggestions.png", folder / f"{source.stem}_suggestions.json"
    asked = count_of(options)
    masks = [folder / f"{source.stem}_{number}_mask.png" for number in range(1, asked + 1)]
    earlier = earlier_masks(report, source.stem)
    refuse_overwriting([preview, report, *masks, *earlier], [source])
    refuse_strangers(masks, earlier, report)
    photo = read_photo(source)
    say(photo.notes, source)
    with reporting(options) as found:
        result = suggestions_of(photo, options)
        say(replaced(preview), source)
        entries = []
        for number, (one, path) in enumerate(zip(result.others, masks, strict=False), start=1):
            write_mask(path, one.mask)
            entries.append({"mask": str(path), **facts_of(one)})
            print(f"{number}. {one.reason} (mask: {path})")
        for stale in set(earlier) - set(masks[: len(entries)]):
            stale.unlink(missing_ok=True)  # of an earlier call, which found more
        subject = None if result.subject is None else facts_of(result.subject)
        _write_preview(photo, result, preview)
        with replacing(report) as temporary:
            temporary.write_text(json.dumps({"subject": subject, "suggestions": entries}, indent=2) + "\n")
        found |= {"subject": subject, "suggestions": entries, "preview": preview, "report": report}
        if not entries:
            print("nothing draws more attention than its area would; name the subject by --subject X,Y, or add --people")
        print(f"subject: {subject['reason'] if subject else 'none stands out; name it by --subject X,Y'}\npreview: {preview}")
    return preview


def earlier_masks(report: Path, stem: str) -> list[Path]:
    """The numbered masks of a photo that an earlier call wrote, by the report or plan that it left beside them.

    Args:
        report: JSON with entries that name a "mask": a list of them, or under "suggestions". None where there is no such file.
        stem: of the photo.
    """
    try:
        found = json.loads(report.read_text())
    except (OSError, ValueError):
        return []  # the first call, or a file of someone else's, which is replaced as ever
    entries = found.get("suggestions") if isinstance(found, dict) else found
    entries = entries if isinstance(entries, list) else []
    names = [Path(str(one["mask"])).name for one in entries if isinstance(one, dict) and "mask" in one]
    ours = [name for name in names if re.fullmatch(rf"{re.escape(stem)}_\d+_mask\.png", name)]
    return [report.with_name(name) for name in ours]


def refuse_strangers(files: Iterable[Path], earlier: Iterable[Path], report: Path) -> None:
    """Refuse to replace what lies in the folder and is of no earlier call, such as masks that the user has named alike.

    Args:
        files: that will be written.
        earlier: those that an earlier call wrote, see `earlier_masks`.
        report: by which they are known.

    Raises:
        InputError: naming the first that is there.
    """
    kept = sorted(path for path in {*files} - {*earlier} if path.exists())
    if kept:
        raise InputError(f"{kept[0]}: is there already, and {report.name} does not name it; move it, or use another --output")


def count_of(options: Mapping[str, Any]) -> int:
    """How many suggestions are asked for. Raises InputError when that is no whole number from 1 to 20."""
    try:
        count = int(str(options["count"]))
    except ValueError:
        count = 0
    if not 1 <= count <= 20:
        raise InputError(f"count is {options['count']!r}; use a whole number from 1 to 20")
    return count


def suggestions_of(photo: Photo, options: Mapping[str, Any]) -> Suggestions:
    """What draws attention in a photo as read, see `look_for_distractors`.

    Args:
        photo: as read.
        options: subject, "x,y" or None; count; people; saliency.
    """
    point = options.get("subject")
    subject = numbers("subject", point, 2) if point else None
    return look_for_distractors(photo.srgb, count_of(options), subject, bool(options.get("people")), options["saliency"])


def facts_of(one: Suggestion) -> dict[str, Any]:
    """What a report says of a suggestion."""
    return {"reason": one.reason, "attention": one.attention, "area": one.area, "kind": one.kind, "trust": one.trust}


def numbered(picture: np.ndarray, masks: Sequence[np.ndarray], subject: np.ndarray | None = None) -> np.ndarray:
    """A picture with outlined and numbered regions, and the subject's outline in green.

    Args:
        picture: (H, W, 3) uint8.
        masks: (H, W) uint8 of its size, in the order of their numbers.
        subject: likewise, or None.

    Returns:
        (H, W, 3) uint8.
    """
    drawn = np.ascontiguousarray(picture).copy()
    width = max(1, round(max(drawn.shape) / 500))
    parts = [(mask, _COLOURS[at % len(_COLOURS)]) for at, mask in enumerate(masks)]
    for mask, color in [*([] if subject is None else [(subject, _SUBJECT)]), *parts]:
        edges, _ = cv2.findContours((mask >= 128).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(drawn, edges, -1, (0, 0, 0), 3 * width, cv2.LINE_AA)
        cv2.drawContours(drawn, edges, -1, color, width, cv2.LINE_AA)
    for number, (mask, color) in enumerate(parts, start=1):
        _label(drawn, mask, str(number), color)
    return drawn


def _label(drawn: np.ndarray, mask: np.ndarray, text: str, color: tuple[int, int, int]) -> None:
    """A number on a disc where the mask is deepest."""
    depth = cv2.distanceTransform(np.pad(mask >= 128, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    radius = max(9, round(max(drawn.shape) / 60))
    cv2.circle(drawn, (int(x), int(y)), radius, (0, 0, 0), -1, cv2.LINE_AA)
    cv2.circle(drawn, (int(x), int(y)), radius - 1, color, -1, cv2.LINE_AA)
    scale = radius / 18
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    corner = (int(x) - wide // 2, int(y) + high // 2)
    cv2.putText(drawn, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 2, cv2.LINE_AA)


def _write_preview(photo: Photo, result: Suggestions, path: Path) -> None:
    pixels = as_bytes(photo.srgb)
    shrink = min(1.0, _SHOWN / max(pixels.shape[:2]))
    size = tuple(max(1, round(side * shrink)) for side in pixels.shape[:2])
    masks = [resize(one.mask, size) for one in result.others]
    subject = None if result.subject is None else resize(result.subject.mask, size)
    with replacing(path) as temporary:
        cv2.imwrite(str(temporary), numbered(resize(pixels, size), masks, subject)[..., ::-1])
