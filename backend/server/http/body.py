"""Reads a request's body within limits of bytes and time. Starlette's `max_body_size` answers in plain text, without a code."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    bodies: OpenBodies = request.app.state.bodies
    try:
        with bodies.reading(client_address(request)) as hold:
            return await _collect(request.stream(), limit, too_large, hold)
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
            raise too_large
        hold(len(part))
        body += part


class WholeRequests:
    """Reads a request's body to its end before it is answered: a client that still sends may miss the answer.

    That ends at `MAX_DISCARDED` and `MAX_DISCARD_S`. A client that asks before it sends is answered at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or "expect" in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        whole = False

        async def watch() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            # What was too slow is not waited for again.
            discarded = MAX_DISCARDED if message.get("status") == HTTPStatus.REQUEST_TIMEOUT else 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MAX_DISCARD_S):
                    while not whole and discarded < MAX_DISCARDED:
                        discarded += len((await watch()).get("body", b""))
            await send(message)

        has_body = any(name in Headers(scope=scope) for name in ("content-length", "transfer-encoding"))
        await self._app(scope, watch if has_body else receive, answer if has_body else send)
