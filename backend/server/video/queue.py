"""Who draws video, for whom, and when: one drawing at a time, in a process that comes and goes. Lives on the event loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path

import msgspec
import structlog

from backend.core.errors import InputError, ModelError, MotionFanError
from backend.server.video.process import DrawingProcess
from backend.server.video.progress import Course
from backend.server.video.protocol import Cancel, Job, Ready, Refusal, Share, Sheet
from backend.server.video.weights import VideoWeights, look

log = structlog.get_logger(__name__)

MOST_WAITING = 2
PATIENCE_S = 5.0
"""How long the process may take to notice that nobody waits for a drawing any more."""

LONGEST_S = 900.0
"""How long loading and one drawing may take."""

MEMORY = 0.5
"""How much the last drawing says of the pace of the next."""


class Drawing:
    """One job on its way.

    Attributes:
        job: what to draw.
        done: its sheet, in the end; or a `MotionFanError`.
    """

    def __init__(self, job: Job, studio: Studio) -> None:
        self.job = job
        self.done: asyncio.Future[Sheet] = asyncio.get_running_loop().create_future()
        # An error that nobody fetches, because the client has left, is nobody's.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.course: Course | None = None
        self._studio = studio

    @property
    def waiting(self) -> int:
        """Drawings before this one."""
        return self._studio.before(self)

    @property
    def share(self) -> float:
        """Share that is done, in [0, 1)."""
        return self.course.share(time.monotonic()) if self.course else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until it is done, those before it counted in; None if nobody knows."""
        return self._studio.left(self)

    def cancel(self) -> None:
        """Say that nobody waits for it any more; its place is free at once."""
        if not self.done.done():
            self.done.cancel()
            self._studio.abandon(self)

    def fail(self, error: MotionFanError) -> None:
        """End it, badly."""
        if not self.done.done():
            self.done.set_exception(error)


class Studio:
    """Takes orders.

    Args:
        folder: of the weights.
        device: where it draws.
        threads: of torch; 0 takes half of the cores.
        idle_s: seconds without an order after which the process ends, and gives its memory back.
    """

    def __init__(self, folder: Path, device: str = "cpu", threads: int = 0, idle_s: float = 120.0) -> None:
        self._folder, self._device, self._threads, self._idle_s = folder, device, threads, idle_s
        self._numbers = itertools.count(1)
        self._drawings: list[Drawing] = []
        self._bell = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._process: DrawingProcess | None = None
        self._pace: float | None = None
        self._loading_s = 0.0
        self._started: float | None = None
        self._broken: tuple[VideoWeights, ModelError] | None = None
        self._current: tuple[Drawing, asyncio.Timeout] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Number of the drawing process, while there is one."""
        return self._process.pid if self._process and self._process.alive else None

    def weights(self) -> VideoWeights:
        """Return what there is to draw with.

        Raises:
            ModelError: `video_missing`, or why it could not be loaded the last time.
        """
        weights = look(self._folder)
        if self._broken and self._broken[0] == weights:
            raise self._broken[1]
        return weights

    def check_place(self) -> None:
        """See whether there is room for another order.

        Raises:
            InputError: `video_busy`, `server_stopping`.
        """
        if self._stopping:
            raise InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
        if len(self._open()) > MOST_WAITING:
            raise InputError(
                "video_busy",
                f"The server is drawing for somebody else, and {MOST_WAITING} more are waiting.",
                "Try again in a moment.",
            )

    def order(self, job: Job) -> Drawing:
        """Take an order; its number is given here.

        Raises:
            InputError, ModelError: as `check_place` and `weights`.
        """
        self.check_place()
        self.weights()
        drawing = Drawing(msgspec.structs.replace(job, number=next(self._numbers)), self)
        self._drawings = [*self._open(), drawing]
        self._bell.set()
        if self._work is None:
            self._work = asyncio.create_task(self._serve())
        return drawing

    def before(self, drawing: Drawing) -> int:
        """How many drawings come before this one."""
        return self._open().index(drawing) if not drawing.done.done() else 0

    def left(self, drawing: Drawing) -> float | None:
        """Seconds until this one is done; None if nobody knows."""
        pace, now = self._pace, time.monotonic()
        total = self._loading_left(now)
        for one in self._open()[: self.before(drawing) + 1]:
            left = one.course.left(now) if one.course else None if pace is None else pace * one.job.effort
            if left is None:
                return None
            total += left
        return total

    def abandon(self, drawing: Drawing) -> None:
        """Let the process stop what it is at, if it is at this."""
        if self._current and self._current[0] is drawing and self._process:
            self._process.send(Cancel(drawing.job.number))
            self._current[1].reschedule(asyncio.get_running_loop().time() + PATIENCE_S)

    async def close(self) -> None:
        """Take no more orders, fail those there are, and end the process."""
        self._stopping = True
        for drawing in self._open():
            drawing.fail(InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment."))
        if self._work:
            self._work.cancel()
            await asyncio.wait([self._work])
            self._work = None

    def _loading_left(self, now: float) -> float:
        """Seconds until the process can draw, as long as it took the last time."""
        if self._process and self._started is None:
            return 0.0
        return self._loading_s if self._started is None else max(0.0, self._loading_s - (now - self._started))

    def _open(self) -> list[Drawing]:
        return [drawing for drawing in self._drawings if not drawing.done.done()]

    async def _serve(self) -> None:
        """Draw what is ordered, one after the other, for ever."""
        try:
            while True:
                drawing = await self._next()
                if drawing is None:
                    await self._end()
                    continue
                try:
                    await self._draw(drawing)
                except MotionFanError as error:
                    drawing.fail(error)
                except Exception:
                    log.exception("video_failed")
                    await self._end()
                    drawing.fail(MotionFanError("video_failed", "The drawing failed.", "Try again."))
        finally:
            await self._end()

    async def _next(self) -> Drawing | None:
        """Wait for an order; None after too long a wait with a process that does nothing."""
        while not (waiting := self._open()):
            self._bell.clear()
            try:
                async with asyncio.timeout(self._idle_s if self._process else None):
                    await self._bell.wait()
            except TimeoutError:
                return None
        return waiting[0]

    async def _draw(self, drawing: Drawing) -> None:
        try:
            async with asyncio.timeout(LONGEST_S) as limit:
                process = await self._ready()
                if drawing.done.done():
                    return
                self._current = drawing, limit
                drawing.course = Course(self._pace and self._pace * drawing.job.effort, time.monotonic())
                process.send(drawing.job)
                await self._follow(process, drawing)
        except EOFError:
            await self._end()
            raise MotionFanError("video_crashed", "The process that draws has ended unexpectedly.", "Try again.") from None
        except TimeoutError:
            await self._end()
            raise MotionFanError("video_too_slow", "The drawing took too long.", "Ask for fewer or shorter futures.") from None
        finally:
            self._current = None

    async def _ready(self) -> DrawingProcess:
        """Return the process, started and its model loaded if need be."""
        if self._process and not self._process.alive:
            await self._end()
        if self._process is None:
            weights, self._started = look(self._folder), time.monotonic()
            self._process = await DrawingProcess.start(self._folder, self._device, self._threads)
            match await self._process.receive():
                case Ready(pace):
                    self._pace = pace if self._pace is None else self._pace
                    self._loading_s, self._started = time.monotonic() - self._started, None
                case Refusal(_, code, message, hint):
                    error = ModelError(code, message, hint)
                    self._broken = weights, error
                    await self._end()
                    raise error
        return self._process

    async def _follow(self, process: DrawingProcess, drawing: Drawing) -> None:
        """Take the process's answers until this drawing is done."""
        number = drawing.job.number
        while True:
            match await process.receive():
                case Share(of, share) if of == number and drawing.course:
                    drawing.course.report(share, time.monotonic())
                case Sheet(of, _, seconds) as sheet if of == number:
                    pace = seconds / drawing.job.effort
                    self._pace = pace if self._pace is None else self._pace + MEMORY * (pace - self._pace)
                    if not drawing.done.done():
                        drawing.done.set_result(sheet)
                    return
                case Refusal(of, code, message, hint) if of == number:
                    raise InputError(code, message, hint)

    async def _end(self) -> None:
        """End the process, if there is one; done again where it was cancelled halfway."""
        self._started = None
        if self._process:
            await self._process.end()
            self._process = None
