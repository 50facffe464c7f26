"""Runs video jobs in a process that the first job starts. The runner itself lives on the event loop."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from backend.core.errors import InputError, ModelError, MotionFanError
from backend.server.video.process import VideoProcess
from backend.server.video.progress import ProgressEstimate
from backend.server.video.protocol import CancelJob, JobDone, JobFailed, JobProgress, JobSpec, ModelLoaded

log = structlog.get_logger(__name__)

CHUNK_FRAMES = 16
"""As `backend.starflow.video.CHUNK_FRAMES`; the server does not import the model."""

CANCEL_TIMEOUT_S = 5.0
"""How long the process may take to abort a cancelled job. Aborting takes 0.02 to 0.5 s, restarting the process 3 to 6 s."""

MAX_JOB_S = 900.0
"""How long loading and one job may take."""

UNIT_UPDATE = 0.5
"""Weight of the last job in the running mean of seconds per unit of cost."""


@dataclass(frozen=True)
class VideoWeights:
    """Side of the model's frames in pixels, the maximum number of frames it continues, and when the weights were written."""

    size: int
    context: int
    written: int


def inspect_weights(folder: Path) -> VideoWeights:
    """Inspect a folder of weights without loading them; raises `video_missing`."""
    try:
        config = folder / "config.json"
        architecture = json.loads(config.read_text("utf-8"))["architecture"]
        size, context = int(architecture["autoencoder"]["size"]), int(architecture["frames"]) - CHUNK_FRAMES
        written = max(config.stat().st_mtime_ns, (folder / "weights.safetensors").stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        hint = "Put them into models/starflow, or make some with `motionfan train starflow`."
        raise ModelError("video_missing", "The video model's weights are not on this server.", hint) from None
    return VideoWeights(size, context, written)


@dataclass(eq=False)
class VideoJob:
    """One job."""

    spec: JobSpec
    address: str = ""  # of its client
    # its result, or a `MotionFanError`; cancelled when its client has left
    done: asyncio.Future[JobDone] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    progress: ProgressEstimate | None = None  # None until it runs
    deadline: asyncio.Timeout | None = None  # aborts it; None unless it runs

    def __post_init__(self) -> None:
        # Marks an error as retrieved: the client may have left, and asyncio would log it.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())

    @property
    def share(self) -> float:
        """Share that is done, in [0, 1)."""
        return self.progress.share(time.monotonic()) if self.progress else 0.0

    def finish(self, result: JobDone | MotionFanError) -> None:
        """Set the result, unless the job is cancelled."""
        if self.done.done():
            return
        if isinstance(result, JobDone):
            self.done.set_result(result)
        else:
            self.done.set_exception(result)


class VideoRunner:
    """Starts the video process when it is needed, and runs one job at a time in it.

    `folder` holds the weights. The model runs on `device`, with this many `threads` of torch; 0 takes half of the cores.
    """

    def __init__(self, folder: Path, device: str, threads: int) -> None:
        self._folder = folder
        self._arguments = [str(folder.absolute()), device, str(threads)]
        self._process: VideoProcess | None = None
        self._unit_s: float | None = None
        self._load_s = 0.0
        self._load_began: float | None = None
        self._broken: tuple[VideoWeights, ModelError] | None = None

    @property
    def pid(self) -> int | None:
        """Id of the process, while it runs."""
        return self._process.pid if self._process else None

    def weights(self) -> VideoWeights:
        """Inspect the weights; raises `video_missing`, or the error with which these weights could not be loaded last time."""
        weights = inspect_weights(self._folder)
        if self._broken and self._broken[0] == weights:
            raise self._broken[1]
        return weights

    def estimate(self, spec: JobSpec) -> float | None:
        """Seconds that a job takes; None if unknown."""
        return None if self._unit_s is None else self._unit_s * spec.cost

    def load_remaining(self, now: float) -> float:
        """Seconds until the model is loaded, by how long that took the last time."""
        if self._load_began is not None:
            return max(0.0, self._load_s - (now - self._load_began))
        return 0.0 if self._process else self._load_s

    async def run(self, job: VideoJob) -> None:
        """Run a job and set its result; raises `video_crashed`, `video_too_slow`, or an error of the model or of the job."""
        try:
            async with asyncio.timeout(MAX_JOB_S) as deadline:
                process = await self._ready()
                if not job.done.done():
                    job.progress, job.deadline = ProgressEstimate(self.estimate(job.spec), time.monotonic()), deadline
                    try:
                        process.send(job.spec)
                        job.finish(await self._follow(process, job.spec, job.progress))
                    finally:
                        job.deadline = None
        except EOFError:
            await self.stop()
            raise MotionFanError("video_crashed", "The video process has ended unexpectedly.", "Try again.") from None
        except TimeoutError:
            await self.stop()
            raise MotionFanError("video_too_slow", "The video took too long.", "Ask for fewer or shorter futures.") from None

    def cancel(self, job: VideoJob) -> None:
        """Abort a job if it runs."""
        if self._process and job.deadline:
            self._process.send(CancelJob(job.spec.number))
            job.deadline.reschedule(asyncio.get_running_loop().time() + CANCEL_TIMEOUT_S)

    async def stop(self) -> None:
        """End the process, if there is one; may be called again after a cancellation."""
        self._load_began = None
        if self._process:
            await self._process.kill()
            self._process = None

    async def _ready(self) -> VideoProcess:
        """Return the process; start it and wait for its model if it does not run."""
        if self._process is None or self._process.pid is None:
            await self.stop()
            weights, began = inspect_weights(self._folder), time.monotonic()
            self._load_began = began
            self._process = await VideoProcess.start(self._arguments)
            match await self._process.receive():
                case ModelLoaded(unit_s):
                    self._unit_s = unit_s if self._unit_s is None else self._unit_s
                    self._load_s, self._load_began = time.monotonic() - began, None
                case JobFailed(_, code, message, hint):
                    # The message names files of the server, which concern its operator only.
                    log.error("video_model_unusable", code=code, reason=message, hint=hint)
                    error = ModelError(code, "The video model's weights cannot be used.", "The server's log says why.")
                    self._broken = weights, error
                    await self.stop()
                    raise error
        return self._process

    async def _follow(self, process: VideoProcess, spec: JobSpec, progress: ProgressEstimate) -> JobDone:
        """Read the process's replies until this job is done."""
        while True:
            match await process.receive():
                case JobProgress(number, share) if number == spec.number:
                    progress.report(share, time.monotonic())
                case JobDone(number, _, seconds) as done if number == spec.number:
                    unit_s = seconds / spec.cost
                    self._unit_s = unit_s if self._unit_s is None else self._unit_s + UNIT_UPDATE * (unit_s - self._unit_s)
                    return done
                case JobFailed(number, code, message, hint) if number == spec.number:
                    raise InputError(code, message, hint)
