"""Clients that strain a server beside the measured ones: some read slowly, some are hostile. Both end by count or time."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.server import protocol
from backend.server.protocol import Drawing, Landmarks, Message, Ping

SLOW_S = 1.0
"""Seconds between two messages that a slow client reads."""

MAX_MESSAGES = 10_000
"""Messages that one hostile client sends."""

PAUSE_S = 0.005
"""Seconds between two of its messages: 200 a second, more than the server reads."""

UPLOAD_S = 1.0
"""Seconds between two of its uploads."""

REFUSALS = ("portrait_", "portraits_", "too_many_")
"""How the codes begin that a bad picture should get."""


class Target(Protocol):
    """The server, as a client of the crowd sees it."""

    async def open(self) -> Invitation:
        """Open a session; raises `InputError` if it is refused."""

    async def upload(self, session: str, picture: bytes) -> str:
        """Send a portrait, and return the code of the refusal; an empty one if it was taken."""


@dataclass(frozen=True)
class Invitation:
    """An opened session: its id, and the address of its socket."""

    session: str
    address: str


@dataclass
class CrowdLog:
    """What the crowd did.

    Attributes:
        sent: messages.
        closed: connections that the server closed.
        uploads: bad pictures that were sent.
        mistaken: bad pictures that were not refused as such.
        refused: sessions, by code.
    """

    sent: int = 0
    closed: int = 0
    uploads: int = 0
    mistaken: int = 0
    refused: Counter[str] = field(default_factory=Counter)


async def read_slowly(target: Target, recording: Recording, seconds: float, log: CrowdLog) -> None:
    """Send motion at the camera's rate, and read one message a second.

    Args:
        target: the server.
        recording: the motion.
        seconds: how long.
        log: gets what happened.
    """
    end = time.monotonic() + seconds
    with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
        invitation = await _admitted(target, log)
        if invitation is None:
            return
        # A short queue, so that messages stay unread in the sockets and not here.
        async with connect(
            invitation.address, compression=None, max_size=None, max_queue=1, proxy=None, ping_interval=None
        ) as socket:
            await socket.send(protocol.encode(Message(1, 1, Drawing("pictures"))))
            read, number = time.monotonic(), 1
            while time.monotonic() < end:
                number += 1
                frame = recording.landmarks[number % len(recording.landmarks)]
                await socket.send(protocol.encode(Message(1, number, Landmarks(number * 40.0), protocol.quantise(frame))))
                log.sent += 1
                if time.monotonic() - read >= SLOW_S:
                    await socket.recv()
                    read = time.monotonic()
                await asyncio.sleep(0.04)
            return
    log.closed += 1


async def attack(target: Target, seconds: float, log: CrowdLog, random: Random) -> None:
    """Send broken, torn, reordered and too large messages, and bad pictures; come back when the server closes the connection.

    Args:
        target: the server.
        seconds: how long.
        log: gets what happened.
        random: makes the messages.
    """
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end and sent < MAX_MESSAGES:
        with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
            invitation = await _admitted(target, log)
            if invitation is None:
                await asyncio.sleep(1.0)
                continue
            uploading = asyncio.create_task(_upload(target, invitation.session, log, random))
            try:
                async with connect(invitation.address, compression=None, max_size=None, proxy=None) as socket:
                    while time.monotonic() < end and sent < MAX_MESSAGES:
                        await socket.send(_broken(random))
                        sent, log.sent = sent + 1, log.sent + 1
                        await asyncio.sleep(PAUSE_S)
                    return
            finally:
                uploading.cancel()
        log.closed += 1


async def _upload(target: Target, session: str, log: CrowdLog, random: Random) -> None:
    """Send one bad picture after another."""
    while True:
        code = await target.upload(session, _bad_picture(random))
        log.uploads += 1
        log.mistaken += not code.startswith(REFUSALS)
        await asyncio.sleep(UPLOAD_S)


async def _admitted(target: Target, log: CrowdLog) -> Invitation | None:
    try:
        return await target.open()
    except InputError as error:
        log.refused[error.code] += 1
        return None


def _bad_picture(random: Random) -> bytes:
    """Return what is no picture of a face: random bytes, a picture that unpacks to gigabytes, one cut off, or an empty one."""
    match random.randrange(4):
        case 0:
            return random.randbytes(50_000)
        case 1:
            return _png(60_000, 60_000, b"")
        case 2:
            whole = _png(64, 64, bytes(64 * 193))
            return whole[: random.randrange(8, len(whole) - 20)]
    return _png(512, 512, bytes(512 * 1537))


def _png(width: int, height: int, rows: bytes) -> bytes:
    """Return a PNG file of 8-bit RGB whose header says this size; `rows` may hold less."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _broken(random: Random) -> bytes:
    """Return a message that no server should accept, or one in the wrong order."""
    whole = protocol.encode(Message(random.randrange(65536), random.randrange(2**32), Ping(random.random())))
    match random.randrange(5):
        case 0:
            return random.randbytes(random.randrange(200))
        case 1:
            return whole[: random.randrange(len(whole))]
        case 2:
            return whole + random.randbytes(20_000)
        case 3:
            at = random.randrange(len(whole))
            return whole[:at] + random.randbytes(1) + whole[at + 1 :]
    return whole
