"""Reads a request's body within limits of bytes and time. Starlette's `max_body_size` answers in plain text, without a code."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from backend.core.errors import InputError
from backend.server.http.address import client_address

MAX_STALL_S = 10.0
"""Seconds that a body may take beyond its share of `MIN_BYTES_PER_S`, so that no unfinished one is held for long."""

MIN_BYTES_PER_S = 40_000
"""Slower uploads end: a full portrait takes five minutes at this rate."""

MAX_HELD, MAX_HELD_BY_ADDRESS = 96_000_000, 36_000_000
"""Bytes of unfinished bodies, of all clients and of one address: eight and three of the largest portraits."""

MAX_DISCARDED, MAX_DISCARD_S = 64_000_000, 10.0
"""Bytes and seconds of a body beyond its limit that are read on: a client that still sends may not see the answer."""


class OpenBodies:
    """The bytes that unfinished bodies hold, in all and by address."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()

    @contextlib.contextmanager
    def reading(self, address: str) -> Iterator[Callable[[int], None]]:
        """Yield a function that adds bytes, and raises `uploads_busy` where they are too many; at the end all are released."""
        added = 0

        def add(size: int) -> None:
            nonlocal added
            if self._held.total() + size > MAX_HELD or self._held[address] + size > MAX_HELD_BY_ADDRESS:
                raise InputError("uploads_busy", "Too many uploads are under way.", "Try again in a moment.")
            added += size
            self._held[address] += size

        try:
            yield add
        finally:
            self._held[address] -= added
            if not self._held[address]:
                del self._held[address]


async def read_body(request: Request, limit: int, too_large: InputError) -> bytes:
    """Read a body of at most `limit` bytes.

    Args:
        request: its body has not been read; its application holds `OpenBodies` as `state.bodies`.
        limit: bytes.
        too_large: the error for a larger body.

    Raises:
        InputError: `too_large`; `upload_broken`, `upload_slow`, `uploads_busy`.
    """
    parts = request.stream()
    declared = request.headers.get("content-length", "0")
    try:
        if declared.isdigit() and int(declared) > limit:
            # A client that asks before it sends need not send.
            await _refuse(parts, too_large, waits="expect" in request.headers)
        bodies: OpenBodies = request.app.state.bodies
        with bodies.reading(client_address(request)) as hold:
            return await _collect(parts, limit, too_large, hold)
    except ClientDisconnect:
        raise InputError("upload_broken", "The upload broke off.", "Try again.") from None
    except TimeoutError:
        raise InputError("upload_slow", "The upload takes too long.", "Try again on a faster connection.") from None


async def _collect(parts: AsyncIterator[bytes], limit: int, too_large: InputError, hold: Callable[[int], None]) -> bytes:
    began, body = asyncio.get_running_loop().time(), bytearray()
    while True:
        async with asyncio.timeout_at(began + MAX_STALL_S + len(body) / MIN_BYTES_PER_S):
            part = await anext(parts, None)
        if part is None:
            return bytes(body)
        if len(body) + len(part) > limit:
            await _refuse(parts, too_large)
        hold(len(part))
        body += part


async def _refuse(parts: AsyncIterator[bytes], error: InputError, waits: bool = False) -> None:
    """Raise an error when the client has sent everything, or `MAX_DISCARDED`; at once if it waits for the answer."""
    discarded = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MAX_DISCARD_S):
            while not waits and discarded < MAX_DISCARDED and (part := await anext(parts, None)) is not None:
                discarded += len(part)
    raise error
