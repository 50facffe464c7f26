"""Which pages may talk to the server: CORS does not cover WebSockets, so the Origin is checked by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from backend.core.errors import InputError


def check_origin(headers: Mapping[str, str], allowed: Collection[str]) -> None:
    """Let a request pass that comes from this server's own page, from an allowed one, or from no browser at all.

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
