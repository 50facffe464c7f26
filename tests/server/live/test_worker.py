from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from backend.core.errors import InputError, ModelError
from backend.server.live.governor import Governor
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from tests.server.fake_pipeline import FakePipeline


def _worker(load=FakePipeline) -> InferenceWorker:
    return InferenceWorker(load, Governor(), Metrics())


def test_jobs_run_on_the_inference_thread_and_give_their_result():
    worker = _worker()
    worker.start()
    try:
        assert worker.run(lambda pipeline: threading.current_thread().name).result(10) == "inference"
        assert worker.alive
    finally:
        worker.stop()
    assert not worker.alive


def test_a_job_that_fails_returns_its_exception_and_the_thread_continues():
    worker = _worker()
    worker.start()
    try:
        with pytest.raises(ZeroDivisionError):
            worker.run(lambda _: 1 // 0).result(10)
        assert worker.run(lambda _: 5).result(10) == 5
    finally:
        worker.stop()


def test_an_error_while_loading_the_pipeline_is_raised_by_start():
    def load():
        raise ModelError("model_missing", "There are no weights.")

    with pytest.raises(ModelError):
        _worker(load).start()


def test_stopping_cancels_waiting_jobs_and_refuses_later_ones():
    worker = _worker()
    worker.start()
    begun, go_on = threading.Event(), threading.Event()
    first = worker.run(lambda _: (begun.set(), go_on.wait(10)))
    assert begun.wait(10)
    second = worker.run(lambda _: None)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    with worker.condition:
        assert worker.condition.wait_for(lambda: worker._stopping, 10)
    go_on.set()
    stopping.join()
    assert first.result(10)
    with pytest.raises(CancelledError):
        second.result(10)
    with pytest.raises(InputError):
        worker.run(lambda _: None)
