"""Bad input over a real server: each gets a coded error, the session continues, and other sessions are not affected."""

from __future__ import annotations

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend.server import protocol
from backend.server.live import connection, sessions
from backend.server.live.connection import CLOSE_POLICY, MAX_MALFORMED, MAX_REFUSED
from backend.server.protocol import Message
from backend.server.run import MAX_FRAME
from tests.golden.protocol.make import refused
from tests.server.conftest import Client, Live, dial, face, run
from tests.server.fake_pipeline import READY_AFTER


@pytest.fixture
def bystander(live):
    """Another session, which must not be affected."""
    with Client(live) as other:
        other.play(3)
        yield other
        assert len(other.play(3)) == 3
        assert other.errors() == []


def _refused_face(client: Client, landmarks: np.ndarray) -> str:
    client.show(landmarks)
    (code,) = client.errors()
    return code


@pytest.mark.parametrize("name", refused())
def test_a_malformed_message_gets_its_code_and_the_session_continues(client, bystander, name):
    code, data = refused()[name]
    client.socket.send(data)
    assert client.errors() == [code]
    assert len(client.play(2)) == 2


def test_a_text_frame_gets_a_coded_error(client, bystander):
    client.socket.send("hello")
    assert client.errors() == ["text_frame"]
    assert len(client.play(2)) == 2


def test_an_oversized_message_closes_the_connection_but_not_the_session(live, client, bystander):
    client.play(2)
    with pytest.raises(ConnectionClosed):
        client.socket.send(bytes(MAX_FRAME + 1))
        while True:
            client.receive()
    assert client.socket.close_code == 1009
    with Client(live, live.http.post(f"/api/sessions/{client.id}/ticket").json()) as back:
        back.frames = client.frames
        assert len(back.play(2)) == 2


def test_out_of_order_messages_get_a_coded_error(client, bystander):
    client.play(2)
    client.send(protocol.Ping(1.0), seq=1)
    client.seq = 100
    assert client.errors() == ["out_of_order"]
    assert len(client.play(1)) == 1


def test_late_and_repeated_frames_are_dropped_and_counted(client, bystander):
    client.play(3)
    client.show(t=240.0)
    client.show(t=200.0)
    assert client.errors() == []
    client.frames = 3
    (head,) = client.play(1)
    assert head.counts.dropped == 2


def test_landmarks_out_of_range_get_a_coded_error(client, bystander):
    landmarks = face()
    landmarks[7, 0] = 5.0
    assert _refused_face(client, landmarks) == "landmarks_out_of_range"
    assert len(client.play(1)) == 1


def test_landmarks_that_span_no_face_get_a_coded_error(client, bystander):
    assert _refused_face(client, np.zeros_like(face())) == "landmarks_degenerate"


def test_landmarks_sent_as_floats_get_a_coded_error(client, bystander):
    client.send(protocol.Landmarks(1.0), np.full((478, 3), np.nan, np.float32).tobytes())
    assert client.errors() == ["payload_size"]


def test_an_impossible_capture_time_gets_a_coded_error(client, bystander):
    client.show(t=1e300)
    assert client.errors() == ["time_out_of_range"]
    assert len(client.play(1)) == 1


def test_a_clock_that_jumps_costs_the_motion_before_the_jump_only(client, bystander):
    """Lost: the round in play; the first frame after a jump is the first of a new motion."""
    day = 86_400_000.0
    t = 1000.0
    for jump in (0.0, day, -2 * day, day, 0.5, -60_000.0):
        t += jump
        seen = []
        for _ in range(READY_AFTER + 4):
            t += 80.0
            client.show(t=t)
            seen.append(client.sheet()[0])
        assert "warming" not in seen[-1].flags and seen[-1].t == t, jump
    assert client.errors() == []


def test_controls_out_of_range_get_a_coded_error_that_names_the_control(client, bystander):
    head = b'{"horizon": 9999}'
    client.seq += 1
    client.socket.send(protocol.PRELUDE.pack(1, 2, client.epoch, client.seq, len(head)) + head)
    failure = client.expect(protocol.Failure)
    assert failure.code == "head_invalid"
    assert "horizon" in failure.message
    assert not failure.fatal


def test_an_unknown_recording_gets_a_coded_error(client, bystander):
    client.send(protocol.Source("unknown"))
    assert client.errors() == ["recording_unknown"]


def test_an_acknowledgement_of_a_sheet_never_sent_gets_a_coded_error(client, bystander):
    client.send(protocol.Ack(1000))
    assert client.errors() == ["ack_unknown"]


def test_a_flood_of_bad_messages_gets_few_errors(client, bystander):
    for _ in range(MAX_MALFORMED - 1):
        client.socket.send(b"x")
    codes = client.errors()
    assert 1 <= len(codes) < 100
    assert set(codes) == {"message_too_short"}


def test_too_many_bad_messages_in_a_row_close_the_connection(live, client, bystander):
    for _ in range(MAX_MALFORMED - 1):
        client.socket.send(b"x")
    assert len(client.play(1)) == 1
    with pytest.raises(ConnectionClosed) as caught:
        for _ in range(MAX_MALFORMED):
            client.socket.send(b"x")
        while True:
            client.receive()
    assert caught.value.rcvd.code == CLOSE_POLICY
    assert live.http.post(f"/api/sessions/{client.id}/ticket").status_code == 200


def test_a_face_that_is_often_out_of_the_picture_closes_nothing(client, bystander):
    outside = face() + np.float32([3, 0, 0])
    for _ in range(MAX_MALFORMED + 20):
        client.show(outside)
    assert set(client.errors()) == {"landmarks_out_of_range"}
    assert len(client.play(1)) == 1


def test_acknowledgements_have_a_rate_limit_of_their_own(live, monkeypatch):
    monkeypatch.setattr(connection, "MESSAGES_PER_S", 1e-9)
    monkeypatch.setattr(connection, "MESSAGE_BURST", 4.0)
    with Client(live) as client:
        assert len(client.play(4)) == 4


def test_a_large_flood_closes_the_connection_but_not_the_session(live, client, bystander):
    with pytest.raises(ConnectionClosed):
        for _ in range(MAX_REFUSED * 3):
            client.socket.send(b"x")
        while True:
            client.receive()
    assert live.http.post(f"/api/sessions/{client.id}/ticket").status_code == 200


def _refusal(live: Live, path: str) -> protocol.Failure:
    with dial(live, path) as socket:
        failure = protocol.decode_server(socket.recv(20)).head
        with pytest.raises(ConnectionClosed):
            socket.recv(20)
    return failure


@pytest.mark.parametrize("path", ["/ws", "/ws?ticket=", "/ws?ticket=nonsense"])
def test_a_socket_without_a_valid_ticket_is_refused(live, bystander, path):
    failure = _refusal(live, path)
    assert (failure.code, failure.fatal) == ("ticket_invalid", True)


def test_a_ticket_opens_one_socket_only(live, client, bystander):
    assert _refusal(live, client.invitation["ws"]).code == "ticket_invalid"
    assert len(client.play(1)) == 1


def test_an_expired_ticket_is_refused(live, bystander, monkeypatch):
    monkeypatch.setattr(sessions, "TICKET_S", -1.0)
    assert _refusal(live, live.session()["ws"]).code == "ticket_expired"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_a_foreign_origin_is_refused_before_the_handshake(live, bystander, origin):
    invitation = live.session()
    with pytest.raises(InvalidStatus) as caught, dial(live, invitation["ws"], origin):
        pass
    assert caught.value.response.status_code == 403
    assert b"origin_foreign" in caught.value.response.body
    assert live.http.post("/api/sessions", headers={"origin": origin}).json()["code"] == "origin_foreign"
    with Client(live, invitation):  # the ticket was not used up
        pass


def test_the_pages_own_origin_is_accepted(live, bystander):
    with dial(live, live.session()["ws"], live.url) as socket:
        assert isinstance(protocol.decode_server(socket.recv(20)).head, protocol.Ready)


def test_unknown_sessions_are_refused(live, bystander):
    for method, path in [("POST", "ticket"), ("GET", "portrait"), ("PUT", "portrait"), ("DELETE", "portrait")]:
        answer = live.http.request(method, f"/api/sessions/unknown/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "session_unknown")


def test_sessions_beyond_the_limit_are_refused():
    live = Live(max_sessions=2)
    try:
        with Client(live) as one, Client(live):
            answer = live.http.post("/api/sessions")
            assert (answer.status_code, answer.json()["code"]) == (503, "sessions_full")
            assert len(one.play(2)) == 2
        # Both have disconnected: new sessions replace theirs, although a client could still reconnect to them.
        headers = {"waiting-ticket": answer.json()["waiting"]}
        with Client(live, live.http.post("/api/sessions", headers=headers).json()), Client(live):
            pass
    finally:
        live.stop()


def test_a_failure_in_one_session_does_not_affect_others(live, bystander):
    with Client(live) as client:
        client.play(2)
        stream = live.pipeline.streams[-1]
        live.pipeline.failing = stream
        client.show()
        failure = client.expect(protocol.Failure)
        assert (failure.code, failure.fatal) == ("inference_failed", False)
        assert len(bystander.play(2)) == 2
        assert [head.flags for head in client.play(1)] == [["warming"]]


def test_a_failure_in_a_shared_batch_affects_only_its_session(live, bystander):
    with Client(live) as client:
        client.play(8)
        bystander.play(8)
        live.pipeline.failing = live.pipeline.streams[-1]
        live.pipeline.gate.clear()
        with Client(live) as third:
            third.play(7)
            third.show()
            assert live.pipeline.held.wait(20)
            client.show()
            bystander.show()
            client.until_pong()
            bystander.until_pong()
            live.pipeline.gate.set()
            assert client.expect(protocol.Failure).code == "inference_failed"
            bystander.sheet()
            third.sheet()


def test_many_connections_may_abort_at_any_point(live, bystander):
    async def abort() -> None:
        url = live.url.replace("http", "ws") + live.session()["ws"]
        async with connect(url, proxy=None) as socket:
            await socket.send(protocol.encode(Message(1, 1, protocol.Landmarks(0.0), protocol.quantise(face()))))
            socket.transport.abort()

    async def abort_all() -> None:
        for _ in range(5):
            await abort()

    run(abort_all())
