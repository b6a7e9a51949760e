"""Serve an app until it is stopped: a port of its own, no silent connections, and an end that leaves nothing."""
import contextlib
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator

from realistic_editing.common.errors import InputError

ENDING = 3  # seconds in which answers under way may end when the server is stopped
WAITING = 128  # connections that wait to be taken


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens, so that a port that is taken is said before anything is made.

    Raises:
        InputError: when host and port cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError, ValueError) as error:  # the last of a name that is none, such as ".local"
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot listen on {host}, port {port} ({why}); choose another --port or --host") from error
    with listener:
        yield listener


def stop_as_by_ctrl_c() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that what is temporary goes."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def serve(
    app: Callable[..., Awaitable[None]], listener: socket.socket, at_end: Callable[[], None] = lambda: None
) -> None:
    """Answer requests until this process is stopped.

    Args:
        app: of ASGI.
        listener: see `listening`.
        at_end: is called when it is stopped, before connections are waited for.

    Raises:
        KeyboardInterrupt: when it was stopped, and has ended its connections.
    """
    import uvicorn

    from realistic_editing.apps.quiet import Impatient, log_sparingly

    class Server(uvicorn.Server):
        async def shutdown(self, *arguments, **named) -> None:
            at_end()
            await super().shutdown(*arguments, **named)

    stop_as_by_ctrl_c()
    # No access log: addresses hold raters' tokens, and the names of downloads.
    quiet = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, http=Impatient, backlog=WAITING,
        timeout_graceful_shutdown=ENDING,
    )  # fmt: skip
    log_sparingly()
    Server(quiet).run(sockets=[listener])
