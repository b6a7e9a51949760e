"""The pages of a study: a rater's panels behind a link, and the progress of all behind the admin's."""
import dataclasses
import hmac
import html
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from realistic_editing.apps.hosts import LOCAL, OwnHosts
from realistic_editing.apps.study import words
from realistic_editing.apps.study.guard import Guard, TooLarge
from realistic_editing.apps.study.panels import Material, Panel, shuffled
from realistic_editing.apps.study.store import Rater, Store
from realistic_editing.common.errors import InputError
from realistic_editing.evaluation.suites.ratings import HIGHEST, LOWEST, RATED_QUALITIES

PAGES = Path(__file__).parent
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)  # of secrets.token_urlsafe(24)
AHEAD = 86400  # seconds that a rater's clock may be ahead
NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)  # of an answer: milliseconds since 1970, or one more than the last
_CHOICES = {str(value): value for value in range(LOWEST, HIGHEST + 1)}
_KINDS = {".jpg": "image/jpeg", ".png": "image/png"}  # of pictures
READ = ["GET", "HEAD"]  # HEAD, by which messengers and mail programs look at a link before they show it
RATE_LINK, ADMIN_LINK = "/r/{token}", "/admin/{token}"
NO_RATING = "That is no rating; go back and choose one number for each question."
REFUSALS = {
    404: "Nothing is here. Open the link that you were sent, whole and unchanged.",
    409: "Not saved: these pictures were replaced after the page was loaded. Reload the page, and rate what it shows now.",
}


class Html(str):
    """Text that is HTML already."""


@dataclasses.dataclass(frozen=True)
class Study:
    """A study that is served.

    Args:
        store: where ratings go.
        material: what is shown.
        task: "attenuate" or "amplify".
        address: of the server as raters reach it, such as http://127.0.0.1:8765.
    """

    store: Store
    material: Material
    task: str
    address: str

    def order(self, rater: Rater) -> list[Panel]:
        """A rater's panels in his own order."""
        return shuffled(self.material.panels, rater.token)

    def link(self, rater: Rater) -> str:
        """What a rater is sent."""
        return self.address + RATE_LINK.format(token=rater.token)

    def admin_link(self) -> str:
        """Where the progress is seen."""
        return self.address + ADMIN_LINK.format(token=self.store.secret("admin"))


def create_app(study: Study, hosts: Iterable[str] = LOCAL) -> FastAPI:
    """The server of a study.

    Args:
        study: with its panels registered in its store; the host of its address is one of those that it answers.
        hosts: others.
    """
    address = urlsplit(study.address)
    # Pages of documentation load scripts from elsewhere, and a redirect to another slash would echo the Host.
    app = FastAPI(redirect_slashes=False, docs_url=None, redoc_url=None, openapi_url=None)
    own = {"hosts": {*hosts, address.hostname or ""} - {""}, "origins": [f"{address.scheme}://{address.netloc}"]}
    app.add_middleware(OwnHosts, **own, headers={}, remedy="open the link that you were sent, or name it by --allow-host")
    app.add_middleware(Guard)  # the outer one
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(ClientDisconnect, lambda request, error: HTMLResponse("", status_code=400))
    app.add_exception_handler(TooLarge, lambda request, error: HTMLResponse("", status_code=413))
    for name, kind in (("study.css", "text/css"), ("rate.js", "text/javascript")):
        app.api_route(f"/{name}", methods=READ)(_file(PAGES / name, kind))
    _add_rating(app, study)
    _add_admin(app, study)
    return app


def _add_rating(app: FastAPI, study: Study) -> None:
    def known(token: str) -> Rater:
        rater = study.store.rater(token) if TOKEN.fullmatch(token) else None
        if rater is None:
            raise HTTPException(404)
        return rater

    @app.api_route(RATE_LINK, methods=READ)
    def resume(token: str) -> Response:
        """Where the rater stopped."""
        rater = known(token)
        order = study.order(rater)
        rated = study.store.ratings_of(rater.id)
        for place, panel in enumerate(order, 1):
            if panel.rated.id not in rated:
                return RedirectResponse(f"{token}/{place}", 303)
        return _page("done.html", count=len(order), last=f"{token}/{len(order)}")

    @app.api_route(RATE_LINK + "/{place}", methods=READ)
    def panel(token: str, place: str) -> Response:
        """A panel with its two questions, and what was answered before."""
        rater = known(token)
        order = study.order(rater)
        if not re.fullmatch(r"[1-9][0-9]{0,5}", place, re.ASCII) or int(place) > len(order):
            raise HTTPException(404)
        return _rate_page(study, rater, order, int(place))

    @app.post(RATE_LINK)
    async def rate(token: str, request: Request) -> Response:
        """Keep a rating, and go on; the answer is sent when it is on disk. The page's script gets an answer of its own."""
        rater = await run_in_threadpool(known, token)
        rating = _rating(study, await _form(request))
        await run_in_threadpool(study.store.rate, rater.id, *rating)
        return JSONResponse({"kept": True}) if _by_script(request) else RedirectResponse(token, 303)

    @app.api_route(RATE_LINK + "/picture/{picture}", methods=READ)
    def picture(token: str, picture: str) -> Response:
        """A picture of the study by its id; a file's name or path is never looked up."""
        known(token)
        if picture not in study.material.pictures:
            raise HTTPException(404)
        # Neither a date nor a tag, which might set one method's files apart from another's.
        content, kept = study.material.pictures[picture].read_bytes(), {"cache-control": "private, max-age=86400, immutable"}
        return Response(content, media_type=_KINDS[study.material.pictures[picture].suffix], headers=kept)


def _rating(study: Study, form: dict[str, list[str]]) -> tuple[str, int, int, int]:
    """Panel, effectiveness, realism and number of a form that was sent."""
    values = {name: form.get(name, []) for name in ("panel", *RATED_QUALITIES)}
    if any(len(given) != 1 for given in values.values()):
        raise HTTPException(400)
    panel, *marks = (given[0] for given in values.values())
    if panel not in study.material.panels or any(mark not in _CHOICES for mark in marks):
        raise HTTPException(400)
    if form.get("shown") != [study.material.panels[panel].shown]:
        raise HTTPException(409)
    number = form.get("number", [])
    if len(number) != 1 or not NUMBER.fullmatch(number[0]):
        raise HTTPException(400)
    most = int((time.time() + AHEAD) * 1000)  # or an answer from the far future would shut out all later ones
    return panel, *(_CHOICES[mark] for mark in marks), min(int(number[0]), most)


def _rate_page(study: Study, rater: Rater, order: list[Panel], place: int) -> HTMLResponse:
    shown, rated = order[place - 1], study.store.ratings_of(rater.id)
    questions = (words.EFFECTIVE[study.task], words.REALISTIC)
    answers = rated.get(shown.rated.id, (None, None))
    following = order[place] if place < len(order) else shown
    return _page(
        "rate.html",
        place=place,
        count=len(order),
        done=sum(panel.rated.id in rated for panel in order),
        subject=words.SUBJECT[study.task],
        panel=shown.rated.id,
        shown=shown.shown,
        shape="wide" if shown.wide else "high",
        number=study.store.number(rater.id, shown.rated.id) + 1,  # above the answer that is held, whatever a clock says
        token=rater.token,
        back=Html(f'<a href="{place - 1}" id="back">Back</a>' if place > 1 else ""),
        next=" ".join(f"picture/{picture}" for picture in (following.photo, following.mask, following.edited)),
        **{kind: f"picture/{getattr(shown, kind)}" for kind in ("photo", "mask", "edited")},
        **{name: _question(name, *asked) for name, *asked in zip(RATED_QUALITIES, questions, answers, strict=True)},
    )


def _question(name: str, text: str, answer: int | None) -> Html:
    choices = "".join(
        f'<label><input type="radio" name="{name}" value="{value}" required{" checked" if value == answer else ""}>'
        f"<span>{value}</span></label>"
        for value in _CHOICES.values()
    )
    return Html(
        f'<fieldset id="{name}"><legend>{name.capitalize()}</legend><p>{html.escape(text)}</p>'
        f'<div class="choices">{choices}</div></fieldset>'
    )


def _add_admin(app: FastAPI, study: Study) -> None:
    expected = study.store.secret("admin").encode()

    def check(token: str) -> None:
        if not hmac.compare_digest(token.encode("utf-8", "replace"), expected):  # in constant time
            raise HTTPException(404)

    @app.api_route(ADMIN_LINK, methods=READ)
    def progress(token: str) -> Response:
        """How far every rater is with every method."""
        check(token)
        return _progress_page(study, token)

    @app.post(ADMIN_LINK)
    async def add(token: str, request: Request) -> Response:
        """Make a rater's link."""
        check(token)
        try:
            name = (await _form(request)).get("name", [""])[0]
            await run_in_threadpool(study.store.add_rater, name)
        except InputError as error:
            return _page("message.html", title="Not added", text=str(error), status=400)
        return RedirectResponse(token, 303)


def _progress_page(study: Study, token: str) -> HTMLResponse:
    panels = study.material.panels
    wanted = Counter(panel.rated.method for panel in panels.values())
    done = Counter((rater, panels[panel].rated.method) for rater, panel in study.store.done() if panel in panels)
    rows = []
    for rater in study.store.raters():
        counts = [done[rater.id, method] for method in wanted]
        cells = "".join(f"<td>{count}</td>" for count in counts)
        link = html.escape(study.link(rater))
        bar = f'<progress max="{len(panels)}" value="{sum(counts)}"></progress>{sum(counts)} of {len(panels)}'
        rows.append(
            f'<tr><th scope="row">{html.escape(rater.name)}</th><td>{bar}</td>{cells}'
            f'<td class="link"><a href="{link}">{link}</a></td></tr>'
        )
    heads = "".join(f"<th>{html.escape(method)}<small>of {count}</small></th>" for method, count in wanted.items())
    table = {"heads": Html(heads), "rows": Html("".join(rows))}
    return _page("admin.html", task=study.task, database=study.store.name, token=token, **table)


def _page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page with its places filled in; whatever is not Html is escaped."""
    filled = {key: value if isinstance(value, Html) else html.escape(str(value)) for key, value in values.items()}
    return HTMLResponse(Template((PAGES / name).read_text(encoding="utf-8")).substitute(filled), status)


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a form, as browsers send it."""
    try:
        return parse_qs((await request.body()).decode(), max_num_fields=8)
    except ValueError as error:  # not UTF-8, or too many fields
        raise HTTPException(400) from error


def _file(path: Path, kind: str) -> Callable[[], Response]:
    return lambda: FileResponse(path, media_type=kind, headers={"cache-control": "no-cache"})


def _by_script(request: Request) -> bool:
    """Whether the page's script asks: it wants to hear that a rating is kept, since anyone may redirect."""
    return request.headers.get("accept") == "application/json"


def _refuse(request: Request, error: HTTPException) -> Response:
    text = REFUSALS.get(error.status_code, NO_RATING)
    if _by_script(request):
        return JSONResponse({"kept": False, "why": text}, error.status_code)
    return _page("message.html", title="Sorry", text=text, status=error.status_code)
