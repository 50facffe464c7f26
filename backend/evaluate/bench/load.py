"""`motionfan load`: many sessions against a running server, each sending a bundled recording at the camera's rate."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import pairwise

import numpy as np
import simplejpeg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import FloatArray
from backend.evaluate.report.report import Metric, Report
from backend.server import protocol
from backend.server.http.recordings import RECORDINGS
from backend.server.protocol import Ack, Failure, Landmarks, Message, Ready, SheetHead

PARTS = 10
"""The run is cut into this many parts, to show whether latencies grow with time."""

FPS = 25.0
HTTP_TIMEOUT_S = 30.0
START_TIMEOUT_S = 30.0


@dataclass
class SessionLog:
    """What one session measured: times in seconds since it began, latencies in ms from capture to the decoded sheet."""

    displayed_at: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    heads: list[SheetHead] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sent: int = 0
    ready_ms: float = 0.0


def load(url: str, *, sessions: int, seconds: float) -> Report:
    """Play recordings to a server and measure what comes back.

    Args:
        url: address of a running server.
        sessions: how many at once.
        seconds: how long each plays.

    Returns:
        Figures of all sessions together (`all`) and of each; `per_step` holds ten equal parts of the run in turn.

    Raises:
        InputError: `server_unreachable`, or what the server refused a session with.
    """
    logs = asyncio.run(_run(url.rstrip("/"), sessions, seconds))
    results = {"all": figures(logs, seconds)}
    if sessions > 1:
        results |= {f"session_{number}": figures([log], seconds) for number, log in enumerate(logs, 1)}
    return Report("load", {"url": url, "sessions": sessions, "seconds": seconds}, results, device=f"server at {url}")


def figures(logs: list[SessionLog], seconds: float) -> dict[str, Metric]:
    """Reduce the logs of sessions to figures; rates are per session."""
    heads = [head for log in logs for head in log.heads]
    last = [log.heads[-1].counts for log in logs if log.heads]
    at = np.array([when for log in logs for when in log.displayed_at])
    latency = np.array([ms for log in logs for ms in log.latencies])
    found = {
        "ready_ms": Metric(max(log.ready_ms for log in logs)),
        "frames_sent": Metric(sum(log.sent for log in logs)),
        "frames_received": Metric(sum(count.received for count in last)),
        "frames_processed": Metric(sum(count.processed for count in last)),
        "frames_dropped": Metric(sum(count.dropped for count in last)),
        "errors": Metric(sum(len(log.errors) for log in logs)),
        "sheets_per_s": Metric(len(heads) / seconds / len(logs)),
        "future_sheets_per_s": Metric(sum(head.step > 0 for head in heads) / seconds / len(logs)),
    }
    if len(latency) == 0:
        return found
    parts = [latency[(low <= at) & (at < high)] for low, high in pairwise(np.linspace(0, seconds, PARTS + 1))]
    for name, share in (("p50", 50), ("p95", 95)):
        per_part = [round(float(np.percentile(part, share)), 1) for part in parts if len(part)]
        found[f"capture_to_draw_{name}_ms"] = Metric(float(np.percentile(latency, share)), per_step=per_part)
    for stage in ("wait", "observe", "forecast", "render", "encode"):
        found[f"{stage}_ms"] = Metric(float(np.mean([getattr(head.stages, stage) for head in heads])))
    found["tile_px"] = Metric(float(np.mean([head.tile for head in heads])))
    found["stride"] = Metric(float(np.mean([head.stride for head in heads])))
    return found


async def _run(url: str, sessions: int, seconds: float) -> list[SessionLog]:
    recordings = [Recording.load(path) for path in sorted(RECORDINGS.glob("*.npz"))]
    opened = [await asyncio.to_thread(_open_session, url) for _ in range(sessions)]
    played = [_play(url, path, recordings[i % len(recordings)], seconds) for i, path in enumerate(opened)]
    try:
        return list(await asyncio.gather(*played))
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        raise InputError(
            "server_unreachable", f"The connection to {url} failed: {error}.", "Is `motionfan serve` running?"
        ) from None


def _open_session(url: str) -> str:
    """Open a session over HTTP and return the path of its socket."""
    try:
        request = urllib.request.Request(f"{url}/api/sessions", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as answer:
                return str(json.load(answer)["ws"])
        except urllib.error.HTTPError as error:
            body = json.loads(error.read())
            refusal = InputError(body["code"], body["message"], body["hint"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        # Also where another program answers, without our routes or our JSON.
        raise InputError(
            "server_unreachable", f"No MotionFan answers at {url} ({error}).", "Start it: motionfan serve."
        ) from None
    raise refusal


async def _play(url: str, path: str, recording: Recording, seconds: float) -> SessionLog:
    """Run one session: send landmarks and receive sheets."""
    log = SessionLog()
    asked = time.monotonic()
    async with connect(url.replace("http", "ws", 1) + path, compression=None, max_size=None, proxy=None) as socket:
        async with asyncio.timeout(START_TIMEOUT_S):
            first = protocol.decode_server(await socket.recv(decode=False))
        if not isinstance(first.head, Ready):
            raise InputError(first.head.code, first.head.message, first.head.hint)
        start = time.monotonic()
        log.ready_ms = (start - asked) * 1000
        client = _LoadClient(socket, log, start, first.epoch)
        receiving = asyncio.create_task(client.receive())
        try:
            await client.send_frames(recording, seconds)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
    return log


class _LoadClient:
    """The sending and the receiving task of a session, which share the message counter."""

    def __init__(self, socket: ClientConnection, log: SessionLog, start: float, epoch: int) -> None:
        self._socket = socket
        self._log = log
        self._start = start
        self._epoch = epoch
        self._seq = 0

    async def send_frames(self, recording: Recording, seconds: float) -> None:
        """Send frames at their times; late ones are not caught up with."""
        for landmarks in _there_and_back(recording):
            now = time.monotonic() - self._start
            if now >= seconds:
                return
            await self._send(Landmarks(now * 1000), protocol.quantise(landmarks))
            self._log.sent += 1
            await asyncio.sleep(max(0.0, 1 / FPS - (time.monotonic() - self._start - now)))

    async def receive(self) -> None:
        """Decode sheets, and acknowledge each as displayed."""
        log = self._log
        async for data in self._socket:
            message = protocol.decode_server(data if isinstance(data, bytes) else data.encode())
            if isinstance(message.head, Failure):
                log.errors.append(message.head.code)
            if not isinstance(message.head, SheetHead):
                continue
            _, picture = protocol.sheet(message)
            if picture:
                simplejpeg.decode_jpeg(picture, colorspace="RGB")
            now = time.monotonic() - self._start
            log.displayed_at.append(now)
            log.latencies.append(now * 1000 - message.head.t)
            log.heads.append(message.head)
            await self._send(Ack(message.seq))

    async def _send(self, head: object, payload: bytes = b"") -> None:
        self._seq += 1
        await self._socket.send(protocol.encode(Message(self._epoch, self._seq, head, payload)))


def _there_and_back(recording: Recording) -> Iterator[FloatArray]:
    """Yield the recording forwards, then backwards, and so on: motion without a jump."""
    frames = recording.landmarks
    while True:
        yield from frames[:-1]
        yield from frames[:0:-1]
