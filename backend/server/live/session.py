"""One client's session: its settings, its portrait, its socket and its waiting work. It runs on the event loop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from backend.core.errors import portrait_kept
from backend.core.types import Picture, Way
from backend.server.limits import TokenBucket
from backend.server.live.landmark_stream import LandmarkStream
from backend.server.live.mailbox import Mailbox
from backend.server.protocol import Failure, Message, PortraitSize, Ready, encode

UPLOADS_PER_S = 1 / 3
UPLOAD_BURST = 5


class Socket(Protocol):
    """The connection to a session's client."""

    def send(self, data: bytes) -> None:
        """Queue a message; never waits."""

    def finish(self, failure: Failure) -> None:
        """Send the reason, then close."""


@dataclass
class Session:
    """One client's session. Methods run on the event loop, except `deliver` and `restarted`, which the worker calls."""

    id: str
    mailbox: Mailbox
    picture: Picture | None  # the portrait it shows, `[S, S, 3]`; None if only its client has the picture
    models: dict[str, str]
    keypoints: int
    loop: asyncio.AbstractEventLoop
    landmark_stream: LandmarkStream = field(default_factory=LandmarkStream)
    uploads: TokenBucket = field(default_factory=lambda: TokenBucket(UPLOADS_PER_S, UPLOAD_BURST))
    portrait_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    socket: Socket | None = None
    detached_since: float = field(default_factory=time.monotonic)  # when it was last without a socket, monotonic seconds
    attached_once: bool = False  # whether it has ever had a socket
    left: bool = False  # whether its client closed its last socket, instead of losing it
    address: str = ""  # of its client
    opened: float = field(default_factory=time.monotonic)  # monotonic seconds
    moved: float = field(default_factory=time.monotonic)  # when landmarks last came, monotonic seconds

    def attach(self, socket: Socket) -> None:
        """Make this the session's socket; an earlier one gets the error `replaced` and is closed."""
        if self.socket is not None:
            self.socket.finish(Failure("replaced", "This session was opened elsewhere.", "Reload to continue here.", True))
        self.socket = socket
        self.attached_once = True
        self.mailbox.reset_credits()
        socket.send(self.ready())

    def detach(self, socket: Socket, left: bool = False) -> None:
        """Remove this socket, unless another one has replaced it; `left`: its client closed it, as a page does that is left."""
        if self.socket is socket:
            self.socket, self.left = None, left
            self.detached_since = time.monotonic()

    def ready(self) -> bytes:
        """Return the message that describes the session."""
        height, width = (0, 0) if self.picture is None else self.picture.shape[:2]
        epoch, settings = self.mailbox.epoch, self.mailbox.settings
        head = Ready(self.id, epoch, settings, self.keypoints, PortraitSize(width, height), self.models)
        return encode(Message(epoch, 0, head))

    def choose_way(self, way: Way) -> None:
        """Send the sheets in this way; raises `portrait_kept` if that needs a picture which only the client has."""
        if self.picture is None and way != "keypoints":
            raise portrait_kept()
        self.mailbox.choose_way(way)

    def new_epoch(self, *, source_changed: bool) -> None:
        """Raise the epoch and send it to the client; sheets of earlier epochs are not delivered any more."""
        if source_changed:
            self.landmark_stream = LandmarkStream()
        self.mailbox.raise_epoch(reset=source_changed)
        if self.socket is not None:
            self.socket.send(self.ready())

    def deliver(self, data: bytes, epoch: int) -> None:
        """Send a message of the inference process, unless its epoch is over by then."""
        self.loop.call_soon_threadsafe(self._send, data, epoch)

    def restarted(self) -> None:
        """Begin a new epoch: the inference process has started again, and sheets in work are lost."""
        self.loop.call_soon_threadsafe(lambda: self.new_epoch(source_changed=False))

    def _send(self, data: bytes, epoch: int) -> None:
        if self.socket is not None and epoch == self.mailbox.epoch:
            self.socket.send(data)
