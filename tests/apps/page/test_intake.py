"""What a browser sends of files, and paths that are no uploads."""
import asyncio

import pytest

gr = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")

from realistic_editing.apps.page import intake  # noqa: E402
from realistic_editing.apps.page.bodies import LARGEST_UPLOAD, SmallBodies  # noqa: E402
from realistic_editing.common.errors import InputError  # noqa: E402
from realistic_editing.data.images import read_photo  # noqa: E402


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


def opened(file, folder):
    with intake.read_once(str(file), folder) as found:
        return read_photo(found)


@pytest.mark.parametrize("read", [
    lambda file, folder: intake.memory_of_upload(str(file), folder),
    opened,
])  # fmt: skip
def test_an_upload_that_is_no_photo_is_called_by_its_name_alone(tmp_path, read):
    file = tmp_path / "0123abcd/words.jpg"
    file.parent.mkdir()
    file.write_text("no photo")
    with pytest.raises(InputError) as refused:
        read(file, tmp_path)
    assert str(refused.value).startswith("words.jpg: ")
