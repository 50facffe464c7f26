"""What the server and the process that draws video say to each other: bytes <-> messages, without any I/O."""

from __future__ import annotations

import struct

import msgspec

HEAD = struct.Struct("<I")
"""Goes before every message: how many bytes it has."""


class Job(msgspec.Struct, frozen=True, tag=True):
    """Draw this.

    Attributes:
        number: of the job; every answer names it.
        context: frames to go on from, `[T, S, S, 3]` bytes RGB; empty to draw from the caption alone.
        size: S.
        count: K, how many futures.
        steps: frames of each, at 12.5 Hz.
        caption, guidance, temperature, seed: as `backend.starflow.video.Drawing`.
    """

    number: int
    context: bytes
    size: int
    count: int
    steps: int
    caption: str
    guidance: float
    temperature: float
    seed: int

    @property
    def effort(self) -> float:
        """How much work it is, in units of about one frame of one future."""
        guided = 2 if self.caption and self.guidance else 1
        return guided * self.steps * (0.2 + self.count)


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for this job any more."""

    number: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded; a unit of effort takes `pace` seconds."""

    pace: float


class Share(msgspec.Struct, frozen=True, tag=True):
    """This share of a job, in [0, 1], is done."""

    number: int
    share: float


class Sheet(msgspec.Struct, frozen=True, tag=True):
    """A job's JPEG, one row a future, one column a frame; and the seconds that it took to draw."""

    number: int
    jpeg: bytes
    seconds: float


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """A job that cannot be done, as `MotionFanError` words it; number 0: the model cannot be loaded, and nothing can."""

    number: int
    code: str
    message: str
    hint: str


Order = Job | Cancel
Reply = Ready | Share | Sheet | Refusal

_encoder = msgspec.msgpack.Encoder()
_orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def pack(message: Order | Reply) -> bytes:
    """Return a message with its head."""
    body = _encoder.encode(message)
    return HEAD.pack(len(body)) + body


def length(head: bytes) -> int:
    """Bytes of the message that follows a head."""
    (count,) = HEAD.unpack(head)
    return int(count)


def order(body: bytes) -> Order:
    """Read what the server says."""
    return _orders.decode(body)


def reply(body: bytes) -> Reply:
    """Read what the drawing process says."""
    return _replies.decode(body)
