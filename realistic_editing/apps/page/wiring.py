"""Which step of a session each click on the demo page takes, and what of the page changes with it."""
import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from realistic_editing.apps.page import layout, view
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.dials import Dials
from realistic_editing.apps.page.downloads import Downloads
from realistic_editing.apps.page.session import Enhancers, PageRegion, Session
from realistic_editing.apps.page.visitors import Visitors, memory_of, region_memory
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_mask
from realistic_editing.data.labels import doubts

Parts = Mapping[str, Any]
SETTLED = 200  # milliseconds until a new file has reached its hidden button
MOST_WAITING = 100  # steps; later ones are refused, and asked to try again


def build(
    enhancers: Enhancers, first: Session, folder: Path, writing: Writing = DEFAULT, visitors: Visitors | None = None
) -> gr.Blocks:
    """The page.

    Args:
        enhancers: task -> enhancer.
        first: what a visitor sees at first.
        folder: for uploads and downloads; files elsewhere are not opened.
        writing: of edited photos; the defaults when not given.
        visitors: holds their sessions; with the default bounds when not given.
    """
    title = "Realistic photo editing"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as page:
        wiring = Wiring(layout.place(), enhancers, Visitors() if visitors is None else visitors)
        wiring.connect_photos_and_regions(page, first, folder)
        wiring.connect_edits()
        wiring.connect_downloads(page, Downloads(folder / "downloads"), writing)
    return page.queue(max_size=MOST_WAITING)


# One step at a time: a slider moved while a proposal is made must not be answered from the session before it.
_PRIVATE = {"api_visibility": "private", "concurrency_id": "steps", "concurrency_limit": 1}
_QUIETLY = {"show_progress": "hidden", **_PRIVATE}


class Wiring:
    """What connects the parts of a page with the sessions of its visitors.

    Args:
        parts: by name, see `layout.place`.
        enhancers: task -> enhancer.
        visitors: holds their sessions; a visitor is known by the name that gradio gives a tab of a browser.
    """

    def __init__(self, parts: Parts, enhancers: Enhancers, visitors: Visitors):
        self.parts, self.enhancers, self.visitors = parts, enhancers, visitors

    def connect_photos_and_regions(self, page: gr.Blocks, first: Session, folder: Path) -> None:
        """Other photos, other regions: what the painter works on, and which edit the sliders show."""
        parts, enhancers = self.parts, self.enhancers
        seen = (parts["new_task"], parts["snap"])

        def opened(_: None, path: str) -> Session:
            return steps.open_photo(_uploaded(path, folder))

        def from_file(session: Session, path: str, task: str, snap: bool) -> Session:
            mask, notes = read_mask(_uploaded(path, folder), session.photo.pixels.shape[:2])
            return steps.add_region(session, mask, task, snap=snap, notes=notes)

        def painted(session: Session, value: Mapping[str, Any], task: str, snap: bool) -> Session:
            mask = view.painted_mask(value)
            return steps.add_region(session, mask, task, snap=snap, notes=tuple(doubts(mask)))

        def proposed(session: Session) -> Session:
            return steps.propose(session, enhancers)

        for event in (page.load, parts["example"].click):
            self._show_canvas(self._on(event, lambda _: first, fresh=True).then)
        another = self._on(
            parts["photo_file"].upload, opened, [parts["photo_file"]], fresh=True,
            needs=lambda _, path: memory_of(_uploaded(path, folder)),
        )  # fmt: skip
        self._show_canvas(another.success).then(lambda: gr.Tabs(selected="mark"), None, parts["tabs"], **_QUIETLY)
        added = (
            self._on(parts["add"].click, painted, [parts["editor"], *seen], needs=lambda session, *_: region_memory(session)),
            self._on(
                parts["mask_file"].upload, from_file, [parts["mask_file"], *seen],
                needs=lambda session, path, *_: region_memory(session) + memory_of(_uploaded(path, folder)),
            ),
        )  # fmt: skip
        for event in added:
            shown = event.success(lambda: gr.Tabs(selected="compare"), None, parts["tabs"], **_QUIETLY)
            self._show_canvas(shown.then)
            self._on(event.success, proposed)
        self._on(parts["remove"].click, steps.remove_region)
        self._on(parts["region"].input, lambda session, index: steps.choose(session, index, enhancers), [parts["region"]])
        changed = self._on(parts["task"].input, steps.set_task, [parts["task"]])
        self._on(changed.success, proposed)
        self._on(parts["propose"].click, proposed)

    def connect_edits(self) -> None:
        """The orders, the sliders, and how things are shown."""
        parts, enhancers = self.parts, self.enhancers
        sliders = [parts[name] for name, *_ in layout.SLIDERS] + [parts["strength"]]

        def moved(session: Session, *values: float) -> Session:
            if session.region is None or session.region.start is None:
                return session
            return steps.set_dials(session, Dials(*values[:-1]), values[-1], enhancers)

        def taken(request: gr.Request, event: gr.SelectData, shown: list[int], outline: bool, sort: str):
            def take(session: Session) -> Session:
                return steps.take_order(session, shown[event.index], enhancers)

            return _fully(self._taken(request, take), outline, sort)

        for slider in sliders:  # the last of many moves is what counts
            self._on(slider.input, moved, sliders, lightly=True, trigger_mode="always_last", show_progress="hidden")
        inputs = [parts[name] for name in ("shown", "outline", "sort")]
        parts["orders"].select(taken, inputs, self._everything(), show_progress="minimal", **_PRIVATE)
        self._on(parts["reset"].click, lambda session: steps.take_order(session, steps.active(session).taken, enhancers))
        self._on(parts["outline"].input, lambda session: session, lightly=True, show_progress="hidden")
        self._on(parts["sort"].input, lambda session: session, show_progress="hidden")

    def connect_downloads(self, page: gr.Blocks, downloads: Downloads, writing: Writing) -> None:
        """A click writes the file, and then clicks the hidden button that the browser takes it from."""

        def writer(kind: str) -> Callable:
            def write(request: gr.Request) -> str:
                with _told():
                    session = self.visitors.session(request.session_hash)
                    return str(steps.export(session, kind, downloads.new(request.session_hash), writing))

            return write

        def leave(request: gr.Request) -> None:
            downloads.drop(request.session_hash)
            self.visitors.leave(request.session_hash)

        page.unload(leave)
        for kind in layout.DOWNLOADS:
            written = self.parts[f"get_{kind}"].click(writer(kind), None, self.parts[f"file_{kind}"], **_QUIETLY)
            press = f"() => setTimeout(() => document.querySelector('#file_{kind}').click(), {SETTLED})"
            written.success(None, None, None, js=press, api_visibility="private")

    def _on(self, event: Callable, step: Callable, inputs: list = (), lightly=False, fresh=False, needs=None, **options):
        """On an event take `step(session, *inputs)`, and show the session that it returns."""
        look = [self.parts["outline"]] if lightly else [self.parts["outline"], self.parts["sort"]]
        show = _lightly if lightly else _fully

        def run(request: gr.Request, *values):
            session = self._taken(request, step, values[: -len(look)], fresh, needs)
            return show(session, *values[-len(look) :])

        options = {"show_progress": "minimal", "show_progress_on": self.parts["compare"]} | options | _PRIVATE
        return event(run, [*inputs, *look], self._everything()[: 3 if lightly else None], **options)

    def _taken(
        self, request: gr.Request, step: Callable, values: tuple = (), fresh: bool = False, needs: Callable | None = None
    ) -> Session:
        """The visitor's session after a step, which is kept; all but a fresh one go on from a session."""
        visitor = request.session_hash
        with _told():
            session = None if fresh else self.visitors.session(visitor)
            if needs is not None:
                self.visitors.make_room(visitor, needs(session, *values), instead=fresh)
            session = step(session, *values)
            self.visitors.keep(visitor, session)
        return session

    def _show_canvas(self, event: Callable):
        """After an event, give the painter the photo."""

        def canvas(request: gr.Request) -> dict[str, Any]:
            with _told():
                return view.canvas(self.visitors.session(request.session_hash))

        return event(canvas, None, self.parts["editor"], **_QUIETLY)

    def _everything(self) -> list:
        """What `_fully` gives values for; the first three are those of `_lightly`."""
        sliders = [name for name, *_ in layout.SLIDERS] + ["strength"]
        return [self.parts[name] for name in ("compare", "gauges", "steps", *sliders, "region", "task", "orders", "shown")]


def _uploaded(path: str, folder: Path) -> Path:
    """The path of an upload. Raises InputError for another, whatever a browser says."""
    if not Path(path).resolve().is_relative_to(folder.resolve()):
        raise InputError("this file was not uploaded here; open it again")
    return Path(path)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Show the user's errors on the page."""
    try:
        yield
    except InputError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _lightly(session: Session, outline: bool) -> list:
    """What changes while a slider moves."""
    return [view.before_and_after(session, outline), view.gauges(session), view.steps(session.region)]


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


def _slider_updates(region: PageRegion | None) -> list:
    """The sliders at their values, wider where these lie beyond."""
    ready = region is not None and region.start is not None
    updates = []
    for name, _, least, most, _ in layout.SLIDERS:
        value = getattr(region.dials, name) if ready else 0
        updates.append(gr.update(value=value, minimum=min(least, value), maximum=max(most, value), interactive=ready))
    return [*updates, gr.update(value=round(region.strength, 2) if ready else 1, interactive=ready)]
