"""The parts of video on demand, each alone."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from backend.core.errors import ModelError
from backend.core.settings import REPOSITORY
from backend.server.limits import PerAddress
from backend.server.video import protocol
from backend.server.video.child import sheet
from backend.server.video.progress import ProgressEstimate
from backend.server.video.protocol import CancelJob, JobDone, JobFailed, JobProgress, JobSpec, ModelLoaded
from backend.server.video.request import split_strip
from backend.server.video.runner import CHUNK_FRAMES, inspect_weights
from backend.starflow import video


def job(**changes) -> JobSpec:
    return JobSpec(**{
        "number": 1, "context": b"", "size": 64, "count": 4, "steps": 16, "caption": "", "guidance": 1.0, "temperature": 0.9,
        "seed": 0,
    } | changes)  # fmt: skip


@pytest.mark.parametrize("message", [job(context=b"abc", seed=-(2**53)), CancelJob(7)])
def test_a_command_survives_encoding(message):
    data = protocol.encode(message)
    head, body = data[: protocol.HEAD.size], data[protocol.HEAD.size :]
    assert protocol.length(head) == len(body)
    assert protocol.decode_command(body) == message


@pytest.mark.parametrize(
    "message", [ModelLoaded(0.1), JobProgress(1, 0.5), JobDone(1, b"jpeg", 2.5), JobFailed(0, "a", "b", "c")]
)
def test_a_reply_survives_encoding(message):
    assert protocol.decode_reply(protocol.encode(message)[protocol.HEAD.size :]) == message


def test_more_frames_more_futures_and_guidance_cost_more():
    costs = [one.cost for one in (job(), job(steps=32), job(count=8), job(caption="nods"), job(caption="nods", guidance=0))]
    assert costs[1] == costs[3] == 2 * costs[0]
    assert costs[0] < costs[2] < 2 * costs[0]
    assert costs[4] == costs[0]


def test_progress_follows_the_clock_and_the_reports():
    estimate = ProgressEstimate(10.0, began=100.0)
    assert (estimate.share(100.0), estimate.remaining(100.0)) == (0, 10)
    assert estimate.share(102.0) == pytest.approx(0.2)
    estimate.report(0.5, 110.0)  # twice as slow as estimated
    assert estimate.share(110.0) == pytest.approx(10 / 15)
    assert estimate.remaining(110.0) == pytest.approx(5)
    estimate.report(1.0, 120.0)
    assert estimate.share(120.0) == 1


def test_progress_never_decreases_and_a_late_job_still_has_time_left():
    estimate = ProgressEstimate(1.0, began=0.0)
    shares = [estimate.share(0.9)]
    estimate.report(0.1, 1.0)
    shares += [estimate.share(1.0), estimate.share(5.0), estimate.share(500.0)]
    assert shares == sorted(shares) and shares[-1] < 1
    assert estimate.remaining(500.0) > 1


def test_progress_without_an_estimate_learns_from_the_first_report():
    estimate = ProgressEstimate(None, began=0.0)
    assert estimate.remaining(3.0) is None and estimate.share(3.0) == 0
    estimate.report(0.25, 4.0)
    assert estimate.remaining(4.0) == pytest.approx(12)


def test_every_address_has_its_own_bucket_and_the_oldest_is_forgotten():
    visitors = PerAddress(rate=1, capacity=1, remembered=2)
    assert [visitors.allow(who, 0.0) for who in "aabb"] == [True, False, True, False]
    assert visitors.allow("a", 1.0)
    assert visitors.allow("c", 1.0)  # b, who has not come for longest, is forgotten
    assert [visitors.allow(who, 1.0) for who in "bc"] == [True, False]


def test_a_sheet_has_a_row_a_future_and_a_column_a_frame():
    frames = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1) * np.ones((1, 1, 4, 4, 3), np.uint8)
    laid = sheet(frames)
    assert laid.shape == (8, 12, 3)
    assert [[int(laid[4 * k, 4 * t, 0]) for t in range(3)] for k in range(2)] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("side", [32, 64, 100, 256])
def test_frames_are_cut_apart_before_they_are_scaled(side):
    strip = np.zeros((side, 3 * side, 3), np.uint8)
    strip[:, side : 2 * side] = 255
    buffer = io.BytesIO()
    Image.fromarray(strip).save(buffer, "PNG")
    frames = split_strip(buffer.getvalue(), 64)
    assert [frame.shape for frame in frames] == [(64, 64, 3)] * 3
    assert [(frame.min(), frame.max()) for frame in frames] == [(0, 0), (255, 255), (0, 0)]


def test_the_server_and_the_model_agree_on_size_context_and_chunk(tiny_video_flow):
    weights, flow = inspect_weights(tiny_video_flow), video.VideoFlow.load(tiny_video_flow)
    assert (weights.size, weights.context) == (flow.size, flow.context)
    assert CHUNK_FRAMES == video.CHUNK_FRAMES


@pytest.mark.parametrize("busy", [False, True])
def test_the_video_process_ends_when_its_input_closes(tiny_video_flow, busy):
    command = [sys.executable, "-m", "backend.server.video.child", str(tiny_video_flow), "cpu", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) as child:
        head = child.stdout.read(protocol.HEAD.size)
        assert isinstance(protocol.decode_reply(child.stdout.read(protocol.length(head))), ModelLoaded)
        if busy:
            child.stdin.write(protocol.encode(job(count=8, steps=10_000)))
            child.stdin.flush()
            assert child.stdout.read(1)
        child.stdin.close()
        assert child.wait(30) == 0


@pytest.mark.parametrize("config", ["", "[]", '{"architecture": {}}', '{"architecture": {"frames": 24, "autoencoder": 1}}'])
def test_incomplete_weights_count_as_missing(tmp_path, config):
    with pytest.raises(ModelError) as caught:
        inspect_weights(tmp_path)
    assert caught.value.code == "video_missing"
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelError) as caught:
        inspect_weights(tmp_path)
    assert caught.value.code == "video_missing"
