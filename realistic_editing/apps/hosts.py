"""What stands before every request to page and study: their own hosts and origins only, and headers that keep others out."""
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")
_READ_ON = 2**16  # bytes of a body that is refused unseen: forms are smaller
PAGE_HEADERS = {
    # Gradio's page has scripts and styles within itself, and its painter builds code.
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class OwnHosts:
    """ASGI middleware: refuses requests for other hosts or from other origins, sets headers, and takes those of CORS away.

    Args:
        app: behind it.
        hosts: names without port that it is reached by.
        origins: further origins whose pages may send forms, such as https://study.example.org:8443 behind a proxy.
        headers: set on every answer, in the place of the app's own.
        remedy: for whoever reaches it by another name.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        hosts: Iterable[str] = LOCAL,
        origins: Iterable[str] = (),
        headers: Mapping[str, str] = PAGE_HEADERS,
        remedy: str = "name it by --allow-host",
    ):
        from starlette.requests import ClientDisconnect  # of the extras demo and study

        self._broken_off = ClientDisconnect
        self.app, self.hosts = app, {host.lower().strip("[]") for host in hosts}
        self.origins, self.headers, self.remedy = {origin.lower() for origin in origins}, headers, remedy

    async def __call__(self, scope, receive, send) -> None:
        """Handle a request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def secured(message) -> None:
            if message["type"] == "http.response.start":
                ours = {name.encode() for name in self.headers}
                kept = [
                    pair for pair in message["headers"]
                    if pair[0].lower() not in ours and not pair[0].lower().startswith(b"access-control-")
                ]  # fmt: skip
                added = [(name.encode(), value.encode()) for name, value in self.headers.items()]
                message = {**message, "headers": kept + added}
            await send(message)

        if self.allows(scope["headers"]):
            with contextlib.suppress(self._broken_off):  # in the midst of a body: nobody is left to answer
                await self.app(scope, receive, secured)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _read_on(receive)
            plain = [(b"content-type", b"text/plain"), (b"connection", b"close")]
            await secured({"type": "http.response.start", "status": 403, "headers": plain})
            await secured({"type": "http.response.body", "body": f"not a host of this server; {self.remedy}\n".encode()})

    def allows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the one Host, and the Origin where there is one, are of this server."""
        given = [(name.lower(), value.decode("latin-1")) for name, value in headers]
        hosts = [value for name, value in given if name in (b"host", b"x-forwarded-host")]
        origins = [value for name, value in given if name == b"origin"]
        named = sum(name == b"host" for name, _ in given)
        own = {host.lower() for host in hosts}
        return named == 1 and all(_host(f"//{host}") in self.hosts for host in hosts) and all(
            self._is_own_origin(origin, own) for origin in origins
        )  # fmt: skip

    def _is_own_origin(self, origin: str, own: Iterable[str]) -> bool:
        """Whether an origin is this server itself, port and all; or, behind a proxy, a further name without a port."""
        if origin.lower() in self.origins:
            return True
        name = _host(origin)
        if name is None or name not in self.hosts:
            return False
        place = urlsplit(origin).netloc.lower()
        return place in own or (place == name and name not in LOCAL)


async def _read_on(receive) -> None:
    """Read what little of a body is still to come: a connection that is closed on unread bytes may lose the answer."""
    size, more = 0, True
    while more and size < _READ_ON:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)


def names_of(host: str, further: Iterable[str] | None = None) -> set[str]:
    """By which a server is reached: from this machine, by where it listens, and what else its owner names.

    Args:
        host: where it listens; where that is everywhere, this machine's name counts.
        further: names, or None.
    """
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:  # a name
        everywhere = False
    return {*LOCAL, socket.gethostname() if everywhere else host, *(further or ())}


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises where it is none
    except ValueError:
        return None
    return None if parts.username is not None or parts.path or parts.query or parts.fragment else parts.hostname
