"""Connections that say nothing or break off, and logs that would fill the disk because of them."""
import asyncio
import logging
import time

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20  # seconds for a request, or the next part of its body, to arrive
_LEAST = 1024  # bytes of a body that count as a part: else a byte now and then would hold a connection for days
PAUSE = 10  # seconds between two lines of one kind in the log


class _Counted:
    """A transport that counts what is written to it."""

    def __init__(self, transport: asyncio.Transport):
        self._transport, self.written = transport, 0

    def __getattr__(self, name: str):
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, and count."""
        self.written += len(data)
        self._transport.write(data)

    @property
    def waiting(self) -> int:
        """Bytes that the other side has not taken yet."""
        return self._transport.get_write_buffer_size()


class Impatient(H11Protocol):
    """HTTP that closes a connection from which no request comes, whose body stalls, or that does not read its answer."""

    def connection_made(self, transport) -> None:
        """Begin to wait."""
        transport = _Counted(transport)
        super().connection_made(transport)
        self._since, self._received, self._taken, self._taken_at = self.loop.time(), 0, 0, self.loop.time()
        self._next_look = self.loop.call_later(PATIENCE / 4, self._look)

    def data_received(self, data: bytes) -> None:
        """Count what comes of a body; of what comes before it, all must be there in time."""
        if self.conn.their_state is h11.SEND_BODY:
            self._received += len(data)
            if self._received >= _LEAST:
                self._since, self._received = self.loop.time(), 0
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close the connection where the other side is to speak or to read, and does not."""
        now, taken = self.loop.time(), self.transport.written - self.transport.waiting
        if taken != self._taken or not self.transport.waiting:
            self._taken, self._taken_at = taken, now
        if now - self._taken_at > PATIENCE:
            self.transport.abort()  # closing would wait until what is written was read
            return
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY) or self.flow.read_paused:
            self._since = now  # it is the server that works
        if now - self._since > PATIENCE and not self.transport.is_closing():
            self.transport.close()
        self._next_look = self.loop.call_later(PATIENCE / 4, self._look)  # until it is lost, which may take what is not read


class Sparing(logging.Filter):
    """Lets a message of one kind through at most once in PAUSE seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log it; an answer that is cut off when the server is stopped is no error."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        kind, now = (record.name, record.levelno, str(record.msg)[:60]), time.monotonic()
        if now - self._last.get(kind, -PAUSE) < PAUSE:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[kind] = now
        return True


def log_sparingly() -> None:
    """Limit what the event loop and the server log: too many open files are logged with each try to accept one more."""
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).addFilter(Sparing())
