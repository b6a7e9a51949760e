"""What the page knows of a visitor's work: a photo, its regions, and their edits one after another, as in a plan.

A session is a value. Every step takes one and returns the next, so that an undo, or two people, cannot mix them.
"""
import dataclasses
from pathlib import Path

import numpy as np

from realistic_editing.apps.page.dials import Dials, turned
from realistic_editing.apps.page.draft import Draft
from realistic_editing.apps.page.suggested import Suggested
from realistic_editing.common.errors import InputError
from realistic_editing.data.foreground import Colours, apply_with_colours
from realistic_editing.data.images import Photo, read_photo
from realistic_editing.data.pixels import resize
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.verdict import Verdict
from realistic_editing.enhance.view import Candidates, PhotoView
from realistic_editing.ops import Recipe

LONGEST = 1200  # pixels of the longer side of what is shown


@dataclasses.dataclass(frozen=True, eq=False)
class PageRegion:
    """One region and its edit.

    Args:
        name: on the page and in file names.
        mask: (H, W) uint8 or uint16, of the photo's size.
        task: "attenuate" or "amplify".
        candidates: the network's 24 edits, one for each order, and what each does; None before `propose`. So with what follows.
        taken: which of them the edit started from.
        start: that edit, refined on the photo.
        dials: the values of the sliders.
        strength: how much of the edit is taken, 0 to 1.5.
        effect: dR and the change of saliency of what the sliders say.
        exact: whether the effect is that of the whole photo as it is downloaded, or, while a slider moves, of the small picture
            that the networks see.
        verdict: on the edit as it stands.
        different: which of the candidates are shown, see `most_different`.
        sharp: the mask before it was feathered, by a sigma of `feather` pixels; None where it was not.
        view: the region on the photo with the edits of those before it, and `beneath` those edits.
        notes: on its mask, for the user.
        doubt: of what clicks or a box selected, as in `Signs`.
        human: whether it is a person; None = as the critic sees it.
        colours: before and behind its soft borders, see `estimate_colours`: of the unedited photo.
    """

    name: str
    mask: np.ndarray
    task: str
    candidates: Candidates | None = None
    taken: int = 0
    start: Edit | None = None
    dials: Dials = dataclasses.field(default_factory=Dials)
    strength: float = 1.0
    effect: tuple[float, float] = (0.0, 0.0)
    exact: bool = False
    verdict: Verdict | None = None
    different: tuple[int, ...] = ()
    sharp: np.ndarray | None = None
    feather: float = 0.0
    view: PhotoView | None = None
    beneath: tuple = ()
    notes: tuple[str, ...] = ()
    doubt: str = ""
    human: bool | None = None
    colours: Colours | None = None

    @property
    def recipe(self) -> Recipe | None:
        """The edit as it stands; None before a proposal."""
        return None if self.start is None else turned(self.start.recipe, self.dials).at_strength(self.strength)


@dataclasses.dataclass(frozen=True, eq=False)
class Session:
    """A photo with its regions, in the order in which they are edited.

    Args:
        photo: at its own size and depth.
        small: its pixels, at most `LONGEST` on a side.
        regions: may be empty.
        active: index of the region that the sliders are about.
        draft: what is marked and not yet a region.
        task: of the next region.
        suggested: what draws the eye and was not taken yet; None where nobody asked.
    """

    photo: Photo
    small: np.ndarray
    regions: tuple[PageRegion, ...] = ()
    active: int = 0
    draft: Draft | None = None
    task: str = "attenuate"
    suggested: tuple[Suggested, ...] | None = None

    @property
    def region(self) -> PageRegion | None:
        """The active one."""
        return self.regions[self.active] if self.regions else None


def open_photo(path: str | Path) -> Session:
    """Begin with a photo file. Raises InputError when it cannot be read."""
    photo = read_photo(path)
    return Session(photo, shrunk(photo.srgb))


def rendered(session: Session, until: int | None = None, small: bool = False) -> np.ndarray:
    """The photo in sRGB with the edits of its regions, one on top of the other.

    Args:
        session: as it is.
        until: only of so many regions; None = all.
        small: at the size that is shown, instead of the photo's own.
    """
    pixels = session.small if small else session.photo.srgb
    scale = tuple(full / shown for full, shown in zip(session.photo.pixels.shape[:2], pixels.shape[:2], strict=True))
    for region in session.regions[:until]:
        if region.recipe is not None:
            mask = shrunk(region.mask) if small else region.mask
            pixels = apply_with_colours(pixels, mask, region.recipe, region.colours, scale=scale)
    return pixels


def active(session: Session) -> PageRegion:
    """The active region. Raises InputError when there is none."""
    if session.region is None:
        raise InputError("no region is marked; click on what to edit, drag a box around it, paint it, or load a mask")
    return session.region


def with_active(session: Session, region: PageRegion) -> Session:
    """The session with another active region."""
    regions = (*session.regions[: session.active], region, *session.regions[session.active + 1 :])
    return dataclasses.replace(session, regions=regions)


def shrunk(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    return resize(pixels, tuple(max(1, round(side * scale)) for side in pixels.shape[:2]))
