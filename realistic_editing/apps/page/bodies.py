"""How much a browser may send to the page at once."""
from collections.abc import Awaitable, Callable

LARGEST_UPLOAD = 2**30  # bytes; 150 megapixels of 16 bits have 0.9e9
_FORM = 2**16  # bytes that a form may have around its file
# By the end of the path: photos and masks; all else is numbers and words.
_LIMITS = {"/upload": LARGEST_UPLOAD + _FORM}
_OTHERS = 2**20


class SmallBodies:
    """ASGI middleware: refuses bodies that are larger than what their path is for, by the size that is stated before them."""

    def __init__(self, app: Callable[..., Awaitable[None]]):
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or (status := _refused(scope)) is None:
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b""})


def _refused(scope) -> int | None:
    """The status of a refusal: 411 where a body comes without its size, 413 where it is too large, 400 where it is none."""
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    if any(name == b"transfer-encoding" for name, _ in headers):
        return 411
    sizes = {value for name, value in headers if name == b"content-length"} or {b"0"}
    if len(sizes) > 1 or not all(size.isdigit() and len(size) < 20 for size in sizes):
        return 400
    path = scope["path"].rstrip("/")
    most = next((limit for end, limit in _LIMITS.items() if path.endswith(end)), _OTHERS)
    return 413 if int(sizes.pop()) > most else None
