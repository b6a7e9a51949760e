"""Silent connections, and what is logged of them."""
import logging
import socket
import threading
import time

import pytest

pytest.importorskip("uvicorn", reason="needs uvicorn: pip install -e .[study]")


def test_a_silent_connection_is_closed_and_a_speaking_one_is_not(monkeypatch):
    import uvicorn

    from realistic_editing.apps import quiet

    monkeypatch.setattr(quiet, "PATIENCE", 0.5)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", http=quiet.Impatient, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with socket.create_connection(listener.getsockname(), timeout=10) as silent:
        assert silent.recv(1) == b""  # closed from the other side, and no time-out
    with socket.create_connection(listener.getsockname(), timeout=10) as speaking:
        speaking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert speaking.recv(12) == b"HTTP/1.1 200"
    server.should_exit = True
    thread.join(10)


def test_messages_of_one_kind_are_logged_once_in_a_while(monkeypatch):
    from realistic_editing.apps.quiet import PAUSE, Sparing

    now = [time.monotonic()]
    monkeypatch.setattr("realistic_editing.apps.quiet.time.monotonic", lambda: now[0])
    sparing, record = Sparing(), logging.LogRecord("asyncio", logging.ERROR, "", 0, "out of files", None, None)
    assert [sparing.filter(record) for _ in range(3)] == [True, False, False]
    now[0] += PAUSE
    assert sparing.filter(record)
