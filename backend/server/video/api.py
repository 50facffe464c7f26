"""The HTTP routes of the video model: what it can sample, and a job whose progress is streamed line by line."""

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
from backend.server.http.address import client_address
from backend.server.http.body import read_body
from backend.server.limits import PerAddress
from backend.server.metrics import Metrics
from backend.server.video.protocol import JobSpec
from backend.server.video.queue import VideoQueue
from backend.server.video.request import MAX_BYTES, MAX_COUNT, MAX_STEPS, VideoRequest, decode_request, split_strip
from backend.server.video.runner import VideoJob

REQUESTS_PER_S = 1 / 4
MAX_REQUEST_BURST = 10
LINE_INTERVAL_S = 0.25


class ProgressStream(StreamingResponse):
    """Streams the progress of a job in lines of JSON; cancels the job when the client leaves."""

    def __init__(self, queue: VideoQueue, job: VideoJob, metrics: Metrics) -> None:
        # Without these headers, a proxy may buffer all lines until the end.
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(_progress_lines(queue, job, metrics), media_type="application/x-ndjson", headers=headers)
        self._queue, self._job = queue, job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._queue.cancel(self._job)


async def _progress_lines(queue: VideoQueue, job: VideoJob, metrics: Metrics) -> AsyncIterator[bytes]:
    """Yield a job's lines of JSON. Their `kind` is `begun`, then `progress`, and at last `done` or `failed`.

    `begun` gives the `seconds` until the job is done, and how many jobs come before it (`waiting`). `progress` gives the
    `share` that is done, in [0, 1), and the seconds `left`. Both times are null if unknown. `done` gives all frames as one
    JPEG (`sheet`, base64), one row a future, one column a frame. `failed` has the fields of a `MotionFanError`.
    """
    yield _line("begun", seconds=_rounded(queue.remaining(job)), waiting=queue.waiting(job))
    while not (await asyncio.wait([job.done], timeout=LINE_INTERVAL_S))[0]:
        yield _line("progress", share=round(job.share, 3), left=_rounded(queue.remaining(job)))
    try:
        done, spec = job.done.result(), job.spec
        metrics.video.observe(done.seconds)
        layout = {"columns": spec.steps, "rows": spec.count, "tile": spec.size, "rate": CLOCK_HZ}
        yield _line("done", **layout, seconds=round(done.seconds, 2), sheet=done.jpeg)
    except MotionFanError as error:
        metrics.errors.labels(error.code).inc()
        yield _line("failed", code=error.code, message=error.message, hint=error.hint)


def video_router(queue: VideoQueue, metrics: Metrics) -> APIRouter:
    """Return the routes for the jobs of one queue."""
    router, limits = APIRouter(), PerAddress(REQUESTS_PER_S, MAX_REQUEST_BURST)

    @router.get("/api/video")
    async def describe() -> dict[str, Any]:
        """Return the limits and defaults of a request, and whether videos can be generated."""
        why, size, context = "", 64, 8
        try:
            weights = await asyncio.to_thread(queue.runner.weights)
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

    @router.post("/api/video", response_model=None)
    async def sample(request: Request) -> Response:
        """Sample futures of frames, or clips from a caption."""
        address = client_address(request)
        if not limits.allow(address, time.monotonic()):
            raise InputError("too_many_videos", "That is a lot of video in a short time.", "Wait a few seconds.")
        weights = queue.runner.weights()
        queue.check_room(address)
        limit = f"A request for video may have at most {MAX_BYTES // 1024} KB."
        too_large = InputError("video_too_large", limit, "Send fewer or smaller frames, as a JPEG.")
        wanted = decode_request(await read_body(request, MAX_BYTES, too_large))
        futures = wanted.task == "futures"
        frames = await asyncio.to_thread(split_strip, wanted.frames, weights.size) if futures else []
        spec = JobSpec(
            number=0,
            context=b"".join(frame.tobytes() for frame in frames[-weights.context :]),
            size=weights.size,
            count=wanted.count,
            steps=wanted.steps,
            caption=wanted.caption.strip(),
            guidance=wanted.guidance,
            temperature=wanted.temperature,
            seed=wanted.seed,
        )
        return ProgressStream(queue, queue.add(spec, address), metrics)

    return router


def _line(kind: str, **fields: object) -> bytes:
    return msgspec.json.encode({"kind": kind, **fields}) + b"\n"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
