"""Video on demand: a real server, a real video process, a tiny untrained model."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import simplejpeg
from PIL import Image

from backend.keypoints.captions import MOTIONS
from backend.server.video.api import MAX_REQUEST_BURST
from backend.server.video.queue import MAX_WAITING
from backend.server.video.request import MAX_BYTES
from tests.server.conftest import Live, eventually

SIZE, CONTEXT = 64, 8


@pytest.fixture(scope="module")
def models(tmp_path_factory, tiny_video_flow) -> Path:
    folder = tmp_path_factory.mktemp("video")
    (folder / "starflow").symlink_to(tiny_video_flow)
    return folder


@pytest.fixture(scope="module")
def shared(models) -> Iterator[Live]:
    # So that requests may come from several addresses.
    server = Live(models=models, trusted_proxies=["127.0.0.1"])
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_rate_limit(monkeypatch, request):
    """Tests ask faster than people."""
    if "too_often" not in request.node.name:
        monkeypatch.setattr("backend.server.limits.PerAddress.allow", lambda *_: True)


def strip(frames: int = 8, side: int = 64, kind: str = "JPEG") -> str:
    pixels = np.random.default_rng(0).integers(0, 255, (side, side * frames, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def futures(**changes) -> dict:
    return {"task": "futures", "frames": strip(), "count": 2, "steps": 5, "seed": 1} | changes


def lines_of(live: Live, body: dict) -> list[dict]:
    answer = live.http.post("/api/video", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson" and answer.headers["cache-control"] == "no-store"
    return [json.loads(line) for line in answer.text.splitlines()]


def last_line(live: Live, body: dict | None = None) -> dict:
    """The last line of a job that succeeds."""
    last = lines_of(live, body or futures())[-1]
    assert last["kind"] == "done", last
    return last


def picture(line: dict) -> np.ndarray:
    return simplejpeg.decode_jpeg(base64.b64decode(line["sheet"]))


@contextmanager
def open_job(live: Live, address: str = "203.0.113.1", body: dict | None = None) -> Iterator[Iterator[dict]]:
    """A job of a client at this address, whose lines are read one by one; when left early, the client disconnects."""
    headers = {"x-forwarded-for": address}
    with (
        httpx.Client(base_url=live.url, timeout=60, trust_env=False, headers=headers) as client,
        client.stream("POST", "/api/video", json=body or futures()) as answer,
    ):
        yield (json.loads(line) for line in answer.iter_lines())


@contextmanager
def frozen(live: Live) -> Iterator[None]:
    """The video process is paused."""
    if live.video_queue.runner.pid is None:
        lines_of(live, futures())
    pid = live.video_queue.runner.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGCONT)


def test_the_page_learns_what_it_may_ask_for_before_anything_is_loaded(shared):
    offer = shared.http.get("/api/video").json()
    assert offer["available"] and offer["why"] == ""
    assert (offer["captions"], offer["size"], offer["context"], offer["rate"]) == (list(MOTIONS), SIZE, CONTEXT, 12.5)
    assert offer["most"] == {"count": 8, "steps": 48}
    assert offer["defaults"] == {"count": 4, "steps": 16, "guidance": 1.0, "temperature": 0.9}


def test_futures_of_frames_are_streamed_from_the_first_line_to_the_sheet(shared):
    lines = lines_of(shared, futures())
    assert [line["kind"] for line in lines] == ["begun", *["progress"] * (len(lines) - 2), "done"]
    assert set(lines[0]) == {"kind", "seconds", "waiting"} and lines[0]["waiting"] == 0
    done = lines[-1]
    assert (done["columns"], done["rows"], done["tile"], done["rate"]) == (5, 2, SIZE, 12.5)
    assert done["seconds"] > 0
    assert "motionfan_drawing_seconds_count" in shared.http.get("/metrics").text
    assert picture(done).shape == (2 * SIZE, 5 * SIZE, 3)


def test_how_long_it_takes_is_known_after_the_first_job(shared):
    lines_of(shared, futures())
    begun = lines_of(shared, futures())[0]
    assert begun["seconds"] is not None and begun["seconds"] < 60


def test_progress_goes_up_while_time_goes_by(shared):
    with frozen(shared), open_job(shared) as lines:
        assert next(lines)["kind"] == "begun"
        some = [next(lines) for _ in range(4)]
        assert all(line["kind"] == "progress" and 0 <= line["share"] < 1 and line["left"] > 0 for line in some)
        shares = [line["share"] for line in some]
        assert shares == sorted(shares)


def test_a_clip_is_imagined_from_words_or_from_none(shared):
    for caption in ("turns left", ""):
        done = last_line(shared, {"task": "imagine", "caption": caption, "count": 1, "steps": 4})
        assert picture(done).shape == (SIZE, 4 * SIZE, 3)


def test_the_same_seed_gives_the_same_video_and_another_seed_a_different_one(shared):
    first, again, other = (last_line(shared, futures(seed=seed))["sheet"] for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize(("frames", "side", "kind"), [(1, 32, "PNG"), (24, 64, "JPEG"), (3, 256, "JPEG")])
def test_strips_of_every_size_are_taken(shared, frames, side, kind):
    last_line(shared, futures(frames=strip(frames, side, kind)))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "video_request"),
        (b"\xff\xfe", 400, "video_request"),
        (b"[]", 400, "video_request"),
        (b'{"task":"imagine","other":' + b"[" * 100_000, 400, "video_request"),
        ({"task": "dream"}, 400, "video_request"),
        (futures(count=0), 400, "video_request"),
        (futures(count=9), 400, "video_request"),
        (futures(count=2.5), 400, "video_request"),
        (futures(steps=3), 400, "video_request"),
        (futures(steps=49), 400, "video_request"),
        (futures(guidance=-1), 400, "video_request"),
        (futures(temperature=2), 400, "video_request"),
        (futures(seed=1e300), 400, "video_request"),
        (futures(caption="x" * 201), 400, "video_request"),
        (futures(caption="dances"), 400, "video_caption"),
        (futures(caption=7), 400, "video_request"),
        (futures(frames="not base64!"), 400, "video_request"),
        (futures(frames=""), 400, "video_frames"),
        (futures(frames=base64.b64encode(b"GIF89a nonsense").decode()), 400, "video_frames"),
        (futures(frames=strip(1, 16)), 400, "video_frames"),
        (futures(frames=strip(25, 32)), 400, "video_frames"),
        (futures(frames=strip(1, 64, "GIF")), 400, "video_frames"),
        (futures(frames=strip(2)[:2000]), 400, "video_frames"),
        (b" " * (MAX_BYTES + 1), 413, "video_too_large"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_an_invalid_request_is_refused_with_a_code_and_a_hint(shared, body, status, code):
    given = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = shared.http.post("/api/video", **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"} and answer.json()["hint"]


def test_a_picture_that_is_no_row_of_squares_is_refused(shared):
    buffer = io.BytesIO()
    Image.new("RGB", (100, 64)).save(buffer, "PNG")
    answer = shared.http.post("/api/video", json=futures(frames=base64.b64encode(buffer.getvalue()).decode()))
    assert (answer.status_code, answer.json()["code"]) == (400, "video_frames")


def test_another_sites_page_may_not_ask_for_videos(shared):
    answer = shared.http.post("/api/video", json=futures(), headers={"origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_foreign")


def _post(live: Live, address: str) -> tuple[int, str]:
    answer = live.http.post("/api/video", json=futures(), headers={"x-forwarded-for": address})
    assert int(answer.headers["retry-after"]) > 0
    return answer.status_code, answer.json()["code"]


def test_one_job_runs_some_wait_and_further_ones_are_refused(shared):
    with frozen(shared), ExitStack() as opened:
        jobs = [opened.enter_context(open_job(shared, f"203.0.113.{number}")) for number in range(MAX_WAITING + 1)]
        assert [next(lines)["waiting"] for lines in jobs] == list(range(MAX_WAITING + 1))
        assert _post(shared, "203.0.113.99") == (503, "video_busy")
        os.kill(shared.video_queue.runner.pid, signal.SIGCONT)
        assert [list(lines)[-1]["kind"] for lines in jobs] == ["done"] * len(jobs)


def test_one_address_does_not_fill_the_queue_and_others_come_before_its_second_job(shared):
    with frozen(shared), open_job(shared, "203.0.113.1") as running:
        next(running)
        with open_job(shared, "203.0.113.1") as second:
            assert next(second)["waiting"] == 1
            assert _post(shared, "203.0.113.1") == (503, "video_busy")
            with open_job(shared, "203.0.113.2") as other:
                assert next(other)["waiting"] == 1
                os.kill(shared.video_queue.runner.pid, signal.SIGCONT)
                assert list(running)[-1]["kind"] == list(other)[-1]["kind"] == list(second)[-1]["kind"] == "done"


def test_a_client_that_leaves_frees_its_place_and_the_process_stays(shared, monkeypatch):
    monkeypatch.setattr("backend.server.video.runner.CANCEL_TIMEOUT_S", 60)
    with frozen(shared):
        pid = shared.video_queue.runner.pid
        with open_job(shared) as first, open_job(shared) as second, open_job(shared, "203.0.113.2") as third:
            assert [next(lines)["kind"] for lines in (first, second, third)] == ["begun"] * 3
        assert eventually(lambda: not shared.video_queue._open())
    last_line(shared)
    assert shared.video_queue.runner.pid == pid


def test_a_process_that_does_not_abort_in_time_is_replaced(shared, monkeypatch):
    monkeypatch.setattr("backend.server.video.runner.CANCEL_TIMEOUT_S", 0.1)
    with frozen(shared):
        pid = shared.video_queue.runner.pid
        with open_job(shared) as lines:
            assert next(lines)["kind"] == "begun"
            assert next(lines)["kind"] == "progress"
        assert eventually(lambda: not psutil.pid_exists(pid))
    last_line(shared)
    assert shared.video_queue.runner.pid != pid


def test_a_process_that_dies_fails_only_its_own_job(shared):
    with frozen(shared), open_job(shared) as first, open_job(shared) as second:
        assert next(first)["kind"] == next(second)["kind"] == "begun"
        os.kill(shared.video_queue.runner.pid, signal.SIGKILL)
        failed = list(first)[-1]
        assert (failed["kind"], failed["code"]) == ("failed", "video_crashed") and failed["hint"]
        assert list(second)[-1]["kind"] == "done"
    os.kill(shared.video_queue.runner.pid, signal.SIGKILL)
    eventually(lambda: shared.video_queue.runner.pid is None)
    last_line(shared)


def test_the_process_ends_when_it_is_idle_and_starts_again(models):
    live = Live(models=models, video_idle_s=0.1)
    try:
        assert live.video_queue.runner.pid is None
        for _ in range(2):
            last_line(live)
            assert eventually(lambda: live.video_queue.runner.pid is None)
    finally:
        live.stop()


def test_a_server_that_stops_says_so_and_leaves_no_process(models):
    live = Live(models=models)
    lines_of(live, futures())
    pid = live.video_queue.runner.pid
    os.kill(pid, signal.SIGSTOP)
    with open_job(live) as lines:
        next(lines)
        stopping = threading.Thread(target=live.stop)
        stopping.start()
        failed = list(lines)[-1]
        stopping.join()
    assert (failed["kind"], failed["code"]) == ("failed", "server_stopping")
    assert not psutil.pid_exists(pid)


def test_a_server_without_weights_says_what_is_missing(tmp_path):
    live = Live(models=tmp_path)
    try:
        offer = live.http.get("/api/video").json()
        assert not offer["available"] and "train starflow" in offer["why"]
        answer = live.http.post("/api/video", json=futures())
        assert (answer.status_code, answer.json()["code"]) == (503, "video_missing")
    finally:
        live.stop()


def test_damaged_weights_are_reported_until_they_are_replaced(tmp_path, tiny_video_flow):
    folder = tmp_path / "starflow"
    folder.mkdir()
    (folder / "config.json").write_bytes((tiny_video_flow / "config.json").read_bytes())
    (folder / "weights.safetensors").write_bytes(b"nonsense")
    live = Live(models=tmp_path)
    try:
        assert live.http.get("/api/video").json()["available"]
        assert lines_of(live, futures())[-1]["code"] == "starflow_damaged"
        why = live.http.get("/api/video").json()["why"]
        assert "cannot be used" in why and str(tmp_path) not in why
        assert live.http.post("/api/video", json=futures()).json()["code"] == "starflow_damaged"
        (folder / "weights.safetensors").write_bytes((tiny_video_flow / "weights.safetensors").read_bytes())
        last_line(live)
    finally:
        live.stop()


def test_a_client_that_asks_too_often_must_wait(tmp_path):
    live = Live(models=tmp_path)
    try:
        codes = [live.http.post("/api/video", json=futures()).json()["code"] for _ in range(MAX_REQUEST_BURST + 1)]
        assert codes == ["video_missing"] * MAX_REQUEST_BURST + ["too_many_videos"]
    finally:
        live.stop()
