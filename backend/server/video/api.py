"""The HTTP routes of the video flow: what it can sample, and a job whose progress is streamed line by line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.core.errors import InputError, MotionFanError
from backend.core.types import CLOCK_HZ
from backend.keypoints.captions import MOTIONS
from backend.server.http.body import read_body
from backend.server.limits import PerAddress
from backend.server.metrics import Metrics
from backend.server.video.protocol import JobSpec
from backend.server.video.queue import VideoQueue
from backend.server.video.request import (
    MAX_BYTES,
    MAX_COUNT,
    MAX_STEPS,
    VideoRequest,
    decode_context,
    decode_request,
    too_large,
)
from backend.server.video.runner import VideoJob

REQUESTS_PER_S = 1 / 4
MAX_REQUEST_BURST = 10
LINE_INTERVAL_S = 0.25


class BegunLine(msgspec.Struct, frozen=True, tag_field="kind", tag="begun"):
    """The first line: seconds until the job is done, if known, and how many jobs come before it."""

    seconds: float | None
    waiting: int


class ProgressLine(msgspec.Struct, frozen=True, tag_field="kind", tag="progress"):
    """The share that is done, in [0, 1), and how many seconds are left, if known."""

    share: float
    left: float | None


class DoneLine(msgspec.Struct, frozen=True, tag_field="kind", tag="done"):
    """The last line: all frames as one JPEG, one row a future, one column a frame."""

    columns: int
    rows: int
    tile: int
    rate: float
    seconds: float
    sheet: bytes


class FailedLine(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """The last line of a job that failed, worded as a `MotionFanError`."""

    code: str
    message: str
    hint: str


class ProgressStream(StreamingResponse):
    """Streams a job's progress in lines of JSON; cancels the job when the client leaves.

    Args:
        queue: runs the job.
        job: the job.
        metrics: where its time and errors are counted.
    """

    def __init__(self, queue: VideoQueue, job: VideoJob, metrics: Metrics) -> None:
        # Without these headers, a proxy may buffer all lines until the end.
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(progress_lines(queue, job, metrics), media_type="application/x-ndjson", headers=headers)
        self._queue, self._job = queue, job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._queue.cancel(self._job)


async def progress_lines(queue: VideoQueue, job: VideoJob, metrics: Metrics) -> AsyncIterator[bytes]:
    """Yield a job's lines, from `BegunLine` to `DoneLine` or `FailedLine`; arguments as of `ProgressStream`."""
    yield _line(BegunLine(_rounded(queue.remaining(job)), queue.waiting(job)))
    while not (await asyncio.wait([job.done], timeout=LINE_INTERVAL_S))[0]:
        yield _line(ProgressLine(round(job.share, 3), _rounded(queue.remaining(job))))
    try:
        done, spec = job.done.result(), job.spec
        metrics.drawing.observe(done.seconds)
        yield _line(DoneLine(spec.steps, spec.count, spec.size, CLOCK_HZ, round(done.seconds, 2), done.jpeg))
    except MotionFanError as error:
        metrics.errors.labels(error.code).inc()
        yield _line(FailedLine(error.code, error.message, error.hint))


class VideoApi:
    """The routes.

    Args:
        queue: runs the jobs.
        metrics: where errors are counted.
    """

    def __init__(self, queue: VideoQueue, metrics: Metrics) -> None:
        self._queue, self._metrics = queue, metrics
        self._limits = PerAddress(REQUESTS_PER_S, MAX_REQUEST_BURST)

    def router(self) -> APIRouter:
        """Return all routes."""
        router = APIRouter()
        router.add_api_route("/api/video", self.describe, methods=["GET"])
        router.add_api_route("/api/video", self.sample, methods=["POST"], response_model=None)
        return router

    async def describe(self) -> dict[str, Any]:
        """What a request may ask for."""
        why, size, context = "", 64, 8
        try:
            weights = await asyncio.to_thread(self._queue.runner.weights)
            size, context = weights.size, weights.context
        except MotionFanError as error:
            why = str(error)
        defaults = VideoRequest("imagine")
        return {
            "available": not why,
            "why": why,
            "captions": list(MOTIONS),
            "size": size,
            "context": context,
            "rate": CLOCK_HZ,
            "most": {"count": MAX_COUNT, "steps": MAX_STEPS},
            "defaults": {name: getattr(defaults, name) for name in ("count", "steps", "guidance", "temperature")},
        }

    async def sample(self, request: Request) -> Response:
        """Sample futures of frames, or clips from a caption."""
        if not self._limits.allow(request.client.host if request.client else "", time.monotonic()):
            raise InputError("too_many_videos", "That is a lot of video in a short time.", "Wait a few seconds.")
        weights = self._queue.runner.weights()
        self._queue.check_room()
        wanted = decode_request(await read_body(request, MAX_BYTES, too_large()))
        spec = JobSpec(
            number=0,
            context=await asyncio.to_thread(decode_context, wanted, weights),
            size=weights.size,
            count=wanted.count,
            steps=wanted.steps,
            caption=wanted.caption.strip(),
            guidance=wanted.guidance,
            temperature=wanted.temperature,
            seed=wanted.seed,
        )
        return ProgressStream(self._queue, self._queue.add(spec), self._metrics)


def _line(message: BegunLine | ProgressLine | DoneLine | FailedLine) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
