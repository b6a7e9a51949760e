"""The critic and the saliency network as metrics of files: realism R of a region, and what edits of it change."""
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from realistic_editing.apps.results import refuse_left_out, refuse_overwriting, replaced, say
from realistic_editing.common.arrays import to_unit
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import check_regular, replacing
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.folder import images_by_name, read_folder
from realistic_editing.data.images import read_mask, read_photo
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.inputs import network_input
from realistic_editing.enhance.judges import Judges
from realistic_editing.enhance.signs import measure_signs
from realistic_editing.enhance.verdict import JUDGED_FROM, judge
from realistic_editing.weights import load_network

_MEANING = (
    "realism: R, how real the region looks to the critic, from 0 to 1; where it is below {:.1f}, dR cannot judge this photo.\n"
    "realism_change: dR, R of the edit less R of the photo; from -0.1 down an edit looks edited.\n"
    "saliency_change: how much more (+) or less (-) the region is predicted to draw people's eyes, relative to before."
)
_LOOKED_AT = 640  # pixels of the longer side, to tell one photo from another
_ELSEWHERE = 0.08  # mean change of the background, of 1, from which an edit may be of another photo
_Files = tuple[Path, Path, Path | None]  # photo, mask, edited


def score(options: Mapping[str, Any]) -> pd.DataFrame:
    """Say how real the masked region of a photo looks (R), and what edits of it change (dR, and saliency, -S of eq. 3).

    Args:
        options: image, a photo, or a folder of NAME.jpg with NAME_mask.png; mask, of a photo; edited, a photo, or a folder of
            edits by the photos' names, or None; output, a CSV file, or None; json, whether to print JSON; critic, saliency and
            device as for an edit; keep_mask, whether a hard mask stays hard, which `edit` softens.

    Returns:
        A row for each photo: photo, realism, and, with `edited`, realism_change, saliency_change, verdict and reasons.

    Raises:
        InputError: when an option cannot be used, or no photo could be scored; or, at the end, where a folder was given and
            photos were left out: what cannot be read, has no mask, or, with `edited`, no edit.
    """
    source = Path(options["image"])
    check_regular(source)
    if options["output"]:
        _check_output(Path(options["output"]), options)
    jobs, problems = _jobs(source, options["mask"], options["edited"])
    judges = Judges(
        load_network(options["critic"], "realism", options["device"]),
        load_network(options["saliency"], "saliency", options["device"]),
    ).to(options["device"] or "cpu")
    rows = []
    for job in tqdm(jobs, "score", unit="photo", disable=len(jobs) == 1):
        try:
            rows.append(_row(judges, *job, bool(options.get("keep_mask"))))
        except InputError as error:
            if not source.is_dir():
                raise
            problems.append(str(error))
    if not rows:
        raise InputError(f"{source}: no photo could be scored; {'; '.join(problems[:3])}")
    frame = pd.DataFrame(rows)
    if options["output"]:
        say(replaced(Path(options["output"])), source)
        with replacing(options["output"]) as temporary:
            frame.to_csv(temporary, index=False, lineterminator="\n")
    print(frame.to_json(orient="records", indent=2) if options["json"] else frame.to_string(index=False, float_format="%.3f"))
    print(_MEANING.format(JUDGED_FROM), file=sys.stderr)
    refuse_left_out(problems)
    return frame


def _check_output(output: Path, options: Mapping[str, Any]) -> None:
    """Refuse what is no table, also where it is a photo that could not be scored."""
    refuse_overwriting([output], [options[name] for name in ("image", "mask", "edited")])
    if output.suffix.lower() != ".csv":
        raise InputError(f"{output}: the scores are a table; give a name that ends in .csv")


def _jobs(image: Path, mask: str | None, edited: str | None) -> tuple[list[_Files], list[str]]:
    """What is to be scored, and why some cannot be."""
    if not image.is_dir():
        if mask is None:
            raise InputError(f"{image}: is one photo, and has no mask; name its mask behind it, or as --mask")
        return [(image, Path(mask), Path(edited) if edited else None)], []
    results, problems = images_by_name(edited) if edited else {}, []
    regions = read_folder(image, mask, problems)
    if edited:
        problems += [f"{region.photo}: no edit of its name in {edited}" for region in regions if region.photo_id not in results]
        regions = [region for region in regions if region.photo_id in results]
    return [(region.photo, region.mask, results.get(region.photo_id)) for region in regions], problems


@torch.no_grad()
def _row(judges: Judges, photo: Path, mask: Path, edited: Path | None, keep_mask: bool = False) -> dict[str, Any]:
    read = read_photo(photo)
    pixels = read.srgb
    selected, notes = read_mask(mask, pixels.shape[:2])
    say((*read.notes, *notes), photo)
    selected = selected if keep_mask else soften_hard(pixels, selected)  # as `batch` judges; `edit` also mends a loose one
    device = next(judges.critic.parameters()).device
    view = judges.view(*network_input(pixels, selected, device))
    row = {"photo": str(photo), "realism": float(view.realism)}
    if edited is None:
        return row
    read = read_photo(edited)
    say(read.notes, edited)
    result = read.srgb
    if abs(result.shape[0] * pixels.shape[1] / (result.shape[1] * pixels.shape[0]) - 1) > 0.05:
        raise InputError(f"{edited}: is of another shape than {photo}; give the whole photo, edited")
    say(_doubts(pixels, resize(result, pixels.shape[:2]), selected, result.shape), edited)
    judged = view.compare(network_input(resize(result, pixels.shape[:2]), selected, device)[0])
    changes = {"realism_change": float(judged.realism_change), "saliency_change": float(view.saliency_change(judged))}
    signs = measure_signs(view.image, judged.image, view.mask, row["realism"], changes["realism_change"], view.free, view.human)
    verdict = judge(signs)
    return row | {"edited": str(edited)} | changes | {"verdict": verdict.name, "reasons": "; ".join(verdict.reasons)}


def _doubts(photo: np.ndarray, edited: np.ndarray, mask: np.ndarray, size: tuple[int, ...]) -> list[str]:
    """Notes on an edit (H, W, 3) that may be of another photo; `size` is its own, before it was resized."""
    resized = f"has {size[1]} x {size[0]} pixels, not the photo's; compared at the photo's"
    notes = [] if size[:2] == photo.shape[:2] else [resized]
    small = tuple(max(1, round(side * min(1.0, _LOOKED_AT / max(mask.shape)))) for side in mask.shape)
    photo, edited, mask = (to_unit(resize(one, small)) for one in (photo, edited, mask))
    outside = mask < 0.02
    change = np.abs(edited - photo).mean(axis=2)[outside] if outside.any() else np.zeros(1)
    if change.mean() > _ELSEWHERE:
        notes.append(f"differs from the photo outside the region by {100 * change.mean():.0f} %; is it an edit of that photo?")
    return notes
