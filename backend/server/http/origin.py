"""Which pages may use the server: a dependency of all routes that refuses foreign pages, on WebSockets too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from backend.core.errors import InputError

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; a browser hides their answers from a foreign page anyway."""


def origin_check(allowed: Collection[str]) -> Callable[[HTTPConnection], Awaitable[None]]:
    """Return the dependency; it raises `origin_foreign` on WebSockets and on requests that may change state.

    Args:
        allowed: further origins whose pages may use the server, `https://host[:port]`.
    """

    async def check(connection: HTTPConnection) -> None:
        if connection.scope.get("method") not in READING:
            check_origin(connection.headers, allowed)

    return check


def check_origin(headers: Mapping[str, str], allowed: Collection[str]) -> None:
    """Accept this server's own page, an allowed one, and clients that are not browsers.

    Args:
        headers: of the request; a browser always sends `origin` with a WebSocket and with a POST.
        allowed: further origins, `https://host[:port]`.

    Raises:
        InputError: `origin_foreign`.
    """
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.netloc != headers.get("host"):
        raise InputError(
            "origin_foreign",
            "Another site's page may not use this server.",
            "Open the server's own address, or name the site in MOTIONFAN_ORIGINS.",
        )
