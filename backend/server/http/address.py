"""Where a request comes from. A proxy that MOTIONFAN_TRUSTED_PROXIES names has already been replaced by its client."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from backend.server.limits import is_loopback

FORWARDING = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of proxies: a request that carries one comes from elsewhere."""


def client_address(connection: HTTPConnection) -> str:
    """Return the address of the client, or of the proxy that is not trusted to name it."""
    return connection.client.host if connection.client else ""


def is_local(connection: HTTPConnection) -> bool:
    """Whether the client runs on this machine."""
    forwarded = any(header in connection.headers for header in FORWARDING)
    return not forwarded and is_loopback(client_address(connection))
