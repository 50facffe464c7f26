from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.server.live.inference import Inference
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sessions import DETACHED_S, TICKET_S, SessionRegistry
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from backend.server.protocol import Failure
from tests.server.conftest import launch_thread, portrait
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
def registry(time) -> Iterator[SessionRegistry]:
    default = SessionPortrait(portrait())
    worker = InferenceWorker(FakePipeline, default, Metrics(), launch=launch_thread)
    worker.start()
    yield SessionRegistry(worker, default, {}, 10, Metrics(), 2, time)
    worker.stop()


def _create(registry: SessionRegistry):
    return asyncio.run(registry.create())


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
    gone.detach(socket)
    new = _create(registry)
    assert _code(registry.get, gone.id) == "session_unknown"
    assert registry.get(here.id) is here
    assert _code(_create, registry) == "sessions_full"  # the new one may still connect
    assert registry.get(new.id) is new


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
    asyncio.run(registry.show(session, uploaded))
    assert session.picture is uploaded.picture
    (shown,) = registry.worker.run(_shown_pictures).result(10)
    np.testing.assert_array_equal(shown, uploaded.image.picture)
