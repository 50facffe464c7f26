from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.server.live.admission import Admission
from backend.server.live.inference import Inference
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sessions import (
    DETACHED_S,
    MIN_DETACHED_S,
    MIN_FURTHER_S,
    MIN_INVITED_S,
    TICKET_S,
    Session,
    SessionRegistry,
)
from backend.server.live.waiting_line import MAX_AWAY_S, MAX_WAITING, MAX_WAITING_BY_ADDRESS, ServerFull
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from backend.server.protocol import Failure
from tests.server.conftest import launch_thread, portrait, run
from tests.server.fake_pipeline import FakePipeline

IDLE_S = 500.0
CAPACITY = {"pictures": 2, "layers": 3, "keypoints": 8}


class FakeSocket:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.failure: Failure | None = None

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def finish(self, failure: Failure) -> None:
        self.failure = failure


class FakeTime:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def registry(time) -> Iterator[SessionRegistry]:
    default = SessionPortrait(portrait())
    worker = InferenceWorker(FakePipeline, default, Metrics(), launch=launch_thread)
    worker.start()
    yield SessionRegistry(worker, default, {}, 10, Metrics(), Admission(CAPACITY, 2), IDLE_S, now=time)
    worker.stop()


def _create(registry: SessionRegistry, address: str = "") -> Session:
    """Open a session, for a visitor who does not wait."""
    try:
        return run(registry.create(address))
    except ServerFull as full:
        registry.line.leave(full.waiting)
        raise


def _is_full(registry: SessionRegistry, address: str = "") -> bool:
    try:
        _create(registry, address)
    except InputError as error:
        assert error.code == "sessions_full"
        return True
    return False


def _code(call, *args) -> str:
    with pytest.raises(InputError) as caught:
        call(*args)
    return caught.value.code


def test_a_ticket_is_valid_once_and_for_half_a_minute(registry, time):
    session = _create(registry)
    used, late = registry.ticket(session.id), registry.ticket(session.id)
    assert registry.redeem(used) is session
    assert _code(registry.redeem, used) == "ticket_invalid"
    time.now += TICKET_S + 1
    assert _code(registry.redeem, late) == "ticket_expired"


def test_a_session_without_a_socket_ends_after_a_minute(registry, time):
    session = _create(registry)
    time.now += DETACHED_S - 1
    registry.expire()
    assert registry.get(session.id) is session
    time.now += 2
    registry.expire()
    assert _code(registry.get, session.id) == "session_unknown"


def test_a_connected_session_does_not_end(registry, time):
    session = _create(registry)
    session.attach(FakeSocket())
    time.now += 10 * DETACHED_S
    session.moved = time.now
    registry.expire()
    assert registry.get(session.id) is session


def test_the_ticket_of_an_ended_session_opens_nothing(registry):
    session = _create(registry)
    ticket = registry.ticket(session.id)
    registry.close(session.id)
    assert _code(registry.redeem, ticket) == "session_unknown"


def test_a_full_server_ends_the_session_that_disconnected_first_and_no_other(registry, time):
    gone, here = _create(registry), _create(registry)
    socket = FakeSocket()
    gone.attach(socket)
    here.attach(FakeSocket())
    assert _code(_create, registry) == "sessions_full"
    gone.detach(socket, left=True)
    gone.detached_since = time.now
    new = _create(registry)
    assert _code(registry.get, gone.id) == "session_unknown"
    assert registry.get(here.id) is here
    assert _code(_create, registry) == "sessions_full"  # the new one may still connect
    assert registry.get(new.id) is new


def test_a_visitor_who_has_just_lost_the_line_is_not_put_out(registry, time):
    socket = FakeSocket()
    lost, stays = _create(registry), _create(registry)
    for session in (lost, stays):
        session.attach(socket)
    lost.detach(socket)
    lost.detached_since = time.now
    time.now += MIN_DETACHED_S - 1
    assert _is_full(registry)
    time.now += 2
    assert not _is_full(registry)
    assert _code(registry.get, lost.id) == "session_unknown"


def test_unused_invitations_lock_no_one_out(registry, time):
    for _ in range(2):
        _create(registry, "127.0.0.1")
    time.now += MIN_FURTHER_S / 2
    assert _is_full(registry)
    time.now += MIN_FURTHER_S
    assert not _is_full(registry, "203.0.113.2")
    assert _is_full(registry)
    time.now += MIN_INVITED_S
    assert not _is_full(registry)


def test_one_address_of_the_internet_gets_half_of_the_places_and_puts_no_one_out(registry, time):
    registry.admission.limit = 4
    for _ in range(2):
        _create(registry, "1.2.3.4")
    time.now += MIN_INVITED_S + 1
    assert _is_full(registry, "1.2.3.4") and len(registry) == 2
    assert not _is_full(registry, "1.2.3.5")


@pytest.mark.parametrize("address", ["127.0.0.1", "172.18.0.1", "192.168.1.5", "::1", "fd00::1", ""])
def test_addresses_that_may_stand_for_many_visitors_may_take_all_places(registry, address):
    registry.admission.limit = 4
    for _ in range(4):
        _create(registry, address)


def test_sessions_whose_pages_draw_leave_room_for_more(registry):
    registry.admission.limit = 0
    for _ in range(2):
        _create(registry).attach(FakeSocket())
    assert _is_full(registry)
    for session in registry._sessions.values():
        session.choose_way("keypoints")
    assert registry.places == 3  # two eighths of the machine leave room for one whose pictures the server draws
    _create(registry).attach(FakeSocket())
    assert _is_full(registry)


def test_as_many_sessions_without_a_socket_end_as_make_room_for_one_and_no_more(registry, time):
    registry.admission.limit = 0
    sessions, socket = [], FakeSocket()
    for _ in range(5):
        session = _create(registry)
        session.attach(socket)
        session.choose_way("keypoints")
        sessions.append(session)
    assert _is_full(registry)  # all are connected
    for session in sessions[:3]:
        session.detach(socket, left=True)
        session.detached_since = time.now
        time.now += 1
    _create(registry)
    assert list(registry._sessions)[:4] == [session.id for session in sessions[1:]]


def test_no_session_is_ended_where_that_would_not_make_room(registry, time):
    registry.admission.limit = 0
    gone, here, socket = _create(registry), _create(registry), FakeSocket()
    for session in (gone, here):
        session.attach(socket)
    gone.choose_way("keypoints")
    gone.detach(socket, left=True)
    registry.admission.capacity = {"pictures": 1, "layers": 1, "keypoints": 8}
    assert _is_full(registry) and registry.get(gone.id) is gone


def _ask(registry: SessionRegistry, ticket: str = "", address: str = "") -> ServerFull | Session:
    try:
        return run(registry.create(address, ticket))
    except ServerFull as full:
        return full


def _fill(registry: SessionRegistry) -> list[Session]:
    sessions = [_create(registry) for _ in range(2)]
    for session in sessions:
        session.attach(FakeSocket())
    return sessions


def test_visitors_come_in_by_the_order_in_which_they_asked(registry):
    first, second = _fill(registry)
    one, two, three = (_ask(registry) for _ in range(3))
    assert [full.place for full in (one, two, three)] == [1, 2, 3]
    assert _ask(registry, two.waiting).place == 2  # who asks more often does not come in earlier
    registry.close(first.id)
    assert _ask(registry).place == 4  # a newcomer waits, although a place is free
    assert _ask(registry, two.waiting).place == 2
    assert isinstance(_ask(registry, one.waiting), Session)
    assert [_ask(registry, full.waiting).place for full in (two, three)] == [1, 2]
    registry.close(second.id)
    assert isinstance(_ask(registry, two.waiting), Session) and len(registry) == 2


def test_two_free_places_are_for_the_first_two(registry):
    sessions = _fill(registry)
    one, two, three = (_ask(registry) for _ in range(3))
    for session in sessions:
        registry.close(session.id)
    assert isinstance(_ask(registry, two.waiting), Session)
    assert _ask(registry, three.waiting).place == 2
    assert isinstance(_ask(registry, one.waiting), Session)


def test_a_visitor_who_does_not_ask_again_loses_the_place(registry, time):
    _fill(registry)
    one, two = _ask(registry), _ask(registry)
    time.now += MAX_AWAY_S - 1
    assert _ask(registry, two.waiting).place == 2
    time.now += 2
    assert _ask(registry, two.waiting).place == 1
    again = _ask(registry, one.waiting)
    assert (again.place, again.waiting == one.waiting) == (2, False)


def test_a_place_in_the_line_is_used_once(registry):
    first, second = _fill(registry)
    full = _ask(registry)
    registry.close(first.id)
    _ask(registry, full.waiting).attach(FakeSocket())
    assert _ask(registry, full.waiting).waiting != full.waiting


def test_one_address_of_the_internet_does_not_fill_the_line(registry):
    _fill(registry)
    for _ in range(MAX_WAITING_BY_ADDRESS):
        _ask(registry, address="1.2.3.4")
    with pytest.raises(InputError, match="too many wait"):
        _create(registry, "1.2.3.4")
    assert _ask(registry, address="1.2.3.5").place == MAX_WAITING_BY_ADDRESS + 1
    assert _ask(registry, address="192.168.1.1").place == MAX_WAITING_BY_ADDRESS + 2


def test_the_line_is_bounded(registry):
    _fill(registry)
    for _ in range(MAX_WAITING):
        registry.line.wait("", "", registry.now())
    with pytest.raises(InputError, match="too many wait"):
        _create(registry)


def test_a_visitor_whose_address_holds_its_share_does_not_stop_the_others(registry):
    registry.admission.limit = 2
    mine, other = _create(registry, "1.2.3.4"), _create(registry)
    for session in (mine, other):
        session.attach(FakeSocket())
    registry.close(mine.id)
    ahead = registry.line.wait("", "1.2.3.4", registry.now())
    behind = registry.line.wait("", "", registry.now())
    _ask(registry, ahead.waiting, "1.2.3.4").attach(FakeSocket())
    late = registry.line.wait(ahead.waiting, "1.2.3.4", registry.now())
    with pytest.raises(InputError, match="Your address"):
        _create(registry, "1.2.3.4")
    with pytest.raises(InputError, match="Your address"):
        run(registry.create("1.2.3.4", late.waiting))
    assert late.waiting not in registry.line
    assert _ask(registry, behind.waiting).place == 1


def test_a_session_in_which_nothing_moves_ends_and_says_why(registry, time):
    socket = FakeSocket()
    idle, moves = _create(registry), _create(registry)
    idle.attach(socket)
    moves.attach(FakeSocket())
    time.now += IDLE_S - 1
    moves.moved = time.now
    registry.expire()
    assert len(registry) == 2
    time.now += 2
    registry.expire()
    assert socket.failure.code == "idle" and socket.failure.fatal
    assert _code(registry.get, idle.id) == "session_unknown" and registry.get(moves.id) is moves


def test_a_session_may_have_a_time_limit(registry, time):
    registry.session_s = 100.0
    socket = FakeSocket()
    session = _create(registry)
    session.attach(socket)
    time.now += 101
    session.moved = time.now
    registry.expire()
    assert socket.failure.code == "time_up" and len(registry) == 0


def test_a_second_socket_replaces_the_first(registry):
    session, first, second = _create(registry), FakeSocket(), FakeSocket()
    session.attach(first)
    session.attach(second)
    assert first.failure is not None and first.failure.code == "replaced"
    session.detach(first)
    assert session.socket is second


def test_shutting_down_ends_every_session(registry):
    _create(registry).attach(FakeSocket())
    registry.close_all()
    assert len(registry) == 0


def _open_sessions(inference: Inference) -> list[str]:
    return list(inference._slots)


def test_the_inference_process_deletes_the_state_of_a_closed_session(registry):
    session = _create(registry)
    assert registry.worker.run(_open_sessions).result(10) == [session.id]
    registry.close(session.id)
    assert registry.worker.run(_open_sessions).result(10) == []


def _shown_pictures(inference: Inference) -> list[np.ndarray]:
    return [slot.stream.portrait.picture for slot in inference._slots.values()]


def test_a_new_portrait_is_shown(registry):
    session = _create(registry)
    uploaded = SessionPortrait(portrait((10, 200, 10)))
    run(registry.show(session, uploaded))
    assert session.picture is uploaded.picture
    (shown,) = registry.worker.run(_shown_pictures).result(10)
    np.testing.assert_array_equal(shown, uploaded.image.picture)
