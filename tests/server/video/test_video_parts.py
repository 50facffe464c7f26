"""What video on demand is made of, each part alone."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from backend.core.errors import ModelError
from backend.core.settings import REPOSITORY
from backend.core.types import CLOCK_HZ
from backend.server.limits import PerAddress
from backend.server.video import protocol
from backend.server.video.child import sheet
from backend.server.video.progress import Course
from backend.server.video.protocol import Cancel, Job, Ready, Refusal, Share, Sheet
from backend.server.video.request import cut
from backend.server.video.weights import DRAWN, look
from backend.starflow import video


def job(**changes) -> Job:
    return Job(**{
        "number": 1, "context": b"", "size": 64, "count": 4, "steps": 16, "caption": "", "guidance": 1.0, "temperature": 0.9,
        "seed": 0,
    } | changes)  # fmt: skip


@pytest.mark.parametrize("message", [job(context=b"abc", seed=-(2**53)), Cancel(7)])
def test_orders_come_through_as_they_were(message):
    data = protocol.pack(message)
    head, body = data[: protocol.HEAD.size], data[protocol.HEAD.size :]
    assert protocol.length(head) == len(body)
    assert protocol.order(body) == message


@pytest.mark.parametrize("message", [Ready(0.1), Share(1, 0.5), Sheet(1, b"jpeg", 2.5), Refusal(0, "a", "b", "c")])
def test_answers_come_through_as_they_were(message):
    assert protocol.reply(protocol.pack(message)[protocol.HEAD.size :]) == message


def test_more_frames_more_futures_and_guidance_are_more_work():
    efforts = [one.effort for one in (job(), job(steps=32), job(count=8), job(caption="nods"), job(caption="nods", guidance=0))]
    assert efforts[1] == efforts[3] == 2 * efforts[0]
    assert efforts[0] < efforts[2] < 2 * efforts[0]
    assert efforts[4] == efforts[0]


def test_a_course_goes_by_the_clock_and_by_what_is_reported():
    course = Course(10.0, began=100.0)
    assert (course.share(100.0), course.left(100.0)) == (0, 10)
    assert course.share(102.0) == pytest.approx(0.2)
    course.report(0.5, 110.0)  # twice as slow as was thought
    assert course.share(110.0) == pytest.approx(10 / 15)
    assert course.left(110.0) == pytest.approx(5)
    course.report(1.0, 120.0)
    assert course.share(120.0) == 1


def test_a_course_never_goes_back_and_is_late_in_good_faith():
    course = Course(1.0, began=0.0)
    shares = [course.share(0.9)]
    course.report(0.1, 1.0)
    shares += [course.share(1.0), course.share(5.0), course.share(500.0)]
    assert shares == sorted(shares) and shares[-1] < 1
    assert course.left(500.0) > 1


def test_a_course_without_an_estimate_learns_from_its_first_report():
    course = Course(None, began=0.0)
    assert course.left(3.0) is None and course.share(3.0) == 0
    course.report(0.25, 4.0)
    assert course.left(4.0) == pytest.approx(12)


def test_every_address_has_its_own_bucket_and_the_oldest_is_forgotten():
    visitors = PerAddress(rate=1, burst=1, remembered=2)
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
    frames = cut(buffer.getvalue(), 64)
    assert [frame.shape for frame in frames] == [(64, 64, 3)] * 3
    assert [(frame.min(), frame.max()) for frame in frames] == [(0, 0), (255, 255), (0, 0)]


def test_what_the_server_knows_of_the_model_is_what_the_model_says(tiny_video_flow):
    weights, flow = look(tiny_video_flow), video.VideoFlow.load(tiny_video_flow)
    assert (weights.size, weights.context) == (flow.size, flow.context)
    assert (DRAWN, CLOCK_HZ) == (video.CHUNK, video.RATE)


@pytest.mark.parametrize("busy", [False, True])
def test_the_drawing_process_ends_with_whoever_started_it(tiny_video_flow, busy):
    command = [sys.executable, "-m", "backend.server.video.child", str(tiny_video_flow), "cpu", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) as child:
        head = child.stdout.read(protocol.HEAD.size)
        assert isinstance(protocol.reply(child.stdout.read(protocol.length(head))), Ready)
        if busy:
            child.stdin.write(protocol.pack(job(count=8, steps=10_000)))
            child.stdin.flush()
            assert child.stdout.read(1)
        child.stdin.close()
        assert child.wait(30) == 0


@pytest.mark.parametrize("config", ["", "[]", '{"architecture": {}}', '{"architecture": {"frames": 24, "autoencoder": 1}}'])
def test_weights_that_are_not_whole_are_missing(tmp_path, config):
    with pytest.raises(ModelError) as caught:
        look(tmp_path)
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelError) as caught:
        look(tmp_path)
    assert caught.value.code == "video_missing"
