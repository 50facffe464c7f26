"""Messages between the server and the process that samples video: bytes <-> messages, without any I/O."""

from __future__ import annotations

import struct
from collections.abc import Callable

import msgspec

HEAD = struct.Struct("<I")
"""Precedes every message: its length in bytes."""


class JobSpec(msgspec.Struct, frozen=True, tag=True):
    """An order for video."""

    number: int  # every reply to the job names it
    context: bytes  # frames to continue, `[T, S, S, 3]` bytes RGB; empty to sample from the caption alone
    size: int  # S
    count: int  # K, how many futures
    steps: int  # frames of each, at 12.5 Hz
    # caption, guidance, temperature, seed: as `backend.starflow.video.SamplingSettings`
    caption: str
    guidance: float
    temperature: float
    seed: int

    @property
    def cost(self) -> float:
        """Amount of work, in units of about one frame of one future."""
        guided = 2 if self.caption and self.guidance else 1
        return guided * self.steps * (0.2 + self.count)


class CancelJob(msgspec.Struct, frozen=True, tag=True):
    """Abort this job: its client has left."""

    number: int


class ModelLoaded(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded; a unit of `JobSpec.cost` takes this many seconds."""

    unit_s: float


class JobProgress(msgspec.Struct, frozen=True, tag=True):
    """This share of a job, in [0, 1], is done."""

    number: int
    share: float


class JobDone(msgspec.Struct, frozen=True, tag=True):
    """A job's JPEG, one row a future, one column a frame; and the seconds that it took."""

    number: int
    jpeg: bytes
    seconds: float


class JobFailed(msgspec.Struct, frozen=True, tag=True):
    """An error of a job, worded as a `MotionFanError`; number 0: the model cannot be loaded."""

    number: int
    code: str
    message: str
    hint: str


Command = JobSpec | CancelJob
Reply = ModelLoaded | JobProgress | JobDone | JobFailed

decode_command: Callable[[bytes], Command] = msgspec.msgpack.Decoder(Command).decode
decode_reply: Callable[[bytes], Reply] = msgspec.msgpack.Decoder(Reply).decode


def encode(message: Command | Reply) -> bytes:
    """Return a message with its head."""
    body = msgspec.msgpack.encode(message)
    return HEAD.pack(len(body)) + body


def length(head: bytes) -> int:
    """Bytes of the message that follows a head."""
    return int(HEAD.unpack(head)[0])
