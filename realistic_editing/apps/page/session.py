"""What happens on the page, without the page: a photo, its regions, and their edits one after another, as in a plan.

A session is a value. Every step takes one and returns the next, so that a browser's undo, or two people, cannot mix them.
"""
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from realistic_editing.apps.demo import FOLDER
from realistic_editing.apps.page.dials import Dials, read_dials, turned
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.arrays import check_mask
from realistic_editing.common.errors import InputError
from realistic_editing.common.tasks import check_task
from realistic_editing.data.images import Photo, read_mask, read_photo, write_photo
from realistic_editing.data.masks import write_mask
from realistic_editing.data.pixels import resize
from realistic_editing.data.select import refine_mask
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.options import GUARD, check_strength
from realistic_editing.enhance.view import Candidates, PhotoView
from realistic_editing.ops import Recipe
from realistic_editing.ops.lut import write_cube
from realistic_editing.ops.photo import apply_to_photo

LONGEST = 1200  # pixels of the longer side of what is shown
Enhancers = Mapping[str, Enhancer]


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
        view: the region on the photo with the edits of those before it, and `beneath` those edits.
        notes: on its mask, for the user.
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
    view: PhotoView | None = None
    beneath: tuple = ()
    notes: tuple[str, ...] = ()

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
    """

    photo: Photo
    small: np.ndarray
    regions: tuple[PageRegion, ...] = ()
    active: int = 0

    @property
    def region(self) -> PageRegion | None:
        """The active one."""
        return self.regions[self.active] if self.regions else None


def open_photo(path: str | Path) -> Session:
    """Begin with a photo file. Raises InputError when it cannot be read."""
    photo = read_photo(path)
    return Session(photo, _shrunk(photo.srgb))


def example() -> Session:
    """The bundled photo with two regions, nothing proposed yet."""
    session = open_photo(FOLDER / "astronaut.jpg")
    for name, task in (("flag", "attenuate"), ("tank", "amplify")):
        session = add_region(session, read_mask(FOLDER / f"{name}.png", session.photo.pixels.shape[:2])[0], task, name)
    return dataclasses.replace(session, active=0)


def add_region(
    session: Session, mask: np.ndarray, task: str, name: str | None = None, snap: bool = False, notes: tuple[str, ...] = ()
) -> Session:
    """Add a region behind the others, and make it the active one.

    Args:
        session: as it is.
        mask: (H, W) of the photo's size, or (h, w) of its proportions, as painted.
        task: "attenuate" or "amplify".
        name: "region N" when None.
        snap: whether to move its border to the border in the photo.
        notes: on the mask, for the user.

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
    added = PageRegion(name, refine_mask(pixels, mask) if snap else mask, task, notes=notes)
    return dataclasses.replace(session, regions=(*session.regions, added), active=len(session.regions))


def remove_region(session: Session) -> Session:
    """Take the active region away. Raises InputError when there is none."""
    active(session)
    kept = tuple(region for index, region in enumerate(session.regions) if index != session.active)
    return dataclasses.replace(session, regions=kept, active=max(0, min(session.active, len(kept) - 1)))


def set_task(session: Session, task: str) -> Session:
    """Give the active region a task; another one than before lets go of the edit."""
    region = active(session)
    if region.task == check_task(task):
        return session
    return _with(session, PageRegion(region.name, region.mask, task, notes=region.notes))


def propose(session: Session, enhancers: Enhancers) -> Session:
    """Let the network propose 24 edits of the active region, on top of the regions before it, and take the most realistic.

    Args:
        session: as it is.
        enhancers: task -> enhancer.

    Returns:
        The session whose active region has the edit that `Enhancer.propose` gives.

    Raises:
        InputError: when there is no region.
    """
    session = _viewed(session, enhancers)
    region = active(session)
    candidates, chosen = region.view.candidates(), region.view.pick()
    taken = candidates.recipe.order.tolist().index(chosen.recipe.order[0].tolist())
    return take_order(_with(session, dataclasses.replace(region, candidates=candidates)), taken, enhancers)


def take_order(session: Session, index: int, enhancers: Enhancers) -> Session:
    """Start over from the proposal of another order, with the guard of `Enhancer.propose`.

    It is refined on the photo; one that looks edited is taken weaker, by its strength.

    Args:
        session: whose active region has proposals.
        index: 0 to 23.
        enhancers: task -> enhancer.

    Raises:
        InputError: when nothing was proposed.
    """
    if active(session).candidates is None:
        raise InputError(f"{active(session).name}: nothing is proposed yet; press Propose")
    session = _viewed(session, enhancers)
    region = active(session)
    start = region.view.refine(region.candidates[index]) if region.view.objective else region.candidates[index]
    real = start.realism_change >= GUARD
    strength = 1.0 if real else region.view.limit(start, GUARD, max_strength=1.0).strength
    session = _with(session, dataclasses.replace(region, taken=index, start=start))
    return set_dials(session, read_dials(start.recipe), strength, enhancers)


def set_dials(session: Session, dials: Dials, strength: float, enhancers: Enhancers) -> Session:
    """Set the sliders of the active region, and measure what they do.

    Args:
        session: whose active region has an edit.
        dials: in photographers' units.
        strength: 0 to 1.5.
        enhancers: task -> enhancer.

    Raises:
        InputError: when a value is out of range, or nothing was proposed.
    """
    region = active(session)
    if region.start is None:
        raise InputError(f"{region.name}: nothing is proposed yet; press Propose")
    session = _viewed(session, enhancers)
    region = dataclasses.replace(active(session), dials=dials, strength=check_strength(strength))
    edit = region.view.measure(region.recipe)
    return _with(session, dataclasses.replace(region, effect=(edit.realism_change, edit.saliency_change)))


def choose(session: Session, index: int, enhancers: Enhancers) -> Session:
    """Make another region the active one; what it does is measured again, since those before it may have changed."""
    if not 0 <= index < len(session.regions):
        raise InputError(f"there is no region {index + 1}; the photo has {len(session.regions)}")
    session = dataclasses.replace(session, active=index)
    region = session.region
    return session if region.start is None else set_dials(session, region.dials, region.strength, enhancers)


def rendered(session: Session, until: int | None = None, small: bool = False) -> np.ndarray:
    """The photo in sRGB with the edits of its regions, one on top of the other.

    Args:
        session: as it is.
        until: only of so many regions; None = all.
        small: at the size that is shown, instead of the photo's own.
    """
    pixels = session.small if small else session.photo.srgb
    for region in session.regions[:until]:
        if region.recipe is not None:
            pixels = apply_to_photo(pixels, _shrunk(region.mask) if small else region.mask, region.recipe)
    return pixels


def export(session: Session, kind: str, folder: Path, writing: Writing = DEFAULT) -> Path:
    """Write what a download asks for.

    Args:
        session: with a photo.
        kind: "photo", at full size and depth; or of the active region: "recipe" (.json), "lut" (.cube), "mask" (.png).
        folder: to write into.
        writing: of the photo; the defaults when not given.

    Returns:
        The file.

    Raises:
        InputError: when there is nothing of the kind yet, or it cannot be written.
    """
    stem = session.photo.path.stem
    if kind == "photo":
        path = folder / f"{stem}_edited{writing.suffix(session.photo.path)}"
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


def active(session: Session) -> PageRegion:
    """The active region. Raises InputError when there is none."""
    if session.region is None:
        raise InputError("no region is marked; paint one, or load a mask")
    return session.region


def _with(session: Session, region: PageRegion) -> Session:
    """The session with another active region."""
    regions = (*session.regions[: session.active], region, *session.regions[session.active + 1 :])
    return dataclasses.replace(session, regions=regions)


def _viewed(session: Session, enhancers: Enhancers) -> Session:
    """The session whose active region has a view of the photo as the regions before it leave it, new where they changed."""
    region = active(session)
    beneath = tuple((one.start, one.dials, one.strength) for one in session.regions[: session.active])
    if region.view is not None and region.beneath == beneath:
        return session
    view = enhancers[region.task].view(rendered(session, session.active), region.mask)
    return _with(session, dataclasses.replace(region, view=view, beneath=beneath))


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    return resize(pixels, tuple(max(1, round(side * scale)) for side in pixels.shape[:2]))

