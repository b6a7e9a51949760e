"""What happens on the page, without the page: edits of regions are proposed, chosen, adjusted and judged."""
import dataclasses
from collections.abc import Mapping

import torch

from realistic_editing.apps.page.dials import Dials, read_dials
from realistic_editing.apps.page.different import most_different
from realistic_editing.apps.page.regions import feathered, most_feather, take_draft
from realistic_editing.apps.page.state import Session, active, rendered, shrunk, with_active
from realistic_editing.common.errors import InputError
from realistic_editing.data.foreground import estimate_colours
from realistic_editing.enhance.edit import Edit
from realistic_editing.enhance.enhancer import Enhancer
from realistic_editing.enhance.inputs import network_input
from realistic_editing.enhance.options import check_strength
from realistic_editing.enhance.signs import measure_signs, signs_of
from realistic_editing.enhance.verdict import LOOKS_EDITED, WEAKER, Signs, attention_problem, judge

Enhancers = Mapping[str, Enhancer]
_TRIES, _WEAKER = 3, 0.93  # where the whole photo shows more than its small picture: as often, so much less of the edit


def propose(session: Session, enhancers: Enhancers, snap: bool = False) -> Session:
    """Let the network propose 24 edits of what is marked, or else of the active region, and take the best.

    Args:
        session: as it is.
        enhancers: task -> enhancer.
        snap: see `take_draft`.

    Returns:
        The session whose active region has the edit that `Enhancer.propose` gives.

    Raises:
        InputError: when nothing is marked and there is no region.
    """
    session = _viewed(take_draft(session, snap), enhancers)
    region = active(session)
    candidates, chosen = region.view.candidates(), region.view.pick()
    taken = candidates.recipe.order.tolist().index(chosen.recipe.order[0].tolist())
    around = rendered(session, session.active, small=True)
    different = most_different(around, shrunk(region.mask), candidates, taken)
    region = dataclasses.replace(region, candidates=candidates, different=different)
    return take_order(with_active(session, region), taken, enhancers)


def take_order(session: Session, index: int, enhancers: Enhancers) -> Session:
    """Start over from the proposal of another order, with the guard of `Enhancer.propose`.

    It is refined on the photo; one that looks edited, or changes skin, is taken weaker, by its strength.

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
    start = region.view.improve(region.candidates[index]) if region.view.objective else region.candidates[index]
    strength = region.view.settled(start).strength
    session = with_active(session, dataclasses.replace(region, taken=index, start=start))
    for _ in range(_TRIES):
        session = set_dials(session, read_dials(start.recipe), strength, enhancers)
        whole = dataclasses.replace(start, realism_change=session.region.effect[0])
        if strength == 1 or whole.realism_change >= region.view.least_realism_change():  # what passed, `edit` leaves as it is
            break
        strength *= _WEAKER
    return session


def set_dials(session: Session, dials: Dials, strength: float, enhancers: Enhancers, quickly: bool = False) -> Session:
    """Set the sliders of the active region, and measure what they do.

    Args:
        session: whose active region has an edit.
        dials: in photographers' units.
        strength: 0 to 1.5.
        enhancers: task -> enhancer.
        quickly: judge the edit of the small picture that the networks see, as a slider moves; else of the whole photo as it
            is downloaded.

    Raises:
        InputError: when a value is out of range, or nothing was proposed.
    """
    region = active(session)
    if region.start is None:
        raise InputError(f"{region.name}: nothing is proposed yet; press Propose")
    session = _viewed(session, enhancers)
    region = dataclasses.replace(active(session), dials=dials, strength=check_strength(strength))
    session = with_active(session, region)
    if quickly:
        edit = region.view.measure(region.recipe)
        signs = signs_of(region.view, edit.recipe, edit.realism_change)
    else:
        edit, signs = _whole(session, enhancers)
    effect, signs = (edit.realism_change, edit.saliency_change), dataclasses.replace(signs, doubt=region.doubt)
    return with_active(session, dataclasses.replace(region, effect=effect, verdict=judge(signs), exact=not quickly))


def tone_down(session: Session, enhancers: Enhancers) -> Session:
    """Take the active region's edit as strong as it may be without looking edited, or else without being visible at once.

    Args:
        session: whose active region has an edit.
        enhancers: task -> enhancer.

    Returns:
        The session at the greatest strength, of those from what it has downwards, whose verdict is safe; where that no longer
        moves attention, at the greatest that does not look edited; where there is none either, at half.

    Raises:
        InputError: when nothing was proposed.
    """
    region, second = active(session), None
    for share in WEAKER:
        weaker = set_dials(session, region.dials, round(region.strength * share, 2), enhancers)
        found = weaker.region
        if second is not None and attention_problem(found.task, found.effect[1]) is not None:
            break
        if found.verdict.is_safe:
            return weaker
        if second is None and found.verdict.name != LOOKS_EDITED:
            second = weaker
    return second or set_dials(session, region.dials, round(region.strength / 2, 2), enhancers)


def set_feather(session: Session, feather: float, enhancers: Enhancers) -> Session:
    """Let the edit of the active region fade out over its border.

    Args:
        session: as it is.
        feather: sigma of the Gaussian, in pixels of the photo; 0 = the border as it was marked.
        enhancers: task -> enhancer.

    Raises:
        InputError: when there is no region, or the value is out of range.
    """
    region, most = active(session), most_feather(session)
    if not 0 <= feather <= most:
        raise InputError(f"feather is {feather}; use a number of pixels from 0 to {most}")
    sharp = region.mask if region.sharp is None else region.sharp
    mask = feathered(sharp, feather)
    changed = {"mask": mask, "sharp": sharp if feather else None, "feather": float(feather), "view": None}
    colours = estimate_colours(session.photo.srgb, mask)
    session = with_active(session, dataclasses.replace(region, **changed, colours=colours))
    return session if region.start is None else set_dials(session, region.dials, region.strength, enhancers)


def choose(session: Session, index: int, enhancers: Enhancers) -> Session:
    """Make another region the active one; what it does is measured again, since those before it may have changed."""
    if not 0 <= index < len(session.regions):
        raise InputError(f"there is no region {index + 1}; the photo has {len(session.regions)}")
    session = dataclasses.replace(session, active=index, task=session.regions[index].task)
    region = session.region
    return session if region.start is None else set_dials(session, region.dials, region.strength, enhancers)


@torch.no_grad()
def _whole(session: Session, enhancers: Enhancers) -> tuple[Edit, Signs]:
    """What the active region's edit does to the whole photo, as a viewer of the download sees it."""
    photo, region = session.photo, session.region
    view, after = region.view, rendered(session, session.active + 1)
    written = photo.shown(photo.from_srgb(after))
    if written is not after:  # colours beyond sRGB: what lies beneath is not what the networks were shown, either
        before = photo.shown(photo.from_srgb(rendered(session, session.active)))
        view = enhancers[region.task].view(before, region.mask, region.human)
    edited, _ = network_input(written, region.mask, view.image.device, view.image.shape[-1])
    judged = view.region.compare(edited)
    edit = Edit(region.recipe, region.task, float(judged.realism_change), float(view.region.saliency_change(judged)))
    return edit, measure_signs(view.image, edited, view.mask, view.realism, edit.realism_change, view.free, view.human)


def _viewed(session: Session, enhancers: Enhancers) -> Session:
    """The session whose active region has a view of the photo as the regions before it leave it, new where they changed."""
    region = active(session)
    beneath = tuple((one.start, one.dials, one.strength, one.feather) for one in session.regions[: session.active])
    if region.view is not None and region.beneath == beneath:
        return session
    view = enhancers[region.task].view(rendered(session, session.active), region.mask, region.human)
    return with_active(session, dataclasses.replace(region, view=view, beneath=beneath))
