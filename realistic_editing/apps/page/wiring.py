"""Which step of a session each click on the demo page takes, and what of the page changes with it."""
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from realistic_editing.apps.page import layout, view
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.dials import Dials
from realistic_editing.apps.page.downloads import Downloads
from realistic_editing.apps.page.session import Enhancers, Region, Session
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_mask
from realistic_editing.data.labels import doubts

Parts = Mapping[str, Any]
SETTLED = 200  # milliseconds until a new file has reached its hidden button


def build(enhancers: Enhancers, first: Session, folder: Path, writing: Writing = DEFAULT) -> gr.Blocks:
    """The page.

    Args:
        enhancers: task -> enhancer.
        first: what a visitor sees at first.
        folder: for downloads.
        writing: of edited photos; the defaults when not given.
    """
    title = "Realistic photo editing"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as page:
        parts = layout.place()
        _connect_photos_and_regions(page, parts, enhancers, first)
        _connect_edits(parts, enhancers)
        _connect_downloads(page, parts, Downloads(folder / "downloads"), writing)
    return page


def _connect_photos_and_regions(page: gr.Blocks, parts: Parts, enhancers: Enhancers, first: Session) -> None:
    """Other photos, other regions: what the painter works on, and which edit the sliders show."""
    seen = (parts["new_task"], parts["snap"])

    def from_file(session: Session, path: str, task: str, snap: bool) -> Session:
        mask, notes = read_mask(path, session.photo.pixels.shape[:2])
        return steps.add_region(session, mask, task, snap=snap, notes=notes)

    def painted(session: Session, value: Mapping[str, Any], task: str, snap: bool) -> Session:
        mask = view.painted_mask(value)
        return steps.add_region(session, mask, task, snap=snap, notes=tuple(doubts(mask)))

    def proposed(session: Session) -> Session:
        return steps.propose(session, enhancers)

    for event in (page.load, parts["example"].click):
        _on(event, parts, lambda _: first, fresh=True).then(view.canvas, parts["state"], parts["editor"], **_QUIETLY)
    opened = _on(parts["photo_file"].upload, parts, lambda _, path: steps.open_photo(path), [parts["photo_file"]], fresh=True)
    opened.success(view.canvas, parts["state"], parts["editor"], **_QUIETLY).then(
        lambda: gr.Tabs(selected="mark"), None, parts["tabs"], **_QUIETLY
    )
    added = (
        _on(parts["add"].click, parts, painted, [parts["editor"], *seen]),
        _on(parts["mask_file"].upload, parts, from_file, [parts["mask_file"], *seen]),
    )
    for event in added:
        shown = event.success(lambda: gr.Tabs(selected="compare"), None, parts["tabs"], **_QUIETLY)
        shown.then(view.canvas, parts["state"], parts["editor"], **_QUIETLY)
        _on(event.success, parts, proposed)
    _on(parts["remove"].click, parts, steps.remove_region)
    _on(parts["region"].input, parts, lambda session, index: steps.choose(session, index, enhancers), [parts["region"]])
    changed = _on(parts["task"].input, parts, steps.set_task, [parts["task"]])
    _on(changed.success, parts, proposed)
    _on(parts["propose"].click, parts, proposed)


def _connect_edits(parts: Parts, enhancers: Enhancers) -> None:
    """The orders, the sliders, and how things are shown."""
    sliders = [parts[name] for name, *_ in layout.SLIDERS] + [parts["strength"]]

    def moved(session: Session, *values: float) -> Session:
        if session.region is None or session.region.start is None:
            return session
        return steps.set_dials(session, Dials(*values[:-1]), values[-1], enhancers)

    def taken(session: Session, shown: list[int], outline: bool, sort: str, event: gr.SelectData):
        return _fully(steps.take_order(session, shown[event.index], enhancers), outline, sort)

    for slider in sliders:  # the last of many moves is what counts
        _on(slider.input, parts, moved, sliders, lightly=True, trigger_mode="always_last", show_progress="hidden")
    inputs = [parts[name] for name in ("state", "shown", "outline", "sort")]
    parts["orders"].select(_told(taken), inputs, _everything(parts), show_progress="minimal", **_PRIVATE)
    _on(parts["reset"].click, parts, lambda session: steps.take_order(session, steps.active(session).taken, enhancers))
    _on(parts["outline"].input, parts, lambda session: session, lightly=True, show_progress="hidden")
    _on(parts["sort"].input, parts, lambda session: session, show_progress="hidden")


def _connect_downloads(page: gr.Blocks, parts: Parts, downloads: Downloads, writing: Writing) -> None:
    """A click writes the file, and then clicks the hidden button that the browser takes it from."""

    def writer(kind: str) -> Callable:
        def write(session: Session, request: gr.Request) -> str:
            return str(steps.export(session, kind, downloads.new(request.session_hash), writing))

        return write

    def leave(request: gr.Request) -> None:
        downloads.drop(request.session_hash)

    page.unload(leave)

    for kind in layout.DOWNLOADS:
        written = parts[f"get_{kind}"].click(_told(writer(kind)), parts["state"], parts[f"file_{kind}"], **_QUIETLY)
        press = f"() => setTimeout(() => document.querySelector('#file_{kind}').click(), {SETTLED})"
        written.success(None, None, None, js=press, api_visibility="private")


# One step at a time: a slider moved while a proposal is made must not be answered from the session before it.
_PRIVATE = {"api_visibility": "private", "concurrency_id": "steps", "concurrency_limit": 1}
_QUIETLY = {"show_progress": "hidden", **_PRIVATE}


def _on(event: Callable, parts: Parts, step: Callable, inputs: list = (), lightly=False, fresh=False, **options):
    """On an event take `step(session, *inputs)`, and show the session that it returns."""
    look = [parts["outline"]] if lightly else [parts["outline"], parts["sort"]]
    show = _lightly if lightly else _fully

    def run(*values):
        return show(step(*values[: -len(look)]), *values[-len(look) :])

    options = {"show_progress": "minimal", "show_progress_on": parts["compare"]} | options | _PRIVATE
    return event(_told(run, fresh), [parts["state"], *inputs, *look], _everything(parts)[: 4 if lightly else None], **options)


def _told(step: Callable, fresh: bool = False) -> Callable:
    """A step whose errors of the user's are told on the page; all but a fresh one go on from a session."""

    @functools.wraps(step)
    def run(*values):
        if values[0] is None and not fresh:  # let go of after a pause, or of a server before this one
            raise gr.Error("this session has ended; reload the page", print_exception=False)
        try:
            return step(*values)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return run


def _everything(parts: Parts) -> list:
    """What `_fully` gives values for; the first four are those of `_lightly`."""
    sliders = [name for name, *_ in layout.SLIDERS] + ["strength"]
    return [parts[name] for name in ("state", "compare", "gauges", "steps", *sliders, "region", "task", "orders", "shown")]


def _lightly(session: Session, outline: bool) -> list:
    """What changes while a slider moves."""
    return [session, view.before_and_after(session, outline), view.gauges(session), view.steps(session.region)]


def _fully(session: Session, outline: bool, sort: str) -> list:
    """What changes with another proposal, region or photo."""
    region, pictures = session.region, view.order_pictures(session, sort)
    shown = [index for index, *_ in pictures]
    gallery = gr.update(
        value=[(pixels, caption) for _, pixels, caption in pictures],
        selected_index=shown.index(region.taken) if shown else None,
    )
    names = gr.update(choices=view.region_names(session), value=session.active if region else None)
    return [*_lightly(session, outline), *_slider_updates(region), names, region.task if region else None, gallery, shown]


def _slider_updates(region: Region | None) -> list:
    """The sliders at their values, wider where these lie beyond."""
    ready = region is not None and region.start is not None
    updates = []
    for name, _, least, most, _ in layout.SLIDERS:
        value = getattr(region.dials, name) if ready else 0
        updates.append(gr.update(value=value, minimum=min(least, value), maximum=max(most, value), interactive=ready))
    return [*updates, gr.update(value=round(region.strength, 2) if ready else 1, interactive=ready)]
