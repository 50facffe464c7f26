"""The process that samples video: `python -m backend.server.video.child FOLDER DEVICE THREADS`, commands in, replies out.

A process of its own does not slow down the live page, and frees its memory when it ends. It exits when stdin closes, so it
cannot outlive the server.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import MotionFanError
from backend.server.live.sheet import jpeg
from backend.server.video import protocol
from backend.server.video.protocol import CancelJob, Command, JobDone, JobFailed, JobProgress, JobSpec, ModelLoaded, Reply

if TYPE_CHECKING:
    from backend.starflow.video import VideoFlow

JPEG_QUALITY = 90
NICENESS = 10
DEEP_SHARE = 0.75
"""Share of the time after which the deep block is solved for all frames; the shallow blocks and the decoder are the rest."""

TRIAL_FRAMES = 4
"""Frames that are sampled after loading to measure the speed."""


class ServerConnection:
    """Receives commands on a thread, so that a job can be cancelled while it runs, and sends replies.

    The process exits when either end closes.
    """

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self.jobs: queue.SimpleQueue[JobSpec] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def check(self, number: int) -> None:
        """Raise the error `cancelled` if this job is cancelled."""
        if number in self._cancelled:
            raise MotionFanError("cancelled", "The job was cancelled.")

    def send(self, reply: Reply) -> None:
        """Send a reply."""
        try:
            self._sink.write(protocol.encode(reply))
            self._sink.flush()
        except OSError:
            os._exit(0)

    def _read(self) -> None:
        while head := self._source.read(protocol.HEAD.size):
            self._obey(protocol.decode_command(self._source.read(protocol.length(head))))
        os._exit(0)

    def _obey(self, command: Command) -> None:
        match command:
            case JobSpec() as job:
                self.jobs.put(job)
            case CancelJob(number):
                self._cancelled.add(number)


def main() -> None:
    """Load the model, then run the jobs of the process that started this one; return only if the model cannot be loaded."""
    from backend.core.process import configure_process
    from backend.starflow.video import VideoFlow

    folder, device, threads = sys.argv[1:]
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    # What libraries print goes to the log: stdout carries the replies.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    server = ServerConnection(sys.stdin.buffer, output)
    configure_process(int(threads))
    try:
        flow = VideoFlow.load(Path(folder), device)
    except MotionFanError as error:
        server.send(JobFailed(0, error.code, error.message, error.hint))
        return
    server.send(ModelLoaded(_measure_unit(flow)))
    while True:
        job = server.jobs.get()
        try:
            server.check(job.number)
            server.send(_run(flow, job, server))
        except MotionFanError as error:
            server.send(JobFailed(job.number, error.code, error.message, error.hint))
        except Exception:
            traceback.print_exc()
            hint = "Try again; the server's log says more."
            server.send(JobFailed(job.number, "video_failed", "The video could not be generated.", hint))
        # The pictures of a finished job are not kept.
        del job


def sheet(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay `[K, T, S, S, 3]` out: one row a future, one column a frame."""
    count, steps, size = frames.shape[:3]
    return frames.transpose(0, 2, 1, 3, 4).reshape(count * size, steps * size, 3)


def _run(flow: VideoFlow, job: JobSpec, server: ServerConnection) -> JobDone:
    from backend.starflow.video import SamplingSettings

    def progress(share: float) -> None:
        server.check(job.number)
        server.send(JobProgress(job.number, DEEP_SHARE * share))

    began = time.monotonic()
    settings = SamplingSettings(job.caption, job.guidance, job.temperature, job.seed)
    if job.context:
        context = np.frombuffer(job.context, np.uint8).reshape(-1, job.size, job.size, 3).copy()
        frames = flow.futures(context, job.count, job.steps, settings, progress)
    else:
        frames = flow.imagine(job.count, job.steps, settings, progress)
    return JobDone(job.number, jpeg(sheet(frames), JPEG_QUALITY), time.monotonic() - began)


def _measure_unit(flow: VideoFlow) -> float:
    """Seconds that a unit of cost takes here."""
    job = JobSpec(0, b"", flow.size, 1, TRIAL_FRAMES, "", 0.0, 1.0, 0)
    grey = np.full((1, flow.size, flow.size, 3), 128, np.uint8)
    flow.futures(grey, job.count, 1)  # The first call takes longer.
    began = time.monotonic()
    flow.futures(grey, job.count, job.steps)
    return (time.monotonic() - began) / job.cost


if __name__ == "__main__":
    main()
