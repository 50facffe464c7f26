"""Reads a request's body up to a limit. Starlette's `max_body_size` answers in plain text, without the page's error code."""

from __future__ import annotations

from fastapi import Request
from starlette.requests import ClientDisconnect

from backend.core.errors import InputError


async def read_body(request: Request, limit: int, too_large: InputError) -> bytes:
    """Read a body of at most `limit` bytes.

    Args:
        request: its body has not been read.
        limit: bytes.
        too_large: the error for a larger body.

    Raises:
        InputError: `too_large`; `upload_broken`.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > limit:
                raise too_large
    except ClientDisconnect:
        raise InputError("upload_broken", "The upload broke off.", "Try again.") from None
    return bytes(body)
