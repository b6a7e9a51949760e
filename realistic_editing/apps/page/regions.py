"""Regions on the page: marked, taken, given a task, feathered, removed; nothing of their edits."""
import dataclasses
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from realistic_editing.apps.page import draft as drafts
from realistic_editing.apps.page.state import PageRegion, Session, active, rendered, with_active
from realistic_editing.apps.page.suggested import suggested
from realistic_editing.common.arrays import check_mask
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import check_task
from realistic_editing.data.edges import soften_hard
from realistic_editing.data.foreground import estimate_colours
from realistic_editing.data.labels import doubts
from realistic_editing.data.pixels import resize
from realistic_editing.data.refine import refine_mask

MOST_FEATHER = 0.03  # of the longer side
_FINE = 4.0  # pixels of sigma; a wider feather is made on a smaller mask, which is smooth anyway

_TURNED = "the switch turned this region; for another thing, mark that first"


def add_region(
    session: Session,
    mask: np.ndarray,
    task: str,
    name: str | None = None,
    snap: bool = False,
    notes: tuple[str, ...] = (),
    doubt: str = "",
) -> Session:
    """Add a region behind the others, and make it the active one.

    Args:
        session: as it is.
        mask: (H, W) of the photo's size, or (h, w) of its proportions, as painted.
        task: "attenuate" or "amplify".
        name: "region N" when None.
        snap: whether to move its border to the border in the photo.
        notes: on the mask, for the user.
        doubt: of what was selected, as in `Signs`.

    Raises:
        InputError: when the mask selects nothing, or is none.
    """
    check_task(task)
    pixels = session.photo.srgb
    mask = check_mask(resize(mask, pixels.shape[:2]), pixels)
    names = {region.name for region in session.regions}
    number = len(names) + 1
    while name is None or name in names:
        name, number = f"region {number}", number + 1
    mask = refine_mask(pixels, mask) if snap else soften_hard(pixels, mask)
    added = PageRegion(name, mask, task, notes=notes, doubt=doubt, colours=estimate_colours(pixels, mask))
    regions = (*session.regions, added)
    return dataclasses.replace(session, regions=regions, active=len(session.regions), draft=None, task=task)


def mark(session: Session, value: Mapping[str, Any]) -> Session:
    """Mark more of a region that is to be, or less: see `draft.marked`. Raises InputError."""
    return dataclasses.replace(session, draft=drafts.marked(session.photo, session.small, session.draft, value))


def look_for_suggestions(session: Session) -> Session:
    """Find what draws the eye away from the subject in the photo as it is edited by now; nothing else changes."""
    return dataclasses.replace(session, suggested=suggested(rendered(session, small=True)))


def take_suggestion(session: Session, number: Any) -> Session:
    """Mark a suggestion, in the place of what was marked; clicks go on from it as from one click.

    Args:
        session: as it is.
        number: of the suggestion.

    Raises:
        InputError: when there is none of that number.
    """
    left = session.suggested or ()
    taken = next((one for one in left if type(number) is int and one.number == number), None)
    if taken is None:
        raise InputError("there is no such suggestion any more; press Suggest")
    draft = drafts.Draft(taken.mask, inside=(taken.point,))
    return dataclasses.replace(session, draft=draft, suggested=tuple(one for one in left if one is not taken))


def unmark(session: Session) -> Session:
    """Let go of what is marked."""
    return session if session.draft is None else dataclasses.replace(session, draft=None)


def take_draft(session: Session, snap: bool = False) -> Session:
    """Make a region of what is marked; the same session where nothing is.

    Args:
        session: as it is.
        snap: whether to move the border of what was painted to the border in the photo.
    """
    draft = session.draft
    if draft is None or not draft.mask.any():
        return unmark(session)
    notes, doubt = (*draft.notes, *doubts(draft.mask)), "the selection is in doubt; look at its outline" if draft.notes else ""
    return add_region(session, draft.mask, session.task, snap=snap and bool(draft.strokes), notes=notes, doubt=doubt)


def remove_region(session: Session) -> Session:
    """Take the active region away. Raises InputError when there is none."""
    active(session)
    kept = tuple(region for index, region in enumerate(session.regions) if index != session.active)
    index = max(0, min(session.active, len(kept) - 1))
    return dataclasses.replace(session, regions=kept, active=index, task=kept[index].task if kept else session.task)


def set_task(session: Session, task: str) -> Session:
    """What is marked, or else the active region, gets a task; another one than before lets go of the region's edit."""
    session = dataclasses.replace(session, task=check_task(task))
    region = session.region
    if session.draft is not None or region is None or region.task == task:
        return session
    others = tuple(note for note in region.notes if note != _TURNED)
    notes = others if _TURNED in region.notes else (*others, _TURNED)  # the second turn is the way back
    return with_active(session, _without_edit(region, task=task, notes=notes))


def set_human(session: Session, human: bool | None) -> Session:
    """Say whether the active region is a person, None = as the critic sees it; another answer than before lets go of its edit.

    Raises InputError when there is no region, or something is marked, of which it could be asked as well.
    """
    region = active(session)
    if session.draft is not None:
        raise InputError("something is marked; press Propose to make a region of it, then say whether that is a person")
    return session if region.human is human else with_active(session, _without_edit(region, human=human))


def _without_edit(region: PageRegion, **changes: Any) -> PageRegion:
    kept = ("name", "mask", "task", "notes", "doubt", "sharp", "feather", "colours", "human")
    kept = {name: getattr(region, name) for name in kept}
    return PageRegion(**kept | changes)


def most_feather(session: Session) -> int:
    """The greatest feather of a photo, in pixels."""
    return max(10, round(MOST_FEATHER * max(session.photo.pixels.shape[:2])))


def feathered(mask: np.ndarray, sigma: float) -> np.ndarray:
    """A mask (H, W) whose border fades out by a Gaussian of `sigma` pixels; the mask itself where that is 0."""
    if sigma == 0:
        return mask
    scale = min(1.0, _FINE / sigma)
    small = resize(mask, tuple(max(1, round(side * scale)) for side in mask.shape)) if scale < 1 else mask
    blurred = cv2.GaussianBlur(small, (0, 0), max(0.3, sigma * scale), borderType=cv2.BORDER_REPLICATE)
    return resize(blurred, mask.shape) if blurred.any() else mask
