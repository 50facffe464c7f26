"""Bounds what one connection may cost before, between and after requests. uvicorn itself waits for ever in these places."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

MAX_HEAD_S = 10.0
"""Seconds that a client may take to send the head of a request; as long may a connection stay open between two."""

MAX_HEAD = 64 * 1024
"""Bytes of a request's head."""

MAX_STALL_S = 10.0
"""Seconds for which a client may read nothing of what waits for it, before its connection ends."""

MAX_CONNECTIONS = 4096
RESERVED_FILES = 64
"""Connections in all, and file handles that are kept for other purposes: a server that has none left can do nothing."""


class OpenLines(ServerState):
    """The open connections. When there are as many as the limit, the one that has waited longest for a request makes room."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.waiting: dict[BoundedHttp, None] = {}  # those between two requests, longest first

    def make_room(self) -> bool:
        """Close a waiting connection if there are too many; return whether there is room for the newest one."""
        if len(self.connections) <= self.limit:
            return True
        longest = next(iter(self.waiting), None)
        if longest is None:
            return False
        longest.transport.abort()
        self.waiting.pop(longest)
        return True


class _StallLimit(asyncio.Protocol):
    """Ends a connection whose client reads nothing for too long; what waits for it would be kept as long."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(MAX_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class BoundedHttp(_StallLimit, HttpToolsProtocol):
    """uvicorn's HTTP connection, with bounds on the time and size of a request's head, and on handshakes."""

    server_state: OpenLines
    _late: asyncio.TimerHandle | None = None
    _head = 0  # bytes of the head so far
    _in_request = False
    _served: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request, or end where no connection makes room."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if self.server_state.make_room():
            self._await_request()
        else:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent."""
        super().data_received(data)
        if not self._in_request and self in self.server_state.waiting:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Serve a request."""
        self._stop_waiting()
        self._head, self._in_request = 0, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take the end of a body, which may come after the answer to it."""
        self._in_request = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self._await_request()

    def handle_websocket_upgrade(self) -> None:
        """Answer a handshake."""
        self._stop_waiting()
        if self.scope["method"] == "GET":
            super().handle_websocket_upgrade()
        else:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and the requests that wait behind the one that is served."""
        self._stop_waiting()
        if self._served is not None:
            self._served.disconnected = True
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    def _await_request(self) -> None:
        self._stop_waiting()
        self.server_state.waiting[self] = None
        self._late = self.loop.call_later(MAX_HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        self.server_state.waiting.pop(self, None)
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: HTTPStatus) -> None:
        self.transport.write(_refusal(status))
        self.transport.close()


class BoundedWebSocket(_StallLimit, WebSocketsSansIOProtocol):
    """uvicorn's WebSocket connection; it also answers handshakes that cannot be parsed, such as those of too many headers."""

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
            self.transport.close()


def _refusal(status: HTTPStatus) -> bytes:
    """Return a whole response without a body."""
    return f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()


def connection_limit() -> int:
    """Return how many connections may be open; raises this process's limit of open files as far as the system lets it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return MAX_CONNECTIONS
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, max(allowed // 2, allowed - RESERVED_FILES))
