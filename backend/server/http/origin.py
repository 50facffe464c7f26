"""Refuses requests and WebSockets from the pages of other sites, by a dependency of all routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from starlette.requests import HTTPConnection

from backend.core.errors import InputError

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; a browser hides their answers from a foreign page anyway."""


def origin_check(allowed: Collection[str]) -> Callable[[HTTPConnection], Awaitable[None]]:
    """Return the dependency: it calls `check_origin` for WebSockets and for requests that may change state."""

    async def check(connection: HTTPConnection) -> None:
        if connection.scope.get("method") not in READING:
            check_origin(connection.headers, allowed)

    return check


def check_origin(headers: Mapping[str, str], allowed: Collection[str]) -> None:
    """Raise `origin_foreign`, except for the server's own page, `allowed` origins (`https://host[:port]`), and other clients.

    A browser always sends its page's origin with a WebSocket and with a POST; other clients send none.
    """
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return
    host = headers.get("host")
    if not host or origin not in (f"http://{host}", f"https://{host}"):
        raise InputError(
            "origin_foreign",
            "Another site's page may not use this server.",
            "Open the server's own address, or name the site in MOTIONFAN_ORIGINS.",
        )
