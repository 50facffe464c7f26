"""Clients that strain a server beside the measured ones: some read slowly, some are hostile. Both end by count or time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

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

OpenSocket = Callable[[], Awaitable[str]]
"""Opens a session and returns the address of its socket; raises `InputError` if it is refused."""


@dataclass
class CrowdLog:
    """What the crowd did: messages sent, connections that the server closed, and refused sessions by code."""

    sent: int = 0
    closed: int = 0
    refused: dict[str, int] = field(default_factory=dict)


async def read_slowly(open_socket: OpenSocket, recording: Recording, seconds: float, log: CrowdLog) -> None:
    """Send motion at the camera's rate, and read one message a second.

    Args:
        open_socket: opens a session.
        recording: the motion.
        seconds: how long.
        log: gets what happened.
    """
    end = time.monotonic() + seconds
    with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
        address = await _admitted(open_socket, log)
        if address is None:
            return
        # A short queue, so that messages stay unread in the sockets and not here.
        async with connect(address, compression=None, max_size=None, max_queue=1, proxy=None, ping_interval=None) as socket:
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


async def attack(open_socket: OpenSocket, seconds: float, log: CrowdLog, random: Random) -> None:
    """Send broken, torn, reordered and too large messages, and come back when the server closes the connection.

    Args:
        open_socket: opens a session.
        seconds: how long.
        log: gets what happened.
        random: makes the messages.
    """
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end and sent < MAX_MESSAGES:
        with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
            address = await _admitted(open_socket, log)
            if address is None:
                await asyncio.sleep(1.0)
                continue
            async with connect(address, compression=None, max_size=None, proxy=None) as socket:
                while time.monotonic() < end and sent < MAX_MESSAGES:
                    await socket.send(_broken(random))
                    sent, log.sent = sent + 1, log.sent + 1
                    await asyncio.sleep(PAUSE_S)
                return
        log.closed += 1


async def _admitted(open_socket: OpenSocket, log: CrowdLog) -> str | None:
    try:
        return await open_socket()
    except InputError as error:
        log.refused[error.code] = log.refused.get(error.code, 0) + 1
        return None


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
