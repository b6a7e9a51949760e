"""A report as one HTML file that needs nothing beside it: tables, figures, and images under a before/after slider."""
import base64
import dataclasses
import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from realistic_editing.common.files import replacing

TEMPLATE = Path(__file__).with_suffix(".html")
_SIDE = 320  # longer side of a picture in pixels
_QUALITY = 82  # of its JPEG
BUDGET = 16 * 2**20  # bytes of a page's pictures; more of them are made smaller, since a browser decodes the whole page
_LEAST = 120  # pixels; below that, nobody sees an edit
_INTERVAL = re.compile(r"(.*\S) (\[[^\]]*\])")
_KINDS = {".png": "png", ".jpg": "jpeg", ".svg": "svg+xml"}


@dataclasses.dataclass(frozen=True)
class Item:
    """One method's result on one photo.

    Args:
        photo: the photo's name, a key of the photos that are given to `write_page`.
        part: of the data set, or "".
        method: whose result.
        picture: (H, W, 3) uint8 RGB, or a JPEG file.
        measures: name -> number, or nan where it was not measured.
    """

    photo: str
    part: str
    method: str
    picture: np.ndarray | Path
    measures: Mapping[str, float]


def write_page(
    path: str | Path,
    title: str,
    facts: Mapping[str, Any],
    tables: Sequence[tuple[str, str, pd.DataFrame]],
    figures: Mapping[str, str],
    photos: Mapping[str, np.ndarray | Path],
    items: Sequence[Item],
) -> None:
    """Write the page.

    Args:
        path: the HTML file; figures are looked for beside it.
        title: the first line.
        facts: name -> what was measured, by which command, on which machine.
        tables: (title, note, frame); cells are shown as text.
        figures: file name -> caption.
        photos: name -> (H, W, 3) uint8, or a JPEG file, before any edit.
        items: what is to be browsed, in order; the page begins with them.

    Raises:
        InputError: when the folder cannot be written.
    """
    body = [f"<h1>{html.escape(title)}</h1>", *([_SHEET] if items else []), _facts(facts)]
    for heading, note, frame in tables:
        body += [f"<h2>{html.escape(heading)}</h2>", f'<p class="note">{html.escape(note)}</p>' if note else "", _table(frame)]
    for name, caption in figures.items():
        body.append(_figure(Path(path).parent / name, caption))
    measures = list(dict.fromkeys(name for item in items for name in item.measures))
    pictures = _Pictures([*photos.values(), *(item.picture for item in items)])
    data = {
        "pictures": pictures.urls,
        "photos": {name: pictures.index(picture) for name, picture in photos.items()},
        "items": [_plain(item) | {"picture": pictures.index(item.picture)} for item in items],
        "measures": measures,
    }
    text = TEMPLATE.read_text(encoding="utf-8").replace("<!--title-->", html.escape(title))
    # "</" would end the script element early, wherever it is.
    text = text.replace("<!--body-->", "\n".join(body)).replace("<!--data-->", json.dumps(data).replace("</", "<\\/"))
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def small_jpeg(pixels: np.ndarray, side: int = _SIDE) -> bytes:
    """A picture (H, W, 3) uint8 as a small JPEG, its longer side at most `side` pixels."""
    shrink = min(1.0, side / max(pixels.shape[:2]))
    size = [max(1, round(length * shrink)) for length in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


class _Pictures:
    """The pictures of a page: equal ones once, and all of them within the budget."""

    def __init__(self, pictures: Sequence[np.ndarray | Path]) -> None:
        self._place: dict[Any, int] = {}
        files: dict[bytes, int] = {}
        for picture in pictures:
            data = picture.read_bytes() if isinstance(picture, Path) else small_jpeg(picture)
            self._place[self._key(picture)] = files.setdefault(data, len(files))
        excess = sum(map(len, files)) / BUDGET
        side = max(_LEAST, int(_SIDE / math.sqrt(max(excess, 1))))
        small = [_smaller(data, side) if excess > 1 else data for data in files]
        self.urls = ["data:image/jpeg;base64," + base64.b64encode(data).decode() for data in small]

    @staticmethod
    def _key(picture: np.ndarray | Path) -> Any:
        return picture if isinstance(picture, Path) else id(picture)

    def index(self, picture: np.ndarray | Path) -> int:
        """Where the picture is among the urls."""
        return self._place[self._key(picture)]


def _smaller(data: bytes, side: int) -> bytes:
    """A JPEG, its longer side at most `side` pixels."""
    return small_jpeg(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1], side)


_SHEET = """<section><h2>Pictures</h2>
<div class="controls">
<label>part <select id="part"><option value="">all</option></select></label>
<label>method <select id="method"><option value="">all</option></select></label>
<label>sort by <select id="sort"><option value="">file order</option></select></label>
<label><select id="way" aria-label="direction"><option>falling</option><option>rising</option></select></label>
<span class="note">drag across a picture: left of the line is before, right is after. Shown: <span id="count"></span></span>
</div>
<div class="sheet"></div>
<p><button id="more">show more</button></p></section>"""  # the controls stick to the top within it


def _facts(facts: Mapping[str, Any]) -> str:
    lines = [f"{name}: {value if isinstance(value, str) else json.dumps(value, default=str)}" for name, value in facts.items()]
    return f"<details><summary>How this was made</summary><pre>{html.escape(chr(10).join(lines))}</pre></details>"


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(str(name)).replace('_', '_<wbr>')}</th>" for name in frame.columns)
    rows = ["".join(f"<td>{_marked(_cell(cell))}</td>" for cell in row) for row in frame.to_numpy(object)]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.3f}"
    return str(cell)


def _marked(text: str) -> str:
    """A cell's text as HTML: an interval goes below its value, so that a dozen columns fit a screen."""
    value, interval = _INTERVAL.fullmatch(text).groups() if _INTERVAL.fullmatch(text) else (text, "")
    return html.escape(value) + (f"<small> {html.escape(interval)}</small>" if interval else "")


def _figure(path: Path, caption: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    words = html.escape(caption)
    source = f"data:image/{_KINDS[path.suffix]};base64,{data}"
    return f'<figure><img src="{source}" alt="{words}"><figcaption class="note">{words}</figcaption></figure>'


def _plain(item: Item) -> dict[str, Any]:
    numbers = {name: None if not math.isfinite(value) else float(value) for name, value in item.measures.items()}
    names = {name: getattr(item, name) for name in ("photo", "part", "method")}
    return names | {"measures": numbers}
