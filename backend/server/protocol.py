"""The WebSocket protocol, version 1: bytes <-> messages, without any I/O.

Every message, both ways, is a 12-byte little-endian prelude (`version u8, kind u8, epoch u16, seq u32, head u32`), `head`
bytes of JSON, and a payload that takes the rest. The *epoch* counts changes of portrait and source: sheets of
another epoch are discarded. Coordinates travel as u16, q -> q / 65535 * 4 - 2, so they cover [-2, 2] in crop units.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.json import decode_json
from backend.core.types import LANDMARKS, FloatArray, ForecastSettings, Way

VERSION = 1
PRELUDE = struct.Struct("<BBHII")
MAX_CLIENT_MESSAGE = 16 * 1024
"""Bytes; a landmarks message takes less than 3 KB."""

COORDINATE_LIMIT = 2.0
LANDMARK_BYTES = LANDMARKS * 3 * 2


class Landmarks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One camera frame. `t`: capture time in ms of the client's clock. The payload is empty if no face was found."""

    t: float


class Ack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sheet `drawn` and all earlier ones were displayed."""

    drawn: int


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next frame shows the neutral face that motion is measured from."""


class Ping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for a `Pong` with the same `t`."""

    t: float


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Motion now comes from `camera` or from the bundled recording of that name; the motion so far is discarded."""

    name: str


class Drawing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The client wants the sheets from now on to be sent in this way."""

    way: Way


class PortraitSize(msgspec.Struct, frozen=True):
    """Side lengths in pixels of the cropped portrait; 0 if only the client has its picture."""

    width: int
    height: int


class Ready(msgspec.Struct, frozen=True):
    """The session is open, or its epoch rose. `keypoints`: N; `models`: name and headline of every model."""

    session: str
    epoch: int
    settings: ForecastSettings
    keypoints: int
    portrait: PortraitSize
    models: dict[str, str]


class Stages(msgspec.Struct, frozen=True):
    """Milliseconds that a sheet spent in each stage on the server."""

    wait: float
    observe: float
    forecast: float
    render: float
    encode: float


class Counts(msgspec.Struct, frozen=True):
    """Frames of the session so far: `received` from the client, `processed` into a sheet, `dropped` in between."""

    received: int
    processed: int
    dropped: int


class Verdict(msgspec.Struct, frozen=True):
    """Errors of the futures of a finished round, the `generation`: mean keypoint distance, crop units.

    Attributes:
        errors: of every future.
        best: index of the smallest.
        together: of all futures as one forecast (`weighted_energy_score`); the one to compare with a single guess.
        copy_last: of the single guess that nothing moves.
    """

    generation: int
    errors: list[float]
    best: int
    together: float
    copy_last: float


class LayersHead(msgspec.Struct, frozen=True):
    """Sizes of a sheet's layers: sides in pixels of `flow`, of alpha and paint (`side`), and of a `crop`; P `crops` a frame.

    `flow_bytes`: of the compressed optical flow. See `live/layers.py` for the payload.
    """

    flow: int
    side: int
    crops: int
    crop: int
    flow_bytes: int


class SheetHead(msgspec.Struct, frozen=True):
    """The contents of a sheet. Payload: the fan (`K * H * N * 2` u16), then one JPEG with all tiles, row-major; in the ways
    `layers` and `keypoints`, what `live/layers.py` and `live/keypoints.py` pack instead of the JPEG.

    `t` and `source` echo the capture time and sequence number of the frame it was made from; `generation` numbers the rounds
    of futures, 0 for none, and `age` counts the clock ticks since the round began, so that a page that joins in its middle
    knows its beginning; `step` (1..H) is the step of the future tiles, 0 for none; tile number `present` is the present,
    the K futures follow. `flags`: `warming` (too few frames to forecast), `overloaded` (some sheets come without tiles), and
    about refinement by MCMC `under_refined` (it changes nothing) or `over_refined` (its futures are no longer plausible).
    `shares`: for each future of the tiles, the part of its method's `drawn` draws that is nearest to it; those of a method
    descend and sum to 1. Without a choice among draws they are empty and 0. `paths`: see `live/keypoints.py`; there `tiles`
    counts the frames that the client renders.
    """

    t: float
    source: int
    tick: int
    generation: int
    step: int
    tiles: int
    tile: int
    columns: int
    methods: list[str]
    horizon: int
    fan: tuple[int, int, int]
    stages: Stages
    counts: Counts
    stride: int
    present: int = 0
    surprise: float | None = None
    acceptance: float | None = None
    verdict: Verdict | None = None
    flags: list[str] = []
    shares: list[float] = []
    drawn: int = 0
    way: Way = "pictures"
    layers: LayersHead | None = None
    paths: tuple[int, int, int] = (0, 0, 0)
    age: int = 0


class Failure(msgspec.Struct, frozen=True):
    """An error. After a `fatal` one the server closes the connection."""

    code: str
    message: str
    hint: str
    fatal: bool = False


class Pong(msgspec.Struct, frozen=True):
    """The answer to a `Ping`."""

    t: float


CLIENT: dict[int, type] = {1: Landmarks, 2: ForecastSettings, 3: Ack, 4: Reference, 5: Ping, 6: Source, 7: Drawing}
SERVER: dict[int, type] = {65: Ready, 66: SheetHead, 67: Failure, 69: Pong}
_KIND = {head: kind for kind, head in (CLIENT | SERVER).items()}
_DECODER: dict[int, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(head) for kind, head in (CLIENT | SERVER).items()}


@dataclass(frozen=True)
class Message:
    """One message: `head` is an instance of a class in `CLIENT` or `SERVER`."""

    epoch: int
    seq: int
    head: Any
    payload: bytes = b""


def encode(message: Message) -> bytes:
    """Return the bytes of a client's or server's message."""
    head = msgspec.json.encode(message.head)
    kind = _KIND[type(message.head)]
    return PRELUDE.pack(VERSION, kind, message.epoch, message.seq, len(head)) + head + message.payload


def is_ack(data: bytes | None) -> bool:
    """Return whether these bytes are marked as an acknowledgement, without decoding them."""
    return data is not None and data[:2] == bytes((VERSION, _KIND[Ack]))


def decode_client(data: bytes) -> Message:
    """Decode a client's message; raises `message_too_large`, and the errors of `decode_server`."""
    if len(data) > MAX_CLIENT_MESSAGE:
        raise InputError("message_too_large", f"A message may have at most {MAX_CLIENT_MESSAGE} bytes, not {len(data)}.")
    message = _decode(data, CLIENT)
    allowed = (0, LANDMARK_BYTES) if isinstance(message.head, Landmarks) else (0,)
    if len(message.payload) not in allowed:
        raise InputError("payload_size", f"The payload has {len(message.payload)} bytes; expected {allowed[-1]}.")
    return message


def decode_server(data: bytes) -> Message:
    """Decode a server's message.

    Raises:
        InputError: `message_too_short`, `version_unknown`, `kind_unknown`, `head_invalid`, `payload_size`.
    """
    message = _decode(data, SERVER)
    if isinstance(message.head, SheetHead):
        k, h, n = message.head.fan
        if min(k, h, n) < 0 or len(message.payload) < k * h * n * 4:
            raise InputError("payload_size", "The sheet is shorter than its fan.")
    return message


def _decode(data: bytes, kinds: dict[int, type]) -> Message:
    if len(data) < PRELUDE.size:
        raise InputError("message_too_short", f"A message has {PRELUDE.size} bytes or more, not {len(data)}.")
    version, kind, epoch, seq, head_size = PRELUDE.unpack_from(data)
    if version != VERSION:
        raise InputError("version_unknown", f"This side speaks protocol version {VERSION}, not {version}.", "Reload the page.")
    if kind not in kinds:
        raise InputError("kind_unknown", f"There is no message of kind {kind}.")
    if head_size > len(data) - PRELUDE.size:
        raise InputError("head_invalid", f"The head should have {head_size} bytes, but the message ends before.")
    end = PRELUDE.size + head_size
    wrong = InputError("head_invalid", f"The head of a {kinds[kind].__name__} message is wrong")
    head = decode_json(data[PRELUDE.size : end], _DECODER[kind], wrong)
    return Message(epoch, seq, head, data[end:])


def quantise(coordinates: NDArray[np.floating[Any]]) -> bytes:
    """Pack finite coordinates as little-endian u16; values outside [-2, 2] are clipped."""
    unit = np.clip((coordinates + COORDINATE_LIMIT) / (2 * COORDINATE_LIMIT), 0.0, 1.0)
    return bytes(np.rint(unit * 65535.0).astype("<u2").tobytes())


def dequantise(data: bytes) -> FloatArray:
    """Unpack u16 to a flat float32 array in [-2, 2], within 1/32767 of the values before `quantise`."""
    packed = np.frombuffer(data, "<u2").astype(np.float32)
    return packed * np.float32(2 * COORDINATE_LIMIT / 65535.0) - np.float32(COORDINATE_LIMIT)


def landmarks(message: Message) -> FloatArray | None:
    """Return the `[478, 3]` landmarks of a `Landmarks` message; None if no face was found."""
    return dequantise(message.payload).reshape(LANDMARKS, 3) if message.payload else None


def sheet(message: Message) -> tuple[FloatArray, bytes]:
    """Split a sheet's payload into the fan `[K, H, N, 2]` and the JPEG, layers or keypoints (empty without tiles)."""
    k, h, n = message.head.fan
    size = k * h * n * 4
    return dequantise(message.payload[:size]).reshape(k, h, n, 2), message.payload[size:]
