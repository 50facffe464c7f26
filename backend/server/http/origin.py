"""Refuses requests and WebSockets of other sites' pages, by their origin and by the host that they ask for."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.errors import InputError
from backend.server.http.answers import answer

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


class HostCheck:
    """Refuses requests for a host name that is not this server's, with `host_foreign`.

    Another site may point its own name at this server's address (DNS rebinding); its page would then count as the server's own.
    Addresses cannot be pointed elsewhere, so they pass, and so do names of this machine and of allowed origins.

    Args:
        app: the application.
        host: the name or address that the server listens on.
        origins: allowed origins, `https://host[:port]`.
    """

    def __init__(self, app: ASGIApp, host: str, origins: Iterable[str]) -> None:
        machine = socket.gethostname().lower()
        names = [host.lower(), machine, f"{machine}.local", *(urlsplit(origin).hostname or "" for origin in origins)]
        self._app, self._names = app, frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket") or self._is_ours(HTTPConnection(scope).headers.get("host", "")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            reason = "This server does not go by that name."
            hint = """Open it by its address, or name it: MOTIONFAN_ORIGINS='["http://name:port"]'."""
            await answer(InputError("host_foreign", reason, hint))(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        """Whether a `Host` header names this server. Browsers always send one, so a request without it is harmless."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if not host or name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
