"""The process that draws video: `python -m backend.server.video.child FOLDER DEVICE THREADS`, jobs in, answers out.

It is a process of its own so that drawing never holds up the live page, and that its memory goes back when it ends. With its
standard input it ends too, so it never outlives the server.
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
from backend.server.video.protocol import Cancel, Job, Ready, Refusal, Reply, Share, Sheet

if TYPE_CHECKING:
    from backend.starflow.video import VideoFlow

QUALITY = 90
NICENESS = 10
DRAWN = 0.75
"""Share of the work after which the last frame is drawn; cleaning and decoding all of them is the rest."""

TRIAL = 4
"""Frames that are drawn after loading to learn the pace."""


class Abandoned(Exception):
    """Nobody waits for this drawing any more."""


class Inbox:
    """Reads what the server says on a thread of its own, so that a cancelled job is known of while it is drawn."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def next(self) -> Job:
        """Wait for a job."""
        return self._jobs.get()

    def check(self, number: int) -> None:
        """Raise `Abandoned` if nobody waits for this job any more."""
        if number in self._cancelled:
            raise Abandoned

    def _read(self) -> None:
        while head := self._source.read(protocol.HEAD.size):
            match protocol.order(self._source.read(protocol.length(head))):
                case Job() as job:
                    self._jobs.put(job)
                case Cancel(number):
                    self._cancelled.add(number)
        os._exit(0)


class Outbox:
    """Answers the server; without one there is nothing left to do."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink

    def send(self, reply: Reply) -> None:
        """Send an answer."""
        try:
            self._sink.write(protocol.pack(reply))
            self._sink.flush()
        except OSError:
            os._exit(0)


def serve(folder: Path, device: str, threads: int, inbox: Inbox, outbox: Outbox) -> None:
    """Load the model, then draw what is asked, one job after the other, for ever."""
    from backend.core.process import configure_process
    from backend.starflow.video import VideoFlow

    configure_process(threads)
    try:
        flow = VideoFlow.load(folder, device)
    except MotionFanError as error:
        outbox.send(Refusal(0, error.code, error.message, error.hint))
        return
    outbox.send(Ready(_pace(flow)))
    while True:
        job = inbox.next()
        try:
            inbox.check(job.number)
            outbox.send(_draw(flow, job, inbox, outbox))
        except Abandoned:
            outbox.send(Refusal(job.number, "cancelled", "Nobody waits for this any more.", ""))
        except MotionFanError as error:
            outbox.send(Refusal(job.number, error.code, error.message, error.hint))
        except Exception:
            traceback.print_exc()
            outbox.send(Refusal(job.number, "video_failed", "The drawing failed.", "Try again; the server's log says more."))


def sheet(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay `[K, T, S, S, 3]` out: one row a future, one column a frame."""
    count, steps, size = frames.shape[:3]
    return frames.transpose(0, 2, 1, 3, 4).reshape(count * size, steps * size, 3)


def _draw(flow: VideoFlow, job: Job, inbox: Inbox, outbox: Outbox) -> Sheet:
    from backend.starflow.video import Drawing

    def progress(share: float) -> None:
        inbox.check(job.number)
        outbox.send(Share(job.number, DRAWN * share))

    began = time.monotonic()
    drawing = Drawing(job.caption, job.guidance, job.temperature, job.seed)
    if job.context:
        context = np.frombuffer(job.context, np.uint8).reshape(-1, job.size, job.size, 3).copy()
        frames = flow.futures(context, job.count, job.steps, drawing, progress)
    else:
        frames = flow.imagine(job.count, job.steps, drawing, progress)
    return Sheet(job.number, jpeg(sheet(frames), QUALITY), time.monotonic() - began)


def _pace(flow: VideoFlow) -> float:
    """Seconds that a unit of effort takes here."""
    job = Job(0, b"", flow.size, 1, TRIAL, "", 0.0, 1.0, 0)
    grey = np.full((1, flow.size, flow.size, 3), 128, np.uint8)
    flow.futures(grey, job.count, 1)  # the first one takes longer
    began = time.monotonic()
    flow.futures(grey, job.count, job.steps)
    return (time.monotonic() - began) / job.effort


def main() -> None:
    """Serve whoever started this process."""
    folder, device, threads = sys.argv[1:]
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    # What libraries print goes to the log: standard output belongs to the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Path(folder), device, int(threads), Inbox(sys.stdin.buffer), Outbox(answers))


if __name__ == "__main__":
    main()
