"""The page's server in a process of its own, asked without a browser."""
import contextlib
import http.client
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

LATE = 120  # seconds, for machines that do other things as well


class ServedPage:
    """`realistic-editing page` with temporary files in `folder`, and what it prints in folder/log.txt.

    Args:
        folder: empty.
        start: starts the command, as the fixture `split_command` does.
        options: of the command.
        early: the bytes of a request that is sent as soon as something listens, before the page says that it is ready.
    """

    def __init__(self, folder: Path, start: Callable, *options: str, early: bytes = b"", **more: object):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.log = folder / "temporary", folder / "log.txt"
        self.folder.mkdir()
        self.log.write_text("")
        words, said = ["page", "--port", self.port, *options], [(1, self.log), (2, self.log)]
        self.process = start(words, said, environment={"TMPDIR": str(self.folder)}, **more)
        late = threading.Timer(LATE, self.process.kill)
        late.start()
        self.early = self._send_early(early) if early else b""
        while "open http" not in self.log.read_text() and self.process.poll() is None:
            time.sleep(0.05)
        late.cancel()
        assert self.process.poll() is None, self.log.read_text()

    def _send_early(self, request: bytes) -> bytes:
        while self.process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError), self.connect() as early:
                early.sendall(request)
                return b"".join(iter(lambda: early.recv(4096), b""))
        return b""

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LATE)

    def ask(self, path: str, body=None, headers=None, method=None) -> tuple[int, dict[str, str], bytes]:
        """One request as it stands, without following anything."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LATE)
        with contextlib.closing(connection):
            connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def raw(self, request: bytes) -> bytes:
        """What comes back for bytes that no client would send; empty where the connection is closed without a word."""
        with self.connect() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(4096), b""))
        return b""

    def take(self, visitor: str, function: int, *values, event: dict | None = None) -> dict:
        """One step of a visitor as the page's own script asks for it: the last message of gradio's."""
        asked = {"data": values, "fn_index": function, "session_hash": visitor, "event_data": event, "trigger_id": None}
        status, _, answer = self.ask("/gradio_api/queue/join", json.dumps(asked), {"content-type": "application/json"})
        if status != 200:
            return {"status": status, "success": False, "output": {"error": answer.decode()}}
        found = self.ask(f"/gradio_api/queue/data?session_hash={visitor}")[2].decode()
        messages = [json.loads(line[6:]) for line in found.splitlines() if line.startswith("data: ")]
        return next(message for message in reversed(messages) if message["msg"] == "process_completed")

    def function(self, trigger: str, element: str | None = None) -> int:
        """The number of the step that follows on an event of an element of the page."""
        config = json.loads(self.ask("/config")[2])
        names = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        return next(
            one["id"] for one in config["dependencies"]
            if any(kind == trigger and names.get(part) == element for part, kind in one["targets"]) and one["backend_fn"]
        )  # fmt: skip

    def upload(self, path: Path) -> str:
        """Upload a file; the place that the page gives it."""
        edge = secrets.token_hex(8)
        head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        status, _, answer = self.ask("/gradio_api/upload", body, {"content-type": f"multipart/form-data; boundary={edge}"})
        assert status == 200, answer
        return json.loads(answer)[0]

    def download(self, visitor: str, kind: str = "photo") -> str:
        """Export as a visitor: the path of the file, as its link has it."""
        found = self.take(visitor, self.function("click", f"get_{kind}"), *([None] if kind == "photo" else []))
        return re.search(r'"path": ?"([^"]+)"', json.dumps(found))[1]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="package")
def served(tmp_path_factory, split_command, tiny_bundle):
    """A page for all tests that leave it as it was; its first request, sent before it is ready, is for another host."""
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
    early = b"GET /config HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    page = ServedPage(tmp_path_factory.mktemp("page"), split_command, early=early, refine=2, weights=str(tiny_bundle))
    yield page
    page.close()


@pytest.fixture(scope="package")
def served_well(tmp_path_factory, split_command):
    """The same with the bundled weights, the judges being the quicker of them: each visit and each proposal waits for them."""
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[demo]")
    judges = ["--critic", "critic", "--saliency", "compact_saliency"]
    page = ServedPage(tmp_path_factory.mktemp("page"), split_command, *judges, refine=2)
    yield page
    page.close()


@pytest.fixture
def serve(tmp_path, split_command):
    """ServedPage(tmp_path, ...) with small networks, as tests have, ended with the test."""
    running = []

    def start(*options: str, early: bytes = b"") -> ServedPage:
        running.append(ServedPage(tmp_path, split_command, *options, early=early))
        return running[-1]

    yield start
    for page in running:
        page.close()


@pytest.fixture
def visitor():
    """A name as gradio gives it to a tab of a browser."""
    return secrets.token_hex(6)
