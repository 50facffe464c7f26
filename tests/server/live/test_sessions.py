from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from backend.core.errors import InputError
from backend.server.live.governor import Governor
from backend.server.live.sessions import LINGER_S, TICKET_S, DefaultPortrait, Registry
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from backend.server.protocol import Failure
from tests.server.conftest import portrait
from tests.server.fake_pipeline import FakePipeline


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
def registry(time) -> Iterator[Registry]:
    worker = InferenceWorker(FakePipeline, Governor(), Metrics())
    worker.start()
    encoded = worker.run(lambda pipeline: pipeline.portrait(portrait())).result()
    yield Registry(worker, DefaultPortrait(encoded, portrait().picture), {}, 10, Metrics(), 2, time)
    worker.stop()


def _create(registry: Registry):
    return asyncio.run(registry.create())


def _code(call, *args) -> str:
    with pytest.raises(InputError) as caught:
        call(*args)
    return caught.value.code


def test_a_ticket_is_good_once_and_for_half_a_minute(registry, time):
    session = _create(registry)
    used, late = registry.ticket(session.id), registry.ticket(session.id)
    assert registry.redeem(used) is session
    assert _code(registry.redeem, used) == "ticket_invalid"
    time.now += TICKET_S + 1
    assert _code(registry.redeem, late) == "ticket_expired"


def test_a_session_without_a_socket_ends_after_a_minute(registry, time):
    session = _create(registry)
    time.now += LINGER_S - 1
    registry.expire()
    assert registry.get(session.id) is session
    time.now += 2
    registry.expire()
    assert _code(registry.get, session.id) == "session_unknown"


def test_a_connected_session_does_not_end(registry, time):
    session = _create(registry)
    session.attach(FakeSocket())
    time.now += 10 * LINGER_S
    registry.expire()
    assert registry.get(session.id) is session


def test_the_ticket_of_an_ended_session_opens_nothing(registry):
    session = _create(registry)
    ticket = registry.ticket(session.id)
    registry.close(session.id)
    assert _code(registry.redeem, ticket) == "session_unknown"


def test_a_full_server_lets_go_of_those_who_left_first_and_of_no_other(registry, time):
    gone, here = _create(registry), _create(registry)
    socket = FakeSocket()
    gone.attach(socket)
    here.attach(FakeSocket())
    assert _code(_create, registry) == "sessions_full"
    gone.detach(socket)
    new = _create(registry)
    assert _code(registry.get, gone.id) == "session_unknown"
    assert registry.get(here.id) is here
    assert _code(_create, registry) == "sessions_full"  # the new one may still connect
    assert registry.get(new.id) is new


def test_a_second_socket_takes_the_first_ones_place(registry):
    session, first, second = _create(registry), FakeSocket(), FakeSocket()
    session.attach(first)
    session.attach(second)
    assert first.failure is not None and first.failure.code == "replaced"
    session.detach(first)
    assert session.socket is second


def test_closing_down_ends_every_session(registry):
    _create(registry).attach(FakeSocket())
    registry.close_all()
    assert len(registry) == 0


def test_a_closed_sessions_state_is_gone_from_the_inference_thread(registry):
    session = _create(registry)
    seats = registry.worker._seats
    assert session.id in seats
    registry.close(session.id)
    assert session.id not in seats
