"""Connections that send half a request, read nothing, or say nothing, end within bounds."""

from __future__ import annotations

import socket
import time

import pytest

from backend.server import run
from backend.server.http import lines
from tests.server.conftest import TIMEOUT_S, Client, Live, eventually


@pytest.fixture(scope="module")
def shared():
    server = Live()
    yield server
    server.stop()


def _dial(live: Live, sent: bytes, receive_buffer: int = 0) -> socket.socket:
    host, port = live.url.removeprefix("http://").split(":")
    line = socket.socket()
    if receive_buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    line.settimeout(TIMEOUT_S)
    line.connect((host, int(port)))
    line.sendall(sent)
    return line


def _read_all(line: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    received = b""
    with line:
        while part := line.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A"])
def test_a_connection_that_never_finishes_a_head_is_closed(shared, monkeypatch, sent):
    monkeypatch.setattr(lines, "MAX_HEAD_S", 0.5)
    assert _read_all(_dial(shared, sent)) == b""


def test_a_client_that_sends_its_head_in_parts_is_served(shared):
    line = _dial(shared, b"GET /healthz HTTP/1.1\r\nHost: loc")
    time.sleep(0.2)
    line.sendall(b"alhost\r\nConnection: close\r\n\r\n")
    assert _read_all(line).startswith(b"HTTP/1.1 200 ")


def test_a_connection_serves_several_requests(shared):
    line = _dial(shared, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2)
    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert _read_all(line).count(b"HTTP/1.1 200 ") == 3


@pytest.mark.parametrize("head", [b"X-Long: " + b"a" * 70_000, b"\r\n".join(b"X-%d: a" % i for i in range(9000))])
def test_a_head_that_never_ends_is_refused(shared, head):
    assert _read_all(_dial(shared, b"GET / HTTP/1.1\r\n" + head)).startswith(b"HTTP/1.1 431 ")


def test_a_large_body_behind_an_early_answer_does_not_count_as_a_head(shared):
    sent = b"PUT /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n" + bytes(
        300_000
    )
    assert _read_all(_dial(shared, sent)).startswith(b"HTTP/1.1 404 ")


HANDSHAKE = (
    "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.mark.parametrize(
    ("method", "extra", "status"),
    [
        ("POST", "", 405),
        ("GET", "X-Long: " + "a" * 9000 + "\r\n", 431),
        ("GET", "".join(f"X-{i}: a\r\n" for i in range(140)), 431),
        ("GET", "", 101),
    ],
)
def test_every_handshake_is_answered(shared, method, extra, status):
    ticket = shared.session()["ticket"]
    with _dial(shared, f"{method} /ws?ticket={ticket} HTTP/1.1\r\n{HANDSHAKE}{extra}\r\n".encode()) as line:
        assert int(line.recv(4096).split()[1]) == status


def test_a_client_that_reads_nothing_is_disconnected(shared, monkeypatch):
    monkeypatch.setattr(lines, "MAX_STALL_S", 0.5)
    before = len(shared.server.server_state.connections)
    name = shared.http.get("/api/recordings").json()[0]["name"]
    with _dial(shared, f"GET /api/recordings/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 20, 4096):
        assert eventually(lambda: len(shared.server.server_state.connections) <= before)


def test_a_full_server_closes_who_waited_longest_and_serves_the_next(shared, monkeypatch):
    state = shared.server.server_state
    assert eventually(lambda: not state.connections)
    monkeypatch.setattr(state, "limit", len(state.connections) + 3)
    idle = []
    for count in range(1, 4):
        idle.append(_dial(shared, b""))
        assert eventually(lambda count=count: len(state.waiting) == count)
    assert shared.http.get("/healthz").status_code == 200
    assert _read_all_or_reset(idle[0]) == b""
    idle[1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert _read_all(idle[1]).startswith(b"HTTP/1.1 200 ")
    idle[2].close()


def _read_all_or_reset(line: socket.socket) -> bytes:
    try:
        return _read_all(line)
    except ConnectionResetError:
        return b""


def test_a_client_that_has_gone_without_a_word_loses_its_connection(monkeypatch):
    monkeypatch.setattr(run, "PING_S", 0.3)
    monkeypatch.setattr(run, "MAX_PONG_S", 0.5)
    live = Live()
    try:
        with Client(live) as present:
            ticket = live.session()["ticket"]
            # It shakes hands and then never answers a ping.
            gone = _dial(live, f"GET /ws?ticket={ticket} HTTP/1.1\r\n{HANDSHAKE}\r\n".encode())
            assert eventually(lambda: "motionfan_connections 2.0" in live.http.get("/metrics").text)
            assert eventually(lambda: "motionfan_connections 1.0" in live.http.get("/metrics").text)
            gone.close()
            present.play(2)
    finally:
        live.stop()


def test_the_limit_of_connections_leaves_file_handles_for_the_rest():
    import resource

    limit = lines.connection_limit()
    assert 0 < limit <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - lines.RESERVED_FILES
