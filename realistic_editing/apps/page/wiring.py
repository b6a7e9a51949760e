"""Which step of a session each click on the demo page takes, and what of the page changes with it."""
import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from realistic_editing.apps.page import layout, regions, view
from realistic_editing.apps.page import session as steps
from realistic_editing.apps.page.dials import Dials
from realistic_editing.apps.page.downloads import Downloads
from realistic_editing.apps.page.examples import EXAMPLES, example
from realistic_editing.apps.page.exports import export, formats
from realistic_editing.apps.page.intake import memory_of_upload, read_once
from realistic_editing.apps.page.session import Enhancers
from realistic_editing.apps.page.state import Session, open_photo
from realistic_editing.apps.page.visitors import VIEW, Visitors, region_memory
from realistic_editing.apps.writing import DEFAULT, Writing
from realistic_editing.common.errors import InputError
from realistic_editing.data.images import read_mask

Parts = Mapping[str, Any]
FIRST = next(iter(EXAMPLES))  # is edited when the page starts
SETTLED = 200  # milliseconds until a new file has reached its hidden button
MOST_WAITING = 100  # steps; later ones are refused, and asked to try again
LIE, LOOK = 600, 60  # seconds that a file lies on disk which was uploaded and never opened, and between two looks for such


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
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(LOOK, LIE)) as page:
        wiring = Wiring(layout.place(), enhancers, Visitors() if visitors is None else visitors, writing)
        wiring.connect_photos_and_regions(page, first, folder)
        wiring.connect_edits()
        wiring.connect_downloads(page, Downloads(folder / "downloads"))
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
        writing: of edited photos.
    """

    def __init__(self, parts: Parts, enhancers: Enhancers, visitors: Visitors, writing: Writing = DEFAULT):
        self.parts, self.enhancers, self.visitors, self.writing = parts, enhancers, visitors, writing

    def connect_photos_and_regions(self, page: gr.Blocks, first: Session, folder: Path) -> None:
        """Other photos, other regions, and what is marked."""
        parts, enhancers = self.parts, self.enhancers

        def opened(_: None, path: str) -> Session:
            with read_once(path, folder) as file:
                return open_photo(file)

        def from_file(session: Session, path: str) -> Session:
            with read_once(path, folder) as file:
                mask, notes = read_mask(file, session.photo.pixels.shape[:2])
            return regions.add_region(session, mask, session.task, notes=notes)

        def proposed(session: Session, snap: bool) -> Session:
            return steps.propose(session, enhancers, snap)

        def marked(request: gr.Request, event: gr.EventData = None):
            sent = _sent(event)
            if sent.get("kind") == "suggest":
                return self._suggested(request)
            if sent.get("kind") == "suggestion":
                session = self._taken(request, lambda session: regions.take_suggestion(session, sent.get("number")))
            else:
                session = self._taken(request, lambda session: regions.mark(session, sent))
            return self._lightly(request, session)

        def anew(change: Callable) -> Callable:
            """A region that becomes another by the change gets an edit of its own, unless something is marked."""

            def run(session: Session, value: str) -> Session:
                changed = change(session, value)
                again = session.draft is None and changed.region is not session.region
                return steps.propose(changed, enhancers) if again else changed

            return run

        self._on(page.load, lambda _: first, fresh=True)
        for name in EXAMPLES:
            self._on(parts[f"example_{name}"].click, lambda _, name=name: self._example(name, first), fresh=True)
        self._on(
            parts["photo_file"].upload, opened, [parts["photo_file"]], fresh=True,
            needs=lambda _, path: memory_of_upload(path, folder),
        )  # fmt: skip
        parts["stage"].select(marked, None, self._light_parts(), trigger_mode="multiple", show_progress="hidden", **_PRIVATE)
        event = self._on(
            parts["mask_file"].upload, from_file, [parts["mask_file"]],
            needs=lambda session, path: region_memory(session) + memory_of_upload(path, folder),
        )  # fmt: skip
        self._on(event.success, proposed, [parts["snap"]], kind=None)
        self._on(parts["unmark"].click, regions.unmark)
        self._on(parts["remove"].click, regions.remove_region)
        self._on(
            parts["region"].input, lambda session, index: steps.choose(session, index, enhancers), [parts["region"]], kind=None
        )
        self._on(parts["task"].input, anew(regions.set_task), [parts["task"]])
        person = anew(lambda session, answer: regions.set_human(session, layout.ANSWERS[answer]))
        self._on(parts["person"].input, person, [parts["person"]])
        self._on(
            parts["propose"].click, proposed, [parts["snap"]],
            needs=lambda session, _: region_memory(session) if session.draft else 0,
        )  # fmt: skip
        self._on(
            parts["feather"].release, lambda session, feather: _feathered(session, feather, enhancers), [parts["feather"]],
            kind="feather", needs=lambda session, _: region_memory(session), show_progress="hidden",
        )  # fmt: skip

    def connect_edits(self) -> None:
        """The proposals, the sliders, undo and redo, and how things are shown."""
        parts, enhancers = self.parts, self.enhancers
        sliders = [name for name, *_ in layout.SLIDERS] + ["strength"]
        values = [parts[name] for name in sliders]

        def mover(quickly: bool) -> Callable:
            def moved(session: Session, *values: float) -> Session:
                region = session.region
                if region is None or region.start is None:
                    return session
                # A last move may arrive after the slider was let go: what is exact must not become "about" again.
                if quickly and region.exact and (region.dials, region.strength) == (Dials(*values[:-1]), values[-1]):
                    return session
                return steps.set_dials(session, Dials(*values[:-1]), values[-1], enhancers, quickly)

            return moved

        def taken(request: gr.Request, event: gr.EventData = None):
            def take(session: Session) -> Session:
                index = _sent(event).get("index")
                if not isinstance(index, int) or not 0 <= index < len(steps.active(session).candidates or ()):
                    raise InputError("there is no such proposal; press Propose")
                return steps.take_order(session, index, enhancers)

            return self._fully(request, self._taken(request, take))

        def turner(forward: bool) -> Callable:
            def turn(request: gr.Request):
                with _told():
                    session = self.visitors.turn_back(request.session_hash, forward)
                return self._fully(request, session)

            return turn

        def detailed(request: gr.Request, event: gr.EventData = None) -> str:
            with _told():
                return view.detail(self.visitors.session(request.session_hash), _sent(event))

        for name in sliders:  # the last of many moves is what counts; when it is let go, the whole photo is judged
            light = {"lightly": True, "show_progress": "hidden", "trigger_mode": "always_last", "kind": name}
            self._on(parts[name].input, mover(True), values, **light)
            self._on(parts[name].release, mover(False), values, **light)
        parts["proposals"].select(taken, None, self._all_parts(), show_progress="hidden", **_PRIVATE)
        self._on(parts["reset"].click, lambda session: steps.take_order(session, steps.active(session).taken, enhancers))
        self._on(parts["tone"].click, lambda session: steps.tone_down(session, enhancers))
        for name, forward in (("undo", False), ("redo", True)):
            parts[name].click(turner(forward), None, self._all_parts(), show_progress="hidden", **_PRIVATE)
        parts["outline"].change(None, parts["outline"], None, js=layout.tell_outline(), api_visibility="private")
        parts["stage"].expand(detailed, None, parts["detail"], trigger_mode="always_last", **_QUIETLY)

    def connect_downloads(self, page: gr.Blocks, downloads: Downloads) -> None:
        """A click writes the file, and then clicks the hidden button that the browser takes it from."""

        def writer(kind: str) -> Callable:
            def write(request: gr.Request, suffix: str | None = None) -> str:
                with _told():
                    session = self.visitors.session(request.session_hash)
                    return str(export(session, kind, downloads.new(request.session_hash), self.writing, suffix))

            return write

        def leave(request: gr.Request) -> None:
            downloads.drop(request.session_hash)
            self.visitors.leave(request.session_hash)

        page.unload(leave)
        for kind in layout.DOWNLOADS:
            asked = [self.parts["format"]] if kind == "photo" else None
            written = self.parts[f"get_{kind}"].click(writer(kind), asked, self.parts[f"file_{kind}"], **_QUIETLY)
            press = f"() => setTimeout(() => document.querySelector('#file_{kind}').click(), {SETTLED})"
            written.success(None, None, None, js=press, api_visibility="private")

    def _on(
        self, event: Callable, step: Callable, inputs: list = (), lightly=False, fresh=False, needs=None, kind="step", **options
    ):
        """On an event take `step(session, *inputs)`, and show the session that it returns; `kind` as in `History.then`."""
        show = self._lightly if lightly else self._fully

        def run(request: gr.Request, *values):
            return show(request, self._taken(request, step, values, fresh, needs, kind))

        options = {"show_progress": "minimal", "show_progress_on": self.parts["gauges"]} | options | _PRIVATE
        return event(run, [*inputs], self._light_parts() if lightly else self._all_parts(), **options)

    def _taken(
        self,
        request: gr.Request,
        step: Callable,
        values: tuple = (),
        fresh: bool = False,
        needs: Callable | None = None,
        kind: str | None = "step",
    ) -> Session:
        """The visitor's session after a step, which is kept; all but a fresh one go on from a session."""
        visitor = request.session_hash
        with _told():
            session = None if fresh else self.visitors.session(visitor)
            if needs is not None:
                self.visitors.make_room(visitor, needs(session, *values), instead=fresh)
            session = step(session, *values)
            self.visitors.begin(visitor, session) if fresh else self.visitors.keep(visitor, session, kind)
        return session

    def _suggested(self, request: gr.Request) -> list:
        """What changes when a visitor asks for suggestions; the stage waits for an answer, and so for a refusal as well."""
        refusal = None
        try:  # nothing changes that could be undone
            session = self._taken(request, regions.look_for_suggestions, needs=lambda session: VIEW, kind=None)
        except gr.Error as error:
            with _told():
                session, refusal = self.visitors.session(request.session_hash), str(error.message)
        return self._lightly(request, session, refusal=refusal)

    def _example(self, name: str, first: Session) -> Session:
        """A bundled photo with the edit of its first region."""
        return first if name == FIRST else steps.tone_down(steps.propose(example(name), self.enhancers), self.enhancers)

    def _light_parts(self) -> list:
        """What `_lightly` gives values for."""
        return [self.parts[name] for name in ("stage", "gauges", "steps", "tone", "undo", "redo")]

    def _all_parts(self) -> list:
        """What `_fully` gives values for."""
        sliders = [name for name, *_ in layout.SLIDERS] + ["strength", "feather"]
        others = "region", "task", "person", "proposals", "format"
        return [*self._light_parts(), *(self.parts[name] for name in (*sliders, *others))]

    def _lightly(self, request: gr.Request, session: Session, whole: bool = False, refusal: str | None = None) -> list:
        """What changes while a slider moves, or something is marked."""
        past, future = self.visitors.steps(request.session_hash)
        buttons = (gr.update(interactive=past > 0), gr.update(interactive=future > 0))
        tone = gr.update(visible=view.may_be_toned_down(session))
        return [view.stage(session, whole, refusal), view.gauges(session), view.steps(session.region), tone, *buttons]

    def _fully(self, request: gr.Request, session: Session) -> list:
        """What changes with another proposal, region or photo."""
        region = session.region
        names = gr.update(choices=view.region_names(session), value=session.active if region else None)
        choices, chosen = formats(session, self.writing)
        return [
            *self._lightly(request, session, whole=True), *layout.slider_updates(session), names, session.task,
            layout.person_update(region), view.proposals(session), gr.update(choices=choices, value=chosen),
        ]  # fmt: skip


def _feathered(session: Session, feather: float, enhancers: Enhancers) -> Session:
    return session if session.region is None else steps.set_feather(session, feather, enhancers)


def _sent(event: gr.EventData | None) -> Mapping[str, Any]:
    """What a browser sent with an event; nothing where that is no mapping."""
    data = None if event is None else event._data
    return data if isinstance(data, dict) else {}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Show the user's errors on the page."""
    try:
        yield
    except InputError as error:
        raise gr.Error(str(error), print_exception=False) from error
