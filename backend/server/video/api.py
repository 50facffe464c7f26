"""The HTTP routes of the video flow: what can be drawn, and a drawing, told line by line while it is made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.core.errors import InputError, MotionFanError
from backend.core.types import CLOCK_HZ
from backend.keypoints.captions import MOTIONS
from backend.server.http.body import read_body
from backend.server.http.origin import check_origin
from backend.server.limits import PerAddress
from backend.server.metrics import Metrics
from backend.server.video import request as video_request
from backend.server.video.protocol import Job
from backend.server.video.queue import Drawing, Studio
from backend.server.video.request import MAX_BYTES, MOST_COUNT, MOST_STEPS, VideoRequest

DRAWINGS_PER_S = 1 / 4
DRAWING_BURST = 10
BEAT_S = 0.25
"""Seconds between two lines of a drawing."""


class Begun(msgspec.Struct, frozen=True, tag_field="kind", tag="begun"):
    """The first line: seconds until it is done, if anybody knows, and how many drawings come before it."""

    seconds: float | None
    waiting: int


class Progress(msgspec.Struct, frozen=True, tag_field="kind", tag="progress"):
    """How far it is, in [0, 1), and how many seconds are left, if anybody knows."""

    share: float
    left: float | None


class Done(msgspec.Struct, frozen=True, tag_field="kind", tag="done"):
    """The sheet, a JPEG: one row a future, one column a frame."""

    columns: int
    rows: int
    tile: int
    rate: float
    seconds: float
    sheet: bytes


class Failed(msgspec.Struct, frozen=True, tag_field="kind", tag="failed"):
    """It came to nothing, as `MotionFanError` words it."""

    code: str
    message: str
    hint: str


class Telling(StreamingResponse):
    """Tells a drawing's way in lines of JSON; a client that leaves abandons it."""

    def __init__(self, drawing: Drawing, metrics: Metrics) -> None:
        # A proxy that collects lines would hand over nothing before the end.
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(lines(drawing, metrics), media_type="application/x-ndjson", headers=headers)
        self._drawing = drawing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._drawing.cancel()


async def lines(drawing: Drawing, metrics: Metrics) -> AsyncIterator[bytes]:
    """Tell a drawing's way, from `Begun` to `Done` or `Failed`."""
    yield _line(Begun(_seconds(drawing.left), drawing.waiting))
    while not (await asyncio.wait([drawing.done], timeout=BEAT_S))[0]:
        yield _line(Progress(round(drawing.share, 3), _seconds(drawing.left)))
    try:
        sheet, job = drawing.done.result(), drawing.job
        metrics.drawing.observe(sheet.seconds)
        yield _line(Done(job.steps, job.count, job.size, CLOCK_HZ, round(sheet.seconds, 2), sheet.jpeg))
    except MotionFanError as error:
        metrics.errors.labels(error.code).inc()
        yield _line(Failed(error.code, error.message, error.hint))


class VideoApi:
    """The routes.

    Args:
        studio: draws.
        metrics: where errors are counted.
        origins: further origins whose pages may ask.
    """

    def __init__(self, studio: Studio, metrics: Metrics, origins: Collection[str]) -> None:
        self._studio, self._metrics, self._origins = studio, metrics, origins
        self._visitors = PerAddress(DRAWINGS_PER_S, DRAWING_BURST)

    def router(self) -> APIRouter:
        """Return all routes."""
        router = APIRouter()
        router.add_api_route("/api/video", self.describe, methods=["GET"])
        router.add_api_route("/api/video", self.draw, methods=["POST"], response_model=None)
        return router

    async def describe(self) -> dict[str, Any]:
        """What can be asked for."""
        why, size, context = "", 64, 8
        try:
            weights = await asyncio.to_thread(self._studio.weights)
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
            "most": {"count": MOST_COUNT, "steps": MOST_STEPS},
            "defaults": {name: getattr(defaults, name) for name in ("count", "steps", "guidance", "temperature")},
        }

    async def draw(self, request: Request) -> Response:
        """Draw futures of frames, or clips from a caption."""
        check_origin(request.headers, self._origins)
        if not self._visitors.allow(request.client.host if request.client else "", time.monotonic()):
            raise InputError("too_many_videos", "That is a lot of video in a short time.", "Wait a few seconds.")
        weights = self._studio.weights()
        self._studio.check_place()
        wanted = video_request.read(await read_body(request, MAX_BYTES, video_request.too_large()))
        job = Job(
            number=0,
            context=await asyncio.to_thread(video_request.context, wanted, weights),
            size=weights.size,
            count=wanted.count,
            steps=wanted.steps,
            caption=wanted.caption.strip(),
            guidance=wanted.guidance,
            temperature=wanted.temperature,
            seed=wanted.seed,
        )
        return Telling(self._studio.order(job), self._metrics)


def _line(message: Begun | Progress | Done | Failed) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _seconds(left: float | None) -> float | None:
    return None if left is None else round(left, 2)
