"""Silent connections, and what is logged of them."""
import asyncio
import contextlib
import logging
import socket
import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("uvicorn", reason="needs uvicorn: pip install -e .[study]")


LARGE, PART = 20_000_000, 100_000  # bytes of an answer, and of its parts


@pytest.fixture
def address(monkeypatch):
    """Of a server that has little patience, and says of each body how long it is."""
    import uvicorn

    from realistic_editing.apps import quiet

    monkeypatch.setattr(quiet, "PATIENCE", 0.6)

    async def app(scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        if scope["path"] == "/slow":
            await asyncio.sleep(1.5)
        answer = bytes(LARGE) if scope["path"] == "/large" else str(size).encode()
        length = str(len(answer)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for start in range(0, len(answer), PART):
            await send({"type": "http.response.body", "body": answer[start : start + PART], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", http=quiet.Impatient, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()
    server.should_exit = True
    thread.join(10)


def answer_of(connection):
    """All that comes until the other side closes the connection."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: localhost", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
     b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
    ids=["silence", "part of a head", "no body", "part of a body", "part of a body without a size"],
)  # fmt: skip
def test_a_connection_that_stalls_is_closed(address, sent):
    with socket.create_connection(address, timeout=10) as stalled:
        stalled.sendall(sent)
        assert not answer_of(stalled).startswith(b"HTTP/1.1 2")  # closed from the other side, and no time-out


def test_a_byte_now_and_then_does_not_hold_a_connection(address):
    with socket.create_connection(address, timeout=10) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(50):
                slow.sendall(b"a")
                time.sleep(0.1)


def ask_for_much(address):
    """A connection that a large answer comes from, of which the system holds little for the reader."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(20)
    connection.connect(address)
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


def test_who_does_not_read_the_answer_is_cut_off(address):
    with ask_for_much(address) as deaf:
        time.sleep(4)  # much longer than the patience
        received = 0
        with contextlib.suppress(ConnectionError):
            while part := deaf.recv(65536):
                received += len(part)
        assert received < LARGE / 2


def test_who_reads_slowly_is_not_cut_off():
    """By a clock of its own: on a busy machine a real reader may rest for longer than it means to."""
    import h11

    from realistic_editing.apps.quiet import PATIENCE, Impatient

    now, ended = [0.0], []
    transport = SimpleNamespace(written=1000, waiting=1000, abort=lambda: ended.append(now[0]), is_closing=lambda: False)
    reader = object.__new__(Impatient)
    reader.loop = SimpleNamespace(time=lambda: now[0], call_later=lambda *_: None)
    reader.transport, reader.flow = transport, SimpleNamespace(read_paused=False)
    reader.conn = SimpleNamespace(their_state=h11.DONE)
    reader._since = reader._taken_at = reader._taken = 0
    for _ in range(20):  # a byte for each look, and as many come after it
        now[0] += PATIENCE / 4
        transport.written += 1
        reader._look()
    assert not ended
    while not ended and now[0] < 100 * PATIENCE:
        now[0] += PATIENCE / 4
        reader._look()
    assert PATIENCE < ended[0] - 5 * PATIENCE <= 1.5 * PATIENCE


def test_a_large_body_may_take_its_time_and_so_may_its_answer(address):
    with socket.create_connection(address, timeout=10) as patient:
        patient.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15000\r\n\r\n")
        for _ in range(10):  # longer than the patience, and it goes on all the time
            patient.sendall(b"a" * 1500)
            time.sleep(0.15)
        assert b"200" in patient.recv(1000)
    with socket.create_connection(address, timeout=10) as patient:
        patient.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert patient.recv(12) == b"HTTP/1.1 200"


def test_messages_of_one_kind_are_logged_once_in_a_while(monkeypatch):
    from realistic_editing.apps.quiet import PAUSE, Sparing

    now = [time.monotonic()]
    monkeypatch.setattr("realistic_editing.apps.quiet.time.monotonic", lambda: now[0])
    sparing, record = Sparing(), logging.LogRecord("asyncio", logging.ERROR, "", 0, "out of files", None, None)
    assert [sparing.filter(record) for _ in range(3)] == [True, False, False]
    now[0] += PAUSE
    assert sparing.filter(record)


def test_an_answer_cut_off_at_the_end_is_not_logged():
    from realistic_editing.apps.quiet import Sparing

    def record(error):
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "Exception", None, (type(error), error, None))

    assert not Sparing().filter(record(asyncio.CancelledError())) and Sparing().filter(record(ValueError()))
