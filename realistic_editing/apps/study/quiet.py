"""Connections that say nothing, and logs that would fill the disk because of them."""
import logging
import time

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20  # seconds for a request, or its body, to arrive
PAUSE = 10  # seconds between two lines of one kind in the log


class Impatient(H11Protocol):
    """HTTP that closes a connection from which no request comes."""

    def connection_made(self, transport) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class Sparing(logging.Filter):
    """Lets a message of one kind through at most once in PAUSE seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log it."""
        kind, now = (record.name, record.levelno, str(record.msg)[:60]), time.monotonic()
        if now - self._last.get(kind, -PAUSE) < PAUSE:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[kind] = now
        return True


def log_sparingly() -> None:
    """Limit what the event loop and the server log: too many open files are told with each try to accept one more."""
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).addFilter(Sparing())
