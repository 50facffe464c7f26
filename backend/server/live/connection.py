"""One WebSocket: passes the client's messages to the session and sends the session's messages."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Container

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.core.errors import InputError, MotionFanError
from backend.core.types import ForecastSettings
from backend.server import protocol
from backend.server.limits import TokenBucket
from backend.server.live.mailbox import FrameStamp
from backend.server.live.session import Session
from backend.server.metrics import Metrics
from backend.server.protocol import Ack, Drawing, Failure, Landmarks, Message, Ping, Pong, Reference, Source

log = structlog.get_logger(__name__)

MESSAGES_PER_S, MESSAGE_BURST = 150.0, 300.0
ACKS_PER_S, ACK_BURST = 50.0, 100.0
ERRORS_PER_S, ERROR_BURST = 4.0, 32.0
FLOOD_PER_S, MAX_REFUSED = 30.0, 3000
"""Refused messages per second that a connection may send in the long run, and at once, before it is closed."""

MAX_MALFORMED = 100
"""Messages in a row that cannot be decoded, after which the connection is closed: its client will send no better ones."""

MAX_OUTBOX = 64
CLOSE_POLICY = 1008
LEFT = (1000, 1001)
"""Codes with which a client closes its socket on purpose."""

CAMERA = "camera"


class Connection:
    """Serves one accepted socket of a session.

    `recordings` holds the names that a `Source` message may give, in addition to the camera.
    """

    def __init__(self, websocket: WebSocket, session: Session, recordings: Container[str], metrics: Metrics) -> None:
        self._websocket, self._session, self._recordings, self._metrics = websocket, session, recordings, metrics
        self._outbox: deque[tuple[float, bytes]] = deque(maxlen=MAX_OUTBOX)
        self._filled = asyncio.Event()
        self._finished = self._left = False
        self._messages = TokenBucket(MESSAGES_PER_S, MESSAGE_BURST)
        # A refused acknowledgement would hold its sheet's credit for ever, so acknowledgements have a limit of their own.
        self._acks = TokenBucket(ACKS_PER_S, ACK_BURST)
        self._errors = TokenBucket(ERRORS_PER_S, ERROR_BURST)
        self._refused = self._malformed = 0
        # A client slightly above the limit only gets errors; a flood is disconnected.
        self._flood = TokenBucket(FLOOD_PER_S, MAX_REFUSED)
        self._seq = -1

    def send(self, data: bytes) -> None:
        """Queue a message. Credits bound the sheets; beyond `MAX_OUTBOX` messages the oldest is dropped."""
        if not self._finished:
            self._outbox.append((time.monotonic(), data))
            self._filled.set()

    def finish(self, failure: Failure) -> None:
        """Send the reason, then close."""
        self.send(protocol.encode(Message(self._session.mailbox.epoch, 0, failure)))
        self._finished = True

    async def run(self) -> None:
        """Serve the socket until either side closes it."""
        self._session.attach(self)
        self._metrics.connections.inc()
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._metrics.connections.dec()
            self._session.detach(self, self._left)
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outbox:
                queued, data = self._outbox.popleft()
                await self._websocket.send_bytes(data)
                self._metrics.stage.labels("send").observe((time.monotonic() - queued) * 1000)
            if self._finished:
                await self._websocket.close(CLOSE_POLICY)
                return

    async def _read(self) -> None:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                self._left = event.get("code") in LEFT
                return
            now = time.monotonic()
            data = event.get("bytes")
            if not (self._acks if protocol.is_ack(data) else self._messages).allow(now):
                self._refuse_flood(now)
                continue
            try:
                message = self._decode(data)
                self._handle(message, now)
            except MotionFanError as error:
                self._report(error, now)
            except Exception as error:
                self._log_failure(error, now)
            if self._malformed >= MAX_MALFORMED:
                reason = "This connection only sends messages that cannot be read."
                self.finish(Failure("too_many_errors", reason, "Reload the page.", True))

    def _decode(self, data: bytes | None) -> Message:
        """Decode a message, and count those in a row for which that raises."""
        self._malformed += 1
        if data is None:
            raise InputError("text_frame", "Messages are binary; this was a text frame.")
        message = protocol.decode_client(data)
        self._malformed = 0
        return message

    def _handle(self, message: Message, now: float) -> None:
        """Process one message."""
        if message.seq <= self._seq:
            raise InputError("out_of_order", f"Message {message.seq} came after message {self._seq}.")
        self._seq = message.seq
        session, mailbox = self._session, self._session.mailbox
        match message.head:
            case Landmarks(t=t):
                self._handle_landmarks(message, t, now)
            case ForecastSettings() as settings:
                mailbox.configure(settings)
            case Ack(drawn=drawn):
                if message.epoch == mailbox.epoch and not mailbox.acknowledge(drawn):
                    raise InputError("ack_unknown", f"Sheet {drawn} was never sent.")
            case Drawing(way=way):
                session.choose_way(way)
            case Reference():
                mailbox.request_reference()
            case Ping(t=t):
                self.send(protocol.encode(Message(mailbox.epoch, 0, Pong(t))))
            case Source(name=name):
                if name != CAMERA and name not in self._recordings:
                    raise InputError("recording_unknown", f"There is no recording named {name[:40]!r}.")
                session.new_epoch(source_changed=True)

    def _handle_landmarks(self, message: Message, t: float, now: float) -> None:
        mailbox, stream = self._session.mailbox, self._session.landmark_stream
        self._metrics.frames.inc()
        self._session.moved = now
        mailbox.receive()
        if message.epoch != mailbox.epoch:
            mailbox.drop("old_epoch")
            return
        points = protocol.landmarks(message)
        if points is None:
            return
        late = stream.dropped
        try:
            ticks = stream.push(points, t)
        except MotionFanError:
            mailbox.drop("malformed")
            raise
        mailbox.drop("late", stream.dropped - late)
        if ticks:
            mailbox.put(ticks, FrameStamp(t, message.seq, now))

    def _report(self, error: MotionFanError, now: float) -> bool:
        """Send an error to the client, within the rate limit of errors; return whether it was sent."""
        self._metrics.errors.labels(error.code).inc()
        if allowed := self._errors.allow(now):
            epoch = self._session.mailbox.epoch
            self.send(protocol.encode(Message(epoch, 0, Failure(error.code, error.message, error.hint))))
        return allowed

    def _log_failure(self, error: Exception, now: float) -> None:
        """Report a fault of ours; the log gets as many as the client, so that no client can fill it."""
        if self._report(MotionFanError("internal", "The server failed at this message and dropped it."), now):
            log.error("message_failed", session=self._session.id[:6], exc_info=error)

    def _refuse_flood(self, now: float) -> None:
        self._refused += 1
        if not self._flood.allow(now):
            self.finish(Failure("flood", "This connection sends far too many messages.", "Reload the page.", True))
        elif self._refused == 1 or self._refused % 100 == 0:
            self._report(InputError("too_many_messages", f"At most {MESSAGES_PER_S:.0f} messages a second are read."), now)


async def refuse(websocket: WebSocket, error: MotionFanError) -> None:
    """Accept a socket, send the error as a message, and close: a browser hides any other answer from the page."""
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        await websocket.send_bytes(protocol.encode(Message(0, 0, Failure(error.code, error.message, error.hint, True))))
        await websocket.close(CLOSE_POLICY)
