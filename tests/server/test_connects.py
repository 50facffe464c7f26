"""A thousand connections that come and go, over every limit: what they took comes back."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct

import psutil

from backend.server.http.lines import BoundedHttp, BoundedWebSocket
from backend.server.live.connection import Connection
from tests.server.conftest import TIMEOUT_S, Client, Live, eventually

CONNECTIONS = 1000
MAX_GROWTH = 1.05
"""Of the memory of this process, in which the server runs."""

HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)
RESET = struct.pack("ii", 1, 0)
"""Of `SO_LINGER`: the connection ends with a reset instead of a goodbye."""


def _requests(live: Live, session: str) -> list[str]:
    """Return one of each kind of beginning: whole, cut off, over a limit of size, of places, or of tickets."""
    ticket = live.http.post(f"/api/sessions/{session}/ticket").json()["ticket"]
    return [
        "",
        "GET / HT",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        f"PUT /api/sessions/{session}/portrait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + "a" * 1000,
        f"GET /ws?ticket={ticket} HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE}\r\n",
        f"GET /ws?ticket=none HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE}\r\n",
        f"GET /ws?ticket=none HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE}X-Long: {'a' * 9000}\r\n\r\n",
        f"POST /ws HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE}\r\n",
        f"GET /ws?ticket=none HTTP/1.1\r\nHost: localhost\r\nOrigin: http://elsewhere.test\r\n{HANDSHAKE}\r\n",
    ]


def _come_and_go(live: Live, session: str, count: int) -> None:
    host, port = live.url.removeprefix("http://").split(":")
    requests: list[str] = []
    for i in range(count):
        requests = requests or _requests(live, session)
        line = socket.create_connection((host, int(port)), timeout=TIMEOUT_S)
        line.sendall(requests.pop().encode())
        if i % 3 == 0:
            # Some wait for an answer, some leave at once, some without a word.
            line.shutdown(socket.SHUT_WR)
            line.recv(100)
        elif i % 3 == 1:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        line.close()


def _left_behind() -> int:
    """Return how many connections the server still holds in memory."""
    gc.collect()
    return sum(issubclass(type(each), BoundedHttp | BoundedWebSocket | Connection) for each in gc.get_objects())


def test_a_thousand_connections_leave_nothing_behind():
    """Lost: nothing of the honest session, which gets every sheet; of the others, what they had not finished."""
    live = Live(max_sessions=4)
    process = psutil.Process()
    try:
        with Client(live) as honest:
            visitor = live.session()["session"]
            _come_and_go(live, visitor, 100)
            loop = live.server.servers[0].get_loop()
            state = live.server.server_state
            assert eventually(lambda: len(state.connections) == 1)
            baseline = _left_behind(), len(asyncio.all_tasks(loop)), process.num_fds()
            memory = process.memory_info().rss
            for _ in range(10):
                _come_and_go(live, visitor, CONNECTIONS // 10)
                assert len(honest.play(2)) == 2
            assert eventually(lambda: len(state.connections) == 1)
            assert eventually(lambda: (_left_behind(), len(asyncio.all_tasks(loop)), process.num_fds()) <= baseline)
            assert process.memory_info().rss <= memory * MAX_GROWTH
            assert live.http.get("/healthz").json()["sessions"] <= 4
            assert honest.errors() == []
    finally:
        live.stop()
