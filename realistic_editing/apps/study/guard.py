"""What stands before every request: small bodies only, and headers that let a page do nothing but what it is for."""
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
LARGEST_BODY = 4096  # bytes; a rating needs about 140
_HEADERS = {
    # Scripts, styles and pictures of this server and nothing else: a name that holds HTML stays text, even if unescaped.
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # addresses hold tokens; without any, browsers would not say where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex, nofollow",
}


class TooLarge(Exception):
    """A body above LARGEST_BODY."""


class Guard:
    """ASGI middleware: refuses large bodies, and sets _HEADERS on every answer."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:  # whatever the header says, or where it says nothing
                raise TooLarge
            return message

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                if b"cache-control" not in present:
                    added.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > LARGEST_BODY:
            await secured({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
            await secured({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, counted, secured)
