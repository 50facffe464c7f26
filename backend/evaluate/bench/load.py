"""`motionfan load`: many sessions against a running server, each sending a bundled recording at the camera's rate."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import cycle, pairwise
from random import Random

import msgspec
import numpy as np
import simplejpeg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import ForecastSettings, Way
from backend.evaluate.bench.crowd import CrowdLog, attack, read_slowly
from backend.evaluate.bench.target import Server, server_cost, server_figures
from backend.evaluate.report.report import Metric, Report
from backend.server import protocol
from backend.server.http.recordings import RECORDINGS
from backend.server.live.keypoints import unpack_keypoints
from backend.server.live.layers import unpack
from backend.server.protocol import Ack, Drawing, Failure, Landmarks, Message, Ready, SheetHead

PARTS = 10
"""Latencies are given for this many parts of the run, to show whether they grow with time."""

FPS = 25.0
MARK_MS = 1e8
"""Between the clocks of two sessions, more than a day: a sheet whose capture time is another's shows that sessions mix."""

START_TIMEOUT_S = 30.0


@dataclass
class SessionLog:
    """What one session measured; sheets are listed with the time in ms, since the session began, when they were decoded."""

    sheets: list[tuple[float, SheetHead]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign: int = 0  # sheets of another session's frames
    sent: int = 0
    received: int = 0  # bytes of sheets
    ready_ms: float = 0.0


@dataclass
class Line:
    """A session's open socket, its epoch, and the number of its last message."""

    socket: ClientConnection
    epoch: int
    number: int = 0
    mark: float = 0.0  # ms on the session's clock when it began: sheets echo it, so they show whose they are

    async def send(self, head: object, payload: bytes = b"") -> None:
        """Send a message of the newest epoch."""
        self.number += 1
        await self.socket.send(protocol.encode(Message(self.epoch, self.number, head, payload)))


@dataclass(frozen=True)
class LoadPlan:
    """What plays to a server.

    Attributes:
        sessions: how many are measured at once.
        seconds: how long each plays.
        way: in which their sheets are sent.
        settings: of their forecasts; None for the server's own.
        ramp: seconds over which they join, one after another.
        slow: further clients that read one message a second.
        hostile: further clients that send broken messages.
    """

    sessions: int
    seconds: float
    way: Way = "pictures"
    settings: ForecastSettings | None = None
    ramp: float = 0.0
    slow: int = 0
    hostile: int = 0


def load(url: str, plan: LoadPlan) -> Report:
    """Play recordings to the running server at an address and measure what comes back.

    Returns:
        Figures of all sessions together (`all`) and of each; `per_step` holds ten equal parts of the run in turn. `crowd`
        tells what the slow and hostile clients did, `machine` what the load itself cost, and the server if it is on this
        machine.

    Raises:
        InputError: `server_unreachable`, or what the server refused a session with.
    """
    url = url.rstrip("/")
    before, used = server_figures(url), time.process_time()
    logs, crowd = asyncio.run(_run(url, plan))
    used, after = time.process_time() - used, server_figures(url)
    results = {"all": figures(logs, plan.seconds)}
    if plan.sessions > 1:
        results |= {f"session_{number}": figures([log], plan.seconds) for number, log in enumerate(logs, 1)}
    if plan.slow or plan.hostile:
        results["crowd"] = {
            "frames_sent": Metric(crowd.sent),
            "closed": Metric(crowd.closed),
            "bad_pictures": Metric(crowd.uploads),
            "bad_pictures_mistaken": Metric(crowd.mistaken),
            **by_code("refused", crowd.refused),
        }
    lasted = plan.seconds + plan.ramp
    results["machine"] = {"load_cores": Metric(used / lasted), **server_cost(before, after, lasted)}
    return Report("load", {"url": url, **asdict(plan)}, results, device=f"server at {url}")


def figures(logs: list[SessionLog], seconds: float) -> dict[str, Metric]:
    """Reduce the logs of sessions to figures; rates are per session."""
    heads = [head for log in logs for _, head in log.sheets]
    last = [log.sheets[-1][1].counts for log in logs if log.sheets]
    at = np.array([ms for log in logs for ms, _ in log.sheets])
    found = {
        "ready_ms": Metric(max(log.ready_ms for log in logs)),
        "frames_sent": Metric(sum(log.sent for log in logs)),
        "frames_received": Metric(sum(counts.received for counts in last)),
        "frames_processed": Metric(sum(counts.processed for counts in last)),
        "frames_dropped": Metric(sum(counts.dropped for counts in last)),
        "bytes_per_s": Metric(sum(log.received for log in logs) / seconds / len(logs)),
        **by_code("errors", Counter(code for log in logs for code in log.errors)),
        "sheets": Metric(len(heads)),
        "foreign_sheets": Metric(sum(log.foreign for log in logs)),
        "sheets_per_s": Metric(len(heads) / seconds / len(logs)),
        "future_sheets_per_s": Metric(sum(head.step > 0 for head in heads) / seconds / len(logs)),
    }
    if not heads:
        return found
    latency = at - [head.t for head in heads]  # from capture to the decoded sheet
    parts = [latency[(low <= at) & (at < high)] for low, high in pairwise(np.linspace(0, 1000 * seconds, PARTS + 1))]
    for name, share in (("p50", 50), ("p95", 95), ("p99", 99)):
        per_part = [round(float(np.percentile(part, share)), 1) for part in parts if len(part)]
        found[f"capture_to_draw_{name}_ms"] = Metric(float(np.percentile(latency, share)), per_step=per_part)
    for stage in ("wait", "observe", "forecast", "render", "encode"):
        found[f"{stage}_ms"] = Metric(float(np.mean([getattr(head.stages, stage) for head in heads])))
    return found | {
        "tile_px": Metric(float(np.mean([head.tile for head in heads]))),
        "stride": Metric(float(np.mean([head.stride for head in heads]))),
    }


def by_code(name: str, codes: Counter[str]) -> dict[str, Metric]:
    """Return how many there were in all, and of each code."""
    return {name: Metric(codes.total())} | {f"{name}_{code}": Metric(count) for code, count in sorted(codes.items())}


async def _run(url: str, plan: LoadPlan) -> tuple[list[SessionLog], CrowdLog]:
    recordings = [Recording.load(path) for path in sorted(RECORDINGS.glob("*.npz"))]
    crowd, server = CrowdLog(), Server(url)
    invitations = [await server.open() for _ in range(plan.sessions)] if not plan.ramp else []

    async def play(number: int) -> SessionLog:
        await asyncio.sleep(plan.ramp * number / plan.sessions)
        invitation = invitations[number] if invitations else await server.open()
        return await _play(invitation.address, recordings[number % len(recordings)], plan, number)

    strain = [asyncio.create_task(read_slowly(server, recordings[0], plan.seconds, crowd)) for _ in range(plan.slow)]
    strain += [asyncio.create_task(attack(server, plan.seconds, crowd, Random(i))) for i in range(plan.hostile)]
    try:
        logs = list(await asyncio.gather(*(play(number) for number in range(plan.sessions))))
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        message = f"The connection to {url} failed: {error}."
        raise InputError("server_unreachable", message, "Is `motionfan serve` running?") from None
    finally:
        for task in strain:
            task.cancel()
        await asyncio.gather(*strain, return_exceptions=True)
    return logs, crowd


async def _play(address: str, recording: Recording, plan: LoadPlan, number: int) -> SessionLog:
    """Run one session: send landmarks and receive sheets."""
    log = SessionLog()
    asked = time.monotonic()
    async with connect(address, compression=None, max_size=None, proxy=None) as socket:
        async with asyncio.timeout(START_TIMEOUT_S):
            first = protocol.decode_server(await socket.recv(decode=False))
        if not isinstance(first.head, Ready):
            raise InputError(first.head.code, first.head.message, first.head.hint)
        start = time.monotonic()
        log.ready_ms = (start - asked) * 1000
        line = Line(socket, first.epoch, mark=MARK_MS * number)
        await line.send(Drawing(plan.way))
        if plan.settings is not None:
            await line.send(plan.settings)
        receiving = asyncio.create_task(_receive(line, log, start))
        try:
            await _send_frames(line, log, start, recording, plan.seconds)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
    return log


async def _send_frames(line: Line, log: SessionLog, start: float, recording: Recording, seconds: float) -> None:
    """Send frames at their times; late ones are not caught up with."""
    frames = recording.landmarks
    for landmarks in cycle([*frames[:-1], *frames[:0:-1]]):  # forwards, then backwards: motion without a jump
        now = time.monotonic() - start
        if now >= seconds:
            return
        await line.send(Landmarks(line.mark + now * 1000), protocol.quantise(landmarks))
        log.sent += 1
        await asyncio.sleep(max(0.0, 1 / FPS - (time.monotonic() - start - now)))


async def _receive(line: Line, log: SessionLog, start: float) -> None:
    """Decode sheets, and acknowledge each as displayed."""
    async for data in line.socket:
        message = protocol.decode_server(data if isinstance(data, bytes) else data.encode())
        head = message.head
        if isinstance(head, Ready):
            line.epoch = head.epoch  # The server has started its models again.
        if isinstance(head, Failure):
            log.errors.append(head.code)
        if isinstance(head, SheetHead):
            _, payload = protocol.sheet(message)
            if head.layers is not None:
                unpack(head, payload)
            elif head.way == "keypoints":
                unpack_keypoints(head, payload)
            elif payload:
                simplejpeg.decode_jpeg(payload, colorspace="RGB")
            log.received += len(data)
            log.foreign += not line.mark <= head.t < line.mark + MARK_MS
            log.sheets.append(((time.monotonic() - start) * 1000, msgspec.structs.replace(head, t=head.t - line.mark)))
            await line.send(Ack(message.seq))
