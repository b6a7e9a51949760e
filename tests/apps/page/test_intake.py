"""What a browser sends of the painter, and paths that are no uploads."""
import asyncio
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

gr = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
from fastapi import HTTPException  # noqa: E402

from realistic_editing.apps.page import intake  # noqa: E402
from realistic_editing.apps.page.bodies import LARGEST_UPLOAD, SmallBodies  # noqa: E402


@pytest.fixture
def painter():
    with gr.Blocks(analytics_enabled=False):
        return intake.own_files_only(intake.bounded(gr.ImageEditor(type="numpy")))


def png(size, color=(255, 60, 90, 140)):
    stream = io.BytesIO()
    Image.new("RGBA", size, color).save(stream, "PNG")
    return stream.getvalue()


def sent(painter, content=b"", index="0", key="one", kind="layer"):
    painter.accept_blobs(SimpleNamespace(data={"type": kind, "index": index, "id": key}, files=[("blob", content)]))


def painting(key):
    return SimpleNamespace(id=key, background=None, layers=[], composite=None)


def test_what_was_painted_is_read_and_the_photo_below_is_not(painter):
    sent(painter, png((30, 20)))
    sent(painter, b"no picture", kind="background", index="null")
    found = painter.preprocess(painting("one"))
    assert found["layers"][0].shape == (20, 30, 4) and found["background"] is None
    assert painter.preprocess(painting("one"))["layers"] == [] and painter.preprocess(None) is None  # once


def test_a_painting_that_is_too_large_is_not_decoded(painter):
    side = int(intake.MOST_PIXELS**0.5) + 1
    sent(painter, png((side, side)))
    with pytest.raises(gr.Error, match="larger than the photo that is shown"):
        painter.preprocess(painting("one"))
    sent(painter, b"no picture")
    with pytest.raises(gr.Error, match="cannot be read"):
        painter.preprocess(painting("one"))
    layers = [png((4, 4))] * (intake.MOST_LAYERS + 1)
    with pytest.raises(gr.Error, match="larger than"):
        painter.preprocess(SimpleNamespace(id=None, background=None, layers=layers, composite=None))


@pytest.mark.parametrize("index", ["4", "-1", "1e3", "٣", "x", str(10**9)])
def test_layers_beyond_the_first_few_are_not_kept(painter, index):
    with pytest.raises(HTTPException):
        sent(painter, png((4, 4)), index=index)
    assert painter.blob_storage == {}


def test_pictures_of_the_painter_do_not_pile_up(painter):
    for number in range(intake.MOST_PARTS + 5):
        sent(painter, b"a", key=str(number))
    assert list(painter.blob_storage) == [str(number) for number in range(5, intake.MOST_PARTS + 5)]
    for content, key in ((bytes(intake.MOST_BYTES + 1), "a"), (b"a", "a" * 101)):
        with pytest.raises(HTTPException):
            sent(painter, content, key=key)


@pytest.mark.parametrize("address", ["http://example.org/a.png", "https://127.0.0.1/a.png", "file:///etc/hostname", "ftp://a/b"])
def test_addresses_are_not_fetched(painter, address):
    with pytest.raises(gr.Error, match="no upload"):
        asyncio.run(painter.async_move_resource_to_block_cache(address))


def test_nothing_is_written_beside_the_source(painter):
    assert not list(Path(intake.__file__).parent.glob("*.pyi"))


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/gradio_api/upload", {"content-length": str(LARGEST_UPLOAD)}, 200),
        ("/gradio_api/upload/", {"content-length": str(LARGEST_UPLOAD + 10**6)}, 413),
        ("/gradio_api/queue/join", {"content-length": "1000000"}, 200),
        ("/gradio_api/queue/join", {"content-length": "2000000"}, 413),
        ("/gradio_api/component_server", {"content-length": "30000000"}, 200),
        ("/gradio_api/component_server", {"content-length": "40000000"}, 413),
        ("/gradio_api/upload", {"transfer-encoding": "chunked"}, 411),
        ("/gradio_api/queue/join", {"content-length": "-1"}, 400),
        ("/", {}, 200),
    ],
)
def test_bodies_are_as_large_as_their_path_needs(path, headers, status):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    answers, pairs = [], [(name.encode(), value.encode()) for name, value in headers.items()]

    async def send(message):
        answers.append(message)

    asyncio.run(SmallBodies(app)({"type": "http", "path": path, "headers": pairs}, None, send))
    assert answers[0]["status"] == status
