"""What a browser sends of files, and paths that are no uploads."""
import asyncio

import pytest

gr = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")

from realistic_editing.apps.page import intake  # noqa: E402
from realistic_editing.apps.page.bodies import LARGEST_UPLOAD, SmallBodies  # noqa: E402


@pytest.fixture
def button():
    with gr.Blocks(analytics_enabled=False):
        return intake.own_files_only(gr.UploadButton())


@pytest.mark.parametrize("address", ["http://example.org/a.png", "https://127.0.0.1/a.png", "file:///etc/hostname", "ftp://a/b"])
def test_addresses_are_not_fetched(button, address):
    with pytest.raises(gr.Error, match="no upload"):
        asyncio.run(button.async_move_resource_to_block_cache(address))


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/gradio_api/upload", {"content-length": str(LARGEST_UPLOAD)}, 200),
        ("/gradio_api/upload/", {"content-length": str(LARGEST_UPLOAD + 10**6)}, 413),
        ("/gradio_api/queue/join", {"content-length": "1000000"}, 200),
        ("/gradio_api/queue/join", {"content-length": "2000000"}, 413),
        ("/gradio_api/component_server", {"content-length": "1000000"}, 200),
        ("/gradio_api/component_server", {"content-length": "2000000"}, 413),
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
