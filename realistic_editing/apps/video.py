"""Edit a region of a clip: one edit, or one that changes smoothly, instead of a new one for each frame."""
import contextlib
import dataclasses
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from realistic_editing.apps.edit import enhancer_of
from realistic_editing.apps.judged import MEANING, JudgedResult, counted, judged, over_frames
from realistic_editing.apps.mask import check_outside
from realistic_editing.apps.results import free_place, refuse_overwriting, replaced, say
from realistic_editing.apps.video_masks import frames_with_masks, keep_mask
from realistic_editing.common.arrays import as_bytes
from realistic_editing.common.errors import InputError
from realistic_editing.common.files import replacing, replacing_folder
from realistic_editing.common.readable import delta_r, percent
from realistic_editing.common.tasks import check_task
from realistic_editing.data.clips import Clip, check_output, open_clip, writing
from realistic_editing.data.images import Photo
from realistic_editing.data.pixels import resize
from realistic_editing.data.sound import add_sound
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import EditOptions
from realistic_editing.enhance.timeline import Timeline, ramp
from realistic_editing.enhance.view import PhotoView
from realistic_editing.evaluation.measures.flicker import Flicker
from realistic_editing.evaluation.reports.sheets import outlined, save_sheet, sheet
from realistic_editing.ops.photo import apply_to_photo

_PARAMETERS = ("first", "smoothed")
WHEN_LOST = ("error", "stop")
COPIED, NO_SOUND = "copied, if the clip has any", "none: frames only"  # of sound; else why it is lost
_LEAST = 64  # pixels that a region must have for an edit of it to be predicted
_SHOWN, _WIDTH = 6, 320  # frames of a sheet, and of each of its pictures


@dataclasses.dataclass
class FirstPass:
    """What the first pass over a clip has found.

    Args:
        count: of frames.
        moments, edits: the frames at which an edit was predicted, and the edits.
        lost: the first frame without a mask, from 0, or None.
        frame_by_frame: the flicker of edits made frame by frame.
        sampled: the frames at which that was measured.
        human, any_color: what the region is, see `PhotoView`: asked for, or as in the first frame; None before.
        doubt: of how it was selected, as in `Signs`.
    """

    count: int = 0
    moments: list[int] = dataclasses.field(default_factory=list)
    edits: list[Edit] = dataclasses.field(default_factory=list)
    lost: int | None = None
    frame_by_frame: Flicker = dataclasses.field(default_factory=Flicker)
    sampled: set[int] = dataclasses.field(default_factory=set)
    human: bool | None = None
    any_color: float | None = None
    doubt: str = ""

    def view(self, enhancer: Enhancer, photo: Photo, mask: np.ndarray) -> PhotoView:
        """A frame, whose region is what it was in the first one."""
        return enhancer.view(photo.srgb, mask, self.human, self.any_color)


def video(options: Mapping[str, Any]) -> Path:
    """Edit the region of a clip, write the result and its recipe, and say what was done and how much it flickers.

    Two passes, a frame at a time: the first finds the masks and predicts the edits, the second makes them.

    Args:
        options: clip; mask, box or points, see `frames_with_masks`; out; parameters, "first" or "smoothed"; every; when_lost,
            "error" or "stop"; flicker_samples; masks_out; sheet; strip; json; the others as for `enhance`.

    Returns:
        The path of the result.

    Raises:
        InputError: when an option or a file cannot be used, or the region is lost. Nothing is written then.
    """
    asked = _checked(options)
    clip = open_clip(options["clip"])
    if options.get("strip"):
        clip = dataclasses.replace(clip, tags={**clip.tags, "metadata": {}})
    output = Path(options["out"]) if options["out"] else free_place(_default_output(clip, options["task"]))
    _check_places(clip, output, options)
    say(replaced(output), clip.path)
    enhancer = enhancer_of(options)
    with _mask_folder(options["masks_out"]) as masks:
        first_pass = _run_first_pass(clip, enhancer, asked, options, masks)
        timeline = _timeline(first_pass, options)
        with replacing(output.with_suffix(".json")) as recipe:  # all files or none
            timeline.recipe.save(recipe)
            with writing(output, clip.size, clip.rate, clip) as write:
                edits, report, rows = _render(clip, enhancer, first_pass, timeline, masks, write)
    report = _described(options, clip, first_pass, output) | report | over_frames(edits, asked)
    report["sound"] = add_sound(output, clip.path) or COPIED if output.suffix and clip.frames is None else NO_SOUND
    if options["sheet"]:
        save_sheet(sheet(rows), options["sheet"])
    _say(report, first_pass, options)
    return output


def _checked(options: Mapping[str, Any]) -> EditOptions:
    """What is asked of the edit, all options checked. Raises InputError."""
    check_task(options["task"])
    for name, known in (("parameters", _PARAMETERS), ("when_lost", WHEN_LOST)):
        if options[name] not in known:
            raise InputError(f"--{name.replace('_', '-')} is {options[name]!r}; use {' or '.join(known)}")
    for name, least in (("every", 1), ("flicker_samples", 0)):
        if options[name] < least:
            raise InputError(f"--{name.replace('_', '-')} is {options[name]}; use a whole number from {least}")
    if options["sheet"] and Path(options["sheet"]).suffix.lower() != ".png":
        raise InputError(f"--sheet is {options['sheet']!r}; name a file that ends in .png")
    check_outside(options)
    return EditOptions.read(options)


def _check_places(clip: Clip, output: Path, options: Mapping[str, Any]) -> None:
    """Refuse, before any work is done, to write over what is read, or one output into another. Raises InputError."""
    check_output(output, clip.size)
    others = [Path(options[name]) for name in ("masks_out", "sheet") if options[name]]
    places, taken = (output, output.with_suffix(".json"), *others), set()
    refuse_overwriting(places, [options["clip"], options["mask"]])
    for place in places:
        if place.resolve() in taken:
            raise InputError(f"{place}: would overwrite what is written beside it; choose another place")
        taken.add(place.resolve())
    for inner, outer in itertools.permutations((output, *others), 2):
        if outer.resolve() in inner.resolve().parents:
            raise InputError(f"{inner}: lies inside another output, {outer}; choose a place beside it")
    if options["masks_out"]:
        if Path(options["masks_out"]).suffix:
            raise InputError(f"--masks-out is {options['masks_out']!r}; name a new folder, without a dot")
        check_output(Path(options["masks_out"]), clip.size)


def _default_output(clip: Clip, task: str) -> Path:
    even = clip.frames is None and clip.size[0] % 2 == clip.size[1] % 2 == 0
    name = f"{clip.path.stem if clip.frames is None else clip.path.resolve().name}_{task}"
    return Path("outputs") / (name + ".mp4" if even else name)


@contextlib.contextmanager
def _mask_folder(kept: str | None) -> Iterator[Path]:
    """Where the masks of the first pass wait for the second: on disk, because a long clip's would fill the memory."""
    if kept:
        with replacing_folder(kept) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="realistic_editing_") as folder:
            yield Path(folder)


def _run_first_pass(clip: Clip, enhancer: Enhancer, asked: EditOptions, options: Mapping[str, Any], masks: Path) -> FirstPass:
    """The first pass."""
    first_pass = FirstPass(sampled=_samples(clip.count, options["flicker_samples"]))
    frames = frames_with_masks(clip, options)
    for number, frame in enumerate(tqdm(frames, "first pass", total=clip.count, unit="frame")):
        photo, mask, first_pass.doubt = frame.photo, frame.mask, frame.doubt
        if frame.lost is not None:
            first_pass.lost = number
            _say_lost(number, frame.lost, options)
        # Black once the region is lost: the masks that are kept are then one for each frame, as --mask takes them.
        keep_mask(masks / f"{number + 1:06d}.png", np.zeros(clip.size, np.uint8) if mask is None else mask)
        if mask is not None and (mask >= 128).sum() >= _LEAST:
            _predict(first_pass, number, photo, mask, enhancer, asked, options)
        first_pass.count = number + 1
    if not first_pass.edits:
        raise InputError(f"{options['mask'] or 'the region'}: no frame has {_LEAST} selected pixels or more; paint more white")
    return first_pass


def _predict(
    first_pass: FirstPass, number: int, photo: Photo, mask: np.ndarray, enhancer: Enhancer, asked: EditOptions, options: Mapping
) -> None:
    """Predict an edit where one is due, and edits made frame by frame at the sampled frames."""
    if first_pass.human is None:  # seen once, or colours would be spared in one frame and changed in the next
        seen = enhancer.view(photo.srgb, mask, asked.human)
        first_pass.human, first_pass.any_color = seen.human, seen.any_color
    if number in first_pass.sampled:
        fresh = first_pass.view(enhancer, photo, mask).propose(asked)
        if number - 1 not in first_pass.sampled:
            first_pass.frame_by_frame.cut()
        first_pass.frame_by_frame.add(photo.srgb, fresh.apply(photo.srgb, mask), mask)
    again = options["parameters"] == "smoothed" and number - max(first_pass.moments, default=0) >= options["every"]
    if again or not first_pass.edits:
        if first_pass.edits:
            asked = dataclasses.replace(asked, order=tuple(first_pass.edits[0].recipe.order[0].tolist()))
        first_pass.edits.append(first_pass.view(enhancer, photo, mask).propose(asked))
        first_pass.moments.append(number)


def _timeline(first_pass: FirstPass, options: Mapping[str, Any]) -> Timeline:
    recipe = type(first_pass.edits[0].recipe).cat([edit.recipe for edit in first_pass.edits])
    return Timeline(tuple(first_pass.moments), recipe, float(options["every"]))


def _render(
    clip: Clip, enhancer: Enhancer, first_pass: FirstPass, timeline: Timeline, masks: Path, write: Any
) -> tuple[list[JudgedResult], dict[str, Any], list[list[tuple[str, np.ndarray]]]]:
    """The second pass: the edits that were measured, what was found over all, and the rows of a sheet."""
    flicker, same, edits, rows = Flicker(), Flicker(), [], []
    shown = {round(place) for place in np.linspace(0, first_pass.count - 1, min(_SHOWN, first_pass.count))}
    measured = set(first_pass.moments) | shown
    for number, photo in enumerate(tqdm(clip.read(), "edit", total=first_pass.count, unit="frame")):
        mask = cv2.imread(str(masks / f"{number + 1:06d}.png"), cv2.IMREAD_GRAYSCALE)
        edited, strength = photo.srgb, ramp(number, first_pass.lost)
        if mask.any() and strength > 0:
            recipe = timeline.at(number, strength)
            edited = apply_to_photo(photo.srgb, mask, recipe)
            if number in measured and (mask >= 128).sum() >= _LEAST:
                view = first_pass.view(enhancer, photo, mask)
                edits.append(judged(view, view.measure(recipe), doubt=first_pass.doubt))
        write(photo, photo.from_srgb(edited))
        flicker.add(photo.srgb, edited, mask)
        if number in first_pass.sampled:
            if number - 1 not in first_pass.sampled:
                same.cut()
            same.add(photo.srgb, edited, mask)
        if number in shown:
            rows.append(_row(number, photo.srgb, mask, edited))
    measures = {name: [getattr(one.edit, name) for one in edits] for name in ("realism_change", "saliency_change")}
    spans = {name: {"mean": float(np.mean(v)), "least": min(v), "most": max(v)} for name, v in measures.items()}
    anew = first_pass.frame_by_frame.result()
    beside = {"chosen": same.result(), "frame_by_frame": anew} if anew else None
    return edits, spans | {"measured_frames": len(edits), "flicker": flicker.result(), "flicker_beside": beside}, rows


def _described(options: Mapping[str, Any], clip: Clip, first_pass: FirstPass, output: Path) -> dict[str, Any]:
    return {
        "result": str(output),
        "recipe": str(output.with_suffix(".json")),
        "task": options["task"],
        "frames": first_pass.count,
        "size": [clip.size[1], clip.size[0]],
        "frame_rate": clip.rate,
        "parameters": options["parameters"],
        "order": first_pass.edits[0].recipe.order[0].tolist(),
        "predicted_at": [moment + 1 for moment in first_pass.moments],
        "lost_at": None if first_pass.lost is None else first_pass.lost + 1,
        "masks": options["masks_out"],
        "sheet": options["sheet"],
    }


def _say_lost(number: int, why: str, options: Mapping[str, Any]) -> None:
    words = f"{options['clip']}, frame {number + 1}: the region is lost: {why}"
    if options["when_lost"] == "error":
        raise InputError(
            f"{words}; cut the clip there, add --when-lost stop to leave the rest unedited, or give a mask for each frame "
            "(--when-lost stop --masks-out FOLDER writes those that were found, and black ones for the rest)"
        )
    print(f"note: {words}; the edit fades out before it, and the rest is left as it is", file=sys.stderr)


def _say(report: dict[str, Any], first_pass: FirstPass, options: Mapping[str, Any]) -> None:
    say([*([] if report["sound"] in (COPIED, NO_SOUND) else [report["sound"]]), *report["problems"]], options["clip"])
    if options["json"]:
        print(json.dumps(report, indent=2))
        return
    print(f"first frame of the region, {first_pass.moments[0] + 1}: {first_pass.edits[0]}")
    realism, saliency = report["realism_change"], report["saliency_change"]
    print(
        f"over {report['measured_frames']} of {report['frames']} frames: realism {delta_r(realism['mean'])} "
        f"({delta_r(realism['least'])} to {delta_r(realism['most'])}), saliency {percent(saliency['mean'])} "
        f"({percent(saliency['least'])} to {percent(saliency['most'])})"
    )
    reasons = "; ".join(["", *report["reasons"]])
    print(f"verdict, of the worst frame: {report['verdict']}{reasons} ({counted(report['verdicts'])})\n{MEANING}")
    if report["flicker"]:
        print(f"flicker: {report['flicker']['region']:.3f} levels of 255")
    if report["flicker_beside"]:
        both = report["flicker_beside"]
        chosen, frame_by_frame = (both[name]["region"] for name in ("chosen", "frame_by_frame"))
        print(f"  where compared: {chosen:.3f}; predicted anew for each frame: {frame_by_frame:.3f}")
    for name in ("result", "recipe", "masks", "sheet"):
        if report[name]:
            print(f"{name}: {report[name]}")


def _samples(count: int, places: int) -> set[int]:
    """Three frames in a row at each of some places, evenly over a clip."""
    starts = [int((place + 0.5) * max(count - 2, 0) / places) for place in range(places)] if count >= 3 else []
    return {start + step for start in starts for step in range(3)}


def _row(number: int, frame: np.ndarray, mask: np.ndarray, edited: np.ndarray) -> list[tuple[str, np.ndarray]]:
    size = (max(1, round(_WIDTH * mask.shape[0] / mask.shape[1])), _WIDTH)
    small, after = (resize(as_bytes(one), size) for one in (frame, edited))
    return [(f"frame {number + 1}", small), ("mask", outlined(small, resize(mask, size))), ("edited", after)]
