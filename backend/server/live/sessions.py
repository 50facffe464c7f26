"""Who is here: sessions, the tickets that open their sockets, and when they end. Lives on the event loop."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backend.core.errors import InputError, MotionFanError
from backend.core.types import Picture
from backend.server.limits import TokenBucket
from backend.server.live.landmark_stream import Intake
from backend.server.live.mailbox import Mailbox
from backend.server.live.worker import InferenceWorker
from backend.server.metrics import Metrics
from backend.server.protocol import Failure, Message, PortraitSize, Ready, encode

if TYPE_CHECKING:
    from backend.media.images import PortraitImage
    from backend.pipeline import Portrait

TICKET_S = 30.0
LINGER_S = 60.0
"""How long a session outlives its socket, so that a dropped connection can come back to it."""

UPLOADS_PER_S = 1 / 3
UPLOAD_BURST = 5


class Socket(Protocol):
    """The way to the client of a connected session."""

    def send(self, data: bytes) -> None:
        """Queue a message; never waits."""

    def finish(self, failure: Failure) -> None:
        """Say why, then close."""


@dataclass(frozen=True)
class DefaultPortrait:
    """What a session shows until someone uploads something: the encoded portrait, and its picture."""

    portrait: Portrait
    picture: Picture


@dataclass
class Session:
    """One person's visit. Methods run on the event loop, except `sheet` and `failure`, which the worker calls."""

    id: str
    mailbox: Mailbox
    picture: Picture
    models: dict[str, str]
    keypoints: int
    loop: asyncio.AbstractEventLoop
    intake: Intake = field(default_factory=Intake)
    uploads: TokenBucket = field(default_factory=lambda: TokenBucket(UPLOADS_PER_S, UPLOAD_BURST))
    portrait_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    socket: Socket | None = None
    alone_since: float = field(default_factory=time.monotonic)
    visited: bool = False

    def attach(self, socket: Socket) -> None:
        """Make this the session's socket; an earlier one is told and closed."""
        if self.socket is not None:
            self.socket.finish(Failure("replaced", "This session was opened in another place.", "Reload to go on here.", True))
        self.socket = socket
        self.visited = True
        self.mailbox.forgive()
        socket.send(self.ready())

    def detach(self, socket: Socket) -> None:
        """Forget this socket, unless another one has taken its place."""
        if self.socket is socket:
            self.socket = None
            self.alone_since = time.monotonic()

    def ready(self) -> bytes:
        """Return the message that describes the session."""
        height, width = self.picture.shape[:2]
        size = PortraitSize(int(width), int(height))
        mailbox = self.mailbox
        head = Ready(self.id, mailbox.epoch, mailbox.settings, self.keypoints, size, self.models)
        return encode(Message(mailbox.epoch, 0, head))

    def new_epoch(self, *, source_changed: bool) -> None:
        """Raise the epoch and tell the client; nothing made before is delivered any more."""
        if source_changed:
            self.intake = Intake()
        self.mailbox.raise_epoch(reset=source_changed)
        if self.socket is not None:
            self.socket.send(self.ready())

    def sheet(self, data: bytes, epoch: int) -> None:
        """Take a sheet from the worker."""
        self.loop.call_soon_threadsafe(self._deliver, data, epoch)

    def failure(self, error: MotionFanError) -> None:
        """Take bad news from the worker."""
        data = encode(Message(self.mailbox.epoch, 0, Failure(error.code, error.message, error.hint)))
        self.loop.call_soon_threadsafe(self._deliver, data, self.mailbox.epoch)

    def _deliver(self, data: bytes, epoch: int) -> None:
        if self.socket is not None and epoch == self.mailbox.epoch:
            self.socket.send(data)


class Registry:
    """All sessions of one server.

    Args:
        worker: serves their mailboxes.
        default: the portrait of a new session.
        models: what animates, in words, for `Ready`.
        keypoints: N.
        metrics: where figures go.
        limit: how many sessions at once.
        now: monotonic seconds.
    """

    def __init__(
        self,
        worker: InferenceWorker,
        default: DefaultPortrait,
        models: dict[str, str],
        keypoints: int,
        metrics: Metrics,
        limit: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self.default = default
        self._models = models
        self._keypoints = keypoints
        self._metrics = metrics
        self._limit = limit
        self._now = now
        self._sessions: dict[str, Session] = {}
        self._tickets: dict[str, tuple[str, float]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    async def encode(self, image: PortraitImage) -> DefaultPortrait:
        """Make a portrait ready to be animated, in the worker's own time."""
        encoded = await asyncio.wrap_future(self.worker.run(lambda pipeline: pipeline.portrait(image)))
        return DefaultPortrait(encoded, image.picture)

    async def create(self) -> Session:
        """Open a session.

        Raises:
            InputError: `sessions_full` when everybody who is here is still connected.
        """
        self.expire()
        if len(self._sessions) >= self._limit:
            self._make_room()
        session = Session(
            id=secrets.token_urlsafe(12),
            mailbox=Mailbox(self.worker.bell),
            picture=self.default.picture,
            models=self._models,
            keypoints=self._keypoints,
            loop=asyncio.get_running_loop(),
            alone_since=self._now(),
        )
        self._sessions[session.id] = session
        self._metrics.sessions.set(len(self._sessions))
        opened = self.worker.open(session.id, self.default.portrait, session.mailbox, session)
        await asyncio.wrap_future(opened)
        return session

    def get(self, session: str) -> Session:
        """Return a session.

        Raises:
            InputError: `session_unknown`.
        """
        try:
            return self._sessions[session]
        except KeyError:
            raise InputError("session_unknown", "This session does not exist, or has ended.", "Reload the page.") from None

    def ticket(self, session: str) -> str:
        """Return a ticket that opens this session's socket once, within half a minute."""
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = (session, self._now() + TICKET_S)
        return ticket

    def redeem(self, ticket: str) -> Session:
        """Use up a ticket.

        Raises:
            InputError: `ticket_invalid` for one that never was or was used, `ticket_expired`, `session_unknown`.
        """
        session, until = self._tickets.pop(ticket, ("", 0.0))
        if not session:
            raise InputError("ticket_invalid", "This ticket is unknown or was used before.", "Ask for a new one.")
        if self._now() > until:
            raise InputError("ticket_expired", f"A ticket is good for {TICKET_S:.0f} seconds.", "Ask for a new one.")
        return self.get(session)

    def expire(self) -> None:
        """End the sessions that have been without a socket for too long, and forget dead tickets."""
        now = self._now()
        self._tickets = {ticket: (of, until) for ticket, (of, until) in self._tickets.items() if now <= until + LINGER_S}
        for session in list(self._sessions.values()):
            if session.socket is None and now - session.alone_since > LINGER_S:
                self.close(session.id)

    def close(self, session: str) -> None:
        """End a session now; its portrait and motion are gone with it."""
        if self._sessions.pop(session, None) is not None:
            self.worker.close(session)
            self._metrics.sessions.set(len(self._sessions))

    def close_all(self) -> None:
        """End all sessions."""
        for session in list(self._sessions):
            self.close(session)

    def _make_room(self) -> None:
        """End the session that lost its socket first: whoever left by reloading the page must not lock others out."""
        now = self._now()
        left = [
            session
            for session in self._sessions.values()
            if session.socket is None and (session.visited or now - session.alone_since > TICKET_S)
        ]
        if not left:
            raise InputError("sessions_full", f"All {self._limit} places of this server are taken.", "Try again in a minute.")
        self.close(min(left, key=lambda session: session.alone_since).id)
