from __future__ import annotations

import os
import queue
import signal
import threading
import time
from concurrent.futures import CancelledError, Future
from functools import partial

import pytest

from backend.core.errors import InputError, ModelError, MotionFanError
from backend.keypoints.clock import Tick
from backend.server.live import worker as worker_module
from backend.server.live.exchange import Loaded
from backend.server.live.host import launch_process
from backend.server.live.inference import SNAPSHOT_S
from backend.server.live.mailbox import FrameStamp, Mailbox
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.worker import InferenceWorker, ServedSession
from backend.server.metrics import Metrics
from backend.server.protocol import SheetHead, decode_server
from tests.server.conftest import do_nothing, face, launch_thread, portrait
from tests.server.fake_pipeline import READY_AFTER, FakePipeline

TIMEOUT_S = 30


def _worker(load=FakePipeline, launch=launch_thread) -> InferenceWorker:
    return InferenceWorker(load, SessionPortrait(portrait()), Metrics(), launch=launch)


def _thread_name(_: object) -> str:
    return threading.current_thread().name


def _process_id(_: object) -> int:
    return os.getpid()


def _divide(_: object) -> float:
    return 1 / 0


def _refuse(_: object) -> None:
    raise InputError("moment_unknown", "There is no such moment.", "Choose another.")


def _end() -> FakePipeline:
    os._exit(3)


def _load_missing() -> FakePipeline:
    raise ModelError("model_missing", "There are no weights.", "Copy them.")


@pytest.fixture
def worker():
    one = _worker()
    assert one.start() == Loaded(10)
    yield one
    one.stop()


@pytest.fixture
def apart():
    """A worker with a process, as in production."""
    one = _worker(launch=launch_process)
    one.start()
    yield one
    one.stop()


def test_calls_run_beside_the_pipeline_and_give_their_result(worker):
    assert worker.run(_thread_name).result(TIMEOUT_S) == "inference"
    assert worker.alive
    worker.stop()
    assert not worker.alive


def test_a_call_that_fails_gives_a_coded_error_and_the_next_one_runs(worker):
    with pytest.raises(MotionFanError) as caught:
        worker.run(_divide).result(TIMEOUT_S)
    assert caught.value.code == "inference_failed"
    with pytest.raises(InputError) as refused:
        worker.run(_refuse).result(TIMEOUT_S)
    assert (refused.value.code, refused.value.hint) == ("moment_unknown", "Choose another.")
    assert worker.run(do_nothing).result(TIMEOUT_S) is None


@pytest.mark.parametrize("launch", [launch_thread, launch_process])
def test_an_error_while_loading_the_pipeline_is_raised_by_start(launch):
    with pytest.raises(ModelError) as caught:
        _worker(_load_missing, launch).start()
    assert (caught.value.code, caught.value.hint) == ("model_missing", "Copy them.")


def test_a_process_that_ends_while_it_loads_is_an_error():
    with pytest.raises(MotionFanError) as caught:
        _worker(_end, launch_process).start()
    assert caught.value.code == "inference_lost"


def test_stopping_cancels_waiting_calls_and_refuses_later_ones():
    pipeline = FakePipeline()
    worker = _worker(lambda: pipeline)
    worker.start()
    begun, go_on = threading.Event(), threading.Event()
    pipeline.portrait = lambda image: (begun.set(), go_on.wait(TIMEOUT_S), FakePipeline.portrait(pipeline, image))[2]
    first = worker.open("one", _served(SessionPortrait(portrait())))
    assert begun.wait(TIMEOUT_S)
    second = worker.run(do_nothing)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    with worker.condition:
        assert worker.condition.wait_for(lambda: worker._stopping, TIMEOUT_S)
    go_on.set()
    stopping.join()
    assert first.result(TIMEOUT_S) is None
    with pytest.raises(CancelledError):
        second.result(TIMEOUT_S)
    with pytest.raises(InputError):
        worker.run(do_nothing)


def _served(shown: SessionPortrait, sheets: list | None = None, restarted: threading.Event | None = None) -> ServedSession:
    mailbox = Mailbox(threading.Condition())
    deliver = (lambda data, epoch: sheets.append(data)) if sheets is not None else (lambda data, epoch: None)
    return ServedSession(shown, mailbox, deliver, (restarted or threading.Event()).set)


def _sheet(worker: InferenceWorker, mailbox: Mailbox, arrived: Future, index: int) -> SheetHead:
    mailbox.put([Tick(face(), index * 0.08, index, index == 0)], FrameStamp(index * 80.0, index, 0.0))
    return decode_server(arrived.result(TIMEOUT_S)).head


def test_a_killed_process_starts_again_with_all_sessions(apart):
    news, restarted = [Future(), Future()], threading.Event()
    waiting = iter(news)
    mailbox = Mailbox(apart.condition)
    served = ServedSession(
        SessionPortrait(portrait()), mailbox, lambda data, epoch: next(waiting).set_result(data), restarted.set
    )
    apart.open("one", served).result(TIMEOUT_S)
    assert _sheet(apart, mailbox, news[0], 0).tick == 0
    mailbox.acknowledge(1)
    before = apart.run(_process_id).result(TIMEOUT_S)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(MotionFanError) as caught:
        apart.run(_process_id).result(TIMEOUT_S)
    assert caught.value.code == "inference_lost"
    assert restarted.wait(TIMEOUT_S)
    assert apart.run(do_nothing).result(TIMEOUT_S) is None and apart.ready
    assert apart.run(_process_id).result(TIMEOUT_S) != before
    assert _sheet(apart, mailbox, news[1], 1).tick == 1
    assert apart.alive


def test_a_session_goes_on_with_its_round_after_the_process_was_killed(apart):
    """Lost: at most the motion since the last snapshot."""
    arrived, restarted, mailbox = queue.Queue(), threading.Event(), Mailbox(apart.condition)
    served = ServedSession(SessionPortrait(portrait()), mailbox, lambda data, epoch: arrived.put(data), restarted.set)
    apart.open("one", served).result(TIMEOUT_S)

    def show(index: int) -> SheetHead:
        mailbox.put([Tick(face(), index * 0.08, index, index == 0)], FrameStamp(index * 80.0, index, 0.0))
        head = decode_server(arrived.get(timeout=TIMEOUT_S)).head
        mailbox.reset_credits()
        return head

    assert [show(index).generation for index in range(READY_AFTER + 1)][-1] == 1
    time.sleep(SNAPSHOT_S)
    before = show(READY_AFTER + 1)
    os.kill(apart.run(_process_id).result(TIMEOUT_S), signal.SIGKILL)
    with pytest.raises(MotionFanError):
        apart.run(do_nothing).result(TIMEOUT_S)
    assert restarted.wait(TIMEOUT_S)
    after = show(READY_AFTER + 2)
    assert (after.generation, after.step) == (1, before.step + 1)
    # A new portrait begins a new round, also if the process ends before the next snapshot.
    apart.set_portrait("one", SessionPortrait(portrait((1, 2, 3)))).result(TIMEOUT_S)
    assert served.snapshot is None


@pytest.mark.parametrize(
    "ask", [lambda worker: worker.run(_process_id), lambda worker: worker.open("one", _served(SessionPortrait(portrait())))]
)
def test_a_process_that_cannot_start_again_is_given_up(tmp_path, monkeypatch, ask):
    monkeypatch.setattr(worker_module, "MAX_RESTARTS", 1)
    worker = _worker(partial(_load_once, tmp_path / "loaded"), launch_process)
    worker.start()
    os.kill(worker.run(_process_id).result(TIMEOUT_S), signal.SIGKILL)
    with pytest.raises(MotionFanError):
        ask(worker).result(TIMEOUT_S)
    worker._thread.join(TIMEOUT_S)
    assert not worker.alive and not worker.ready
    with pytest.raises(InputError):
        worker.run(do_nothing)


def _load_once(mark) -> FakePipeline:
    if mark.exists():
        os._exit(3)
    mark.touch()
    return FakePipeline()
