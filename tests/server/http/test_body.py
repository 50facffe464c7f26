"""Bodies are bounded in bytes and time, also unfinished ones."""

from __future__ import annotations

import socket
import time

import pytest

from backend.media.images import MAX_BYTES
from backend.server.http import body
from tests.server.conftest import TIMEOUT_S, Live, eventually


@pytest.fixture(scope="module")
def shared():
    server = Live()
    yield server
    server.stop()


def _upload(live: Live, declared: int, sent: bytes, extra: str = "") -> socket.socket:
    """Begin an upload and send a part of it."""
    host, port = live.url.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=TIMEOUT_S)
    path = f"/api/sessions/{live.session()['session']}/portrait"
    line.sendall(f"PUT {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {declared}\r\n{extra}\r\n".encode() + sent)
    return line


def _status(line: socket.socket) -> int:
    with line:
        return int(line.recv(65536).split()[1])


def _held(live: Live) -> int:
    return live.app.state.bodies._held.total()


def test_an_upload_that_stalls_is_ended_and_its_bytes_are_released(shared, monkeypatch):
    monkeypatch.setattr(body, "MAX_STALL_S", 1.0)
    line = _upload(shared, 1_000_000, bytes(100_000))
    assert eventually(lambda: _held(shared) == 100_000)
    assert _status(line) == 408
    assert eventually(lambda: _held(shared) == 0)


def test_a_client_that_leaves_in_the_middle_holds_nothing(shared):
    line = _upload(shared, 1_000_000, bytes(100_000))
    assert eventually(lambda: _held(shared) == 100_000)
    line.close()
    assert eventually(lambda: _held(shared) == 0)


def test_unfinished_uploads_of_one_address_are_bounded_together(shared, monkeypatch):
    monkeypatch.setattr(body, "MAX_HELD_BY_ADDRESS", 250_000)
    lines = [_upload(shared, 1_000_000, bytes(100_000)) for _ in range(2)]
    assert eventually(lambda: _held(shared) == 200_000)
    assert _status(_upload(shared, 1_000_000, bytes(100_000))) == 503
    for line in lines:
        line.close()
    assert eventually(lambda: _held(shared) == 0)


def test_a_client_that_asks_before_it_sends_too_much_is_answered_at_once(shared):
    assert _status(_upload(shared, MAX_BYTES + 1, b"", "Expect: 100-continue\r\n")) == 413


def test_a_client_that_sends_too_much_sees_the_answer_when_it_has_sent_everything(shared):
    line = _upload(shared, MAX_BYTES + 1, b"")
    for _ in range(MAX_BYTES // 1_000_000):
        line.sendall(bytes(1_000_000))
        time.sleep(0.01)
    line.sendall(b"0")
    assert _status(line) == 413


def test_a_client_that_never_stops_sending_is_answered_in_the_middle(shared, monkeypatch):
    monkeypatch.setattr(body, "MAX_DISCARDED", 1_000_000)
    line = _upload(shared, 10**9, bytes(2_000_000))
    assert _status(line) == 413
