"""The queue of video jobs: one runs, a few wait, and the process ends when none comes. It runs on the event loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter

import msgspec
import structlog

from backend.core.errors import InputError, MotionFanError
from backend.server.video.protocol import JobSpec
from backend.server.video.runner import VideoJob, VideoRunner

log = structlog.get_logger(__name__)

MAX_WAITING, MAX_BY_ADDRESS = 4, 2
"""Jobs that wait, of all clients, and open jobs of one address: no address fills the queue."""


class VideoQueue:
    """Runs jobs one after the other, of each address in turn.

    After `idle_s` seconds without a job, the process ends and frees its memory.
    """

    def __init__(self, runner: VideoRunner, idle_s: float = 120.0) -> None:
        self.runner, self._idle_s = runner, idle_s
        self._numbers = itertools.count(1)
        self._jobs: list[VideoJob] = []
        self._job_added = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._running: VideoJob | None = None
        self._stopping = False

    def check_room(self, address: str) -> None:
        """Raise `InputError` with code `video_busy` or `server_stopping` if no further job of this address is accepted."""
        if self._stopping:
            raise _stopping()
        jobs = self._open()
        if len(jobs) > MAX_WAITING:
            busy = f"The server is generating a video for someone else, and {MAX_WAITING} more are waiting."
            raise InputError("video_busy", busy, "Try again in a moment.")
        if sum(job.address == address for job in jobs) >= MAX_BY_ADDRESS:
            busy = f"{MAX_BY_ADDRESS} videos from your address are being generated."
            raise InputError("video_busy", busy, "Wait until one is done.")

    def add(self, spec: JobSpec, address: str = "") -> VideoJob:
        """Add a job of a client at this address; its number is set here. Raises as `check_room`."""
        self.check_room(address)
        job = VideoJob(msgspec.structs.replace(spec, number=next(self._numbers)), address)
        self._jobs = [*self._open(), job]
        self._job_added.set()
        if self._task is None:
            self._task = asyncio.create_task(self._serve())
        return job

    def waiting(self, job: VideoJob) -> int:
        """How many jobs come before this one."""
        return self._open().index(job) if not job.done.done() else 0

    def remaining(self, job: VideoJob) -> float | None:
        """Seconds until this job is done, including those before it; None if unknown."""
        now = time.monotonic()
        total = self.runner.load_remaining(now)
        for ahead in self._open()[: self.waiting(job) + 1]:
            remaining = ahead.progress.remaining(now) if ahead.progress else self.runner.estimate(ahead.spec)
            if remaining is None:
                return None
            total += remaining
        return total

    def cancel(self, job: VideoJob) -> None:
        """Cancel a job whose client has left; its place in the queue is free at once."""
        if not job.done.done():
            job.done.cancel()
            self.runner.cancel(job)

    async def close(self) -> None:
        """Accept no more jobs, fail those there are, and end the process."""
        self._stopping = True
        for job in self._open():
            job.finish(_stopping())
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def _open(self) -> list[VideoJob]:
        """Return the jobs in the order in which they run: every address's first job comes before another's second."""
        jobs = [job for job in self._jobs if not job.done.done()]
        earlier = Counter[str]()
        ranks = {}
        for job in jobs:
            ranks[job], earlier[job.address] = earlier[job.address], earlier[job.address] + 1
        return sorted(jobs, key=lambda job: (job is not self._running, ranks[job]))

    async def _serve(self) -> None:
        """Run the jobs, one after the other, until cancelled."""
        try:
            while True:
                job = await self._next()
                await (self._run(job) if job else self.runner.stop())
                # The pictures of a finished job are not kept.
                del job
                self._jobs = self._open()
        finally:
            await self.runner.stop()

    async def _run(self, job: VideoJob) -> None:
        """Run a job; whatever fails becomes its result."""
        self._running = job
        try:
            await self.runner.run(job)
        except MotionFanError as error:
            job.finish(error)
        except Exception:
            log.exception("video_failed")
            await self.runner.stop()
            job.finish(MotionFanError("video_failed", "The video could not be generated.", "Try again."))
        finally:
            self._running = None

    async def _next(self) -> VideoJob | None:
        """Wait for a job; None after `idle_s` with an idle process."""
        while not (jobs := self._open()):
            self._job_added.clear()
            try:
                async with asyncio.timeout(self._idle_s if self.runner.pid else None):
                    await self._job_added.wait()
            except TimeoutError:
                return None
        return jobs[0]


def _stopping() -> InputError:
    return InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
