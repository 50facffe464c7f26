"""Where a request comes from."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def client_address(connection: HTTPConnection) -> str:
    """Return the address of the client, as far as the server knows it."""
    return connection.client.host if connection.client else ""
