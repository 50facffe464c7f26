"""The registry of sessions, the tickets that open their sockets, and their expiry. It runs on the event loop."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from backend.core.errors import InputError
from backend.core.types import Way
from backend.server.limits import is_public
from backend.server.live.admission import Admission
from backend.server.live.mailbox import Mailbox
from backend.server.live.session import Session
from backend.server.live.session_record import SessionDirectory, SessionRecord
from backend.server.live.session_slot import SessionPortrait, ShownPortrait
from backend.server.live.waiting_line import WaitingLine
from backend.server.live.worker import InferenceWorker, ServedSession
from backend.server.metrics import Metrics
from backend.server.protocol import Failure

TICKET_S = 30.0
"""Seconds for which a ticket is valid."""

DETACHED_S = 60.0
"""Seconds that a session exists without a socket, so that a client can reconnect to it."""

MIN_DETACHED_S, MIN_INVITED_S = 15.0, 10.0
"""Seconds for which a session that has lost its socket, or has never had one, keeps its place on a full server."""

MIN_FURTHER_S = 2.0
"""The same for an invitation while its address holds another unused one: a page opens its socket within a second."""

MAX_ADDRESS_SHARE = 0.5
"""Part of the places that one address of the internet may take."""


@dataclass
class SessionRegistry:
    """All sessions of one server."""

    worker: InferenceWorker  # serves their mailboxes
    default: SessionPortrait  # the portrait of a new session
    models: dict[str, str]  # name and headline of every model, for `Ready`
    keypoints: int  # N
    metrics: Metrics  # gets counts and times
    admission: Admission  # says how many sessions may be open
    idle_s: float = 600.0  # seconds without landmarks after which a session ends; 0 for no limit
    session_s: float = 0.0  # seconds after which any session ends; 0 for no limit
    directory: SessionDirectory | None = None  # of the cluster that this server belongs to
    now: Callable[[], float] = time.monotonic  # monotonic seconds
    line: WaitingLine = field(default_factory=WaitingLine, init=False)
    _sessions: dict[str, Session] = field(default_factory=dict, init=False)
    _tickets: dict[str, tuple[str, float]] = field(default_factory=dict, init=False)
    _kept: dict[str, str] = field(default_factory=dict, init=False)  # portraits' keys in the directory, by session

    def __post_init__(self) -> None:
        self.metrics.watch(lambda way: self.by_way()[way], lambda: self.worker.memory)

    def __len__(self) -> int:
        return len(self._sessions)

    def by_way(self) -> Mapping[Way, int]:
        """Return how many sessions get their sheets in each way."""
        return Counter(session.mailbox.way for session in self._sessions.values())

    @property
    def kept(self) -> int:
        """Number of sessions whose records are in the directory."""
        return len(self._kept)

    @property
    def free(self) -> int:
        """How many more sessions may be opened now."""
        return self.admission.free(self.by_way())

    @property
    def places(self) -> int:
        """How many sessions may be open at once, if the newcomers get pictures."""
        return self.admission.places(self.by_way())

    async def show(self, session: Session, portrait: ShownPortrait) -> None:
        """Animate another portrait in a session. One that the client keeps is only moved: its sheets hold keypoints."""
        if portrait.picture is None:
            # Before the inference process gets the portrait, so that it is never asked to render it.
            session.picture = None
            session.mailbox.choose_way("keypoints")
        await asyncio.wrap_future(self.worker.set_portrait(session.id, portrait))
        session.picture = portrait.picture
        session.new_epoch(source_changed=False)

    async def create(self, address: str = "", waiting: str = "") -> Session:
        """Open a session when it is the client's turn.

        Args:
            address: of the client.
            waiting: its ticket in the line, from an earlier `ServerFull`; empty for a newcomer.

        Raises:
            ServerFull: its place in the line.
            InputError: `sessions_full`, if its address holds its share or too many wait.
        """
        self.expire()
        try:
            self._check_share(address)
        except InputError:
            self.line.leave(waiting)  # it would stop those behind it
            raise
        ahead = self.line.ahead(waiting)
        if ahead >= self.free and (ahead or not self._make_room()):
            full = self.line.wait(waiting, address, self.now())
            self.metrics.queue.set(len(self.line))
            raise full
        self.line.leave(waiting)
        self.metrics.queue.set(len(self.line))
        return await self._open(secrets.token_urlsafe(12), address, self.default)

    async def find(self, session: str) -> Session:
        """Return a session, also one that another server of the cluster had; raises `session_unknown` or `sessions_full`."""
        if session not in self._sessions and self.directory is not None and await self.directory.knows(session):
            # Before it is taken: on a full server it stays where it is.
            if not self.free and not self._make_room():
                raise InputError("sessions_full", f"All {self.places} places here are taken.", "Try again in a minute.")
            record = await self.directory.take(session)
            # Another request may have taken it over meanwhile.
            if record is not None and session not in self._sessions:
                await self._take_over(session, record)
        return self.get(session)

    async def _open(self, name: str, address: str, portrait: ShownPortrait, snapshot: bytes | None = None) -> Session:
        session = Session(
            id=name,
            mailbox=Mailbox(self.worker.condition, self.metrics.drop),
            picture=portrait.picture,
            models=self.models,
            keypoints=self.keypoints,
            loop=asyncio.get_running_loop(),
            detached_since=self.now(),
            address=address,
            opened=self.now(),
            moved=self.now(),
        )
        self._sessions[session.id] = session
        self.metrics.sessions.set(len(self._sessions))
        served = ServedSession(portrait, session.mailbox, session.deliver, session.restarted, snapshot)
        await asyncio.wrap_future(self.worker.open(session.id, served))
        return session

    async def _take_over(self, name: str, record: SessionRecord) -> None:
        assert record.portrait is not None
        session = await self._open(name, "", record.portrait, record.snapshot)
        session.mailbox.configure(record.settings)
        session.mailbox.choose_way(record.way)
        session.mailbox.epoch = record.epoch
        session.new_epoch(source_changed=False)

    async def keep(self) -> None:
        """Keep the records of all sessions in the directory, so that another server can go on with them."""
        if self.directory is None:
            return
        served = {name: self.worker.served(name) for name in self._sessions}
        records = {
            name: SessionRecord(
                None if self._kept.get(name) == each.portrait.key else each.portrait,
                each.mailbox.settings,
                each.mailbox.way,
                each.mailbox.epoch,
                each.snapshot,
            )
            for name, each in served.items()
        }
        ended = [name for name in self._kept if name not in records]
        moved, missing = await self.directory.keep(records, ended)
        self._kept = {name: each.portrait.key for name, each in served.items() if name not in missing}
        for name in moved:
            self._kept.pop(name, None)
            if session := self._sessions.get(name):
                self._end(session, Failure("moved", "Another server goes on with this session.", "It reconnects by itself."))

    def get(self, session: str) -> Session:
        """Return a session; raises `session_unknown`."""
        if session not in self._sessions:
            raise InputError("session_unknown", "This session does not exist, or has ended.", "Reload the page.")
        return self._sessions[session]

    def ticket(self, session: str) -> str:
        """Return a ticket that opens this session's socket once, within `TICKET_S`."""
        ticket = secrets.token_urlsafe(18)
        self._tickets[ticket] = (session, self.now() + TICKET_S)
        return ticket

    def redeem(self, ticket: str) -> Session:
        """Use up a ticket; raises `ticket_invalid` if it is unknown or used, `ticket_expired`, or `session_unknown`."""
        session, until = self._tickets.pop(ticket, ("", 0.0))
        if not session:
            raise InputError("ticket_invalid", "This ticket is unknown or was used before.", "Ask for a new one.")
        if self.now() > until:
            raise InputError("ticket_expired", f"A ticket is valid for {TICKET_S:.0f} seconds.", "Ask for a new one.")
        return self.get(session)

    def expire(self) -> None:
        """End the sessions that have been without a socket or without motion for too long, and delete old tickets."""
        now = self.now()
        self.line.expire(now)
        self.metrics.queue.set(len(self.line))
        self._tickets = {ticket: entry for ticket, entry in self._tickets.items() if now <= entry[1] + DETACHED_S}
        for session in list(self._sessions.values()):
            if session.socket is None and now - session.detached_since > DETACHED_S:
                self.close(session.id)
            elif self.idle_s and now - session.moved > self.idle_s:
                self._end(session, Failure("idle", "Nothing has moved for a while.", "Press the button to go on.", True))
            elif self.session_s and now - session.opened > self.session_s:
                self._end(
                    session, Failure("time_up", "Your time on this server is over.", "Press the button to start again.", True)
                )

    def close(self, session: str) -> None:
        """End a session now and delete its portrait and motion."""
        if self._sessions.pop(session, None) is not None:
            self.worker.close(session)
            self.metrics.sessions.set(len(self._sessions))

    def close_all(self) -> None:
        """End all sessions."""
        for session in list(self._sessions):
            self.close(session)

    def _end(self, session: Session, failure: Failure) -> None:
        if session.socket is not None:
            session.socket.finish(failure)
        self.close(session.id)

    def _make_room(self) -> bool:
        """End the sessions that have been without a socket for longest, as many as give one newcomer room; False if none do.

        A visitor who reloads the page must not lock others out. One that has just lost its socket may come back, and one that
        was just invited is about to open its own; they stay, but no address keeps more than one place by invitations.
        """
        now = self.now()
        detached = [session for session in self._sessions.values() if session.socket is None]
        unused = Counter(session.address for session in detached if not session.attached_once)

        def least(session: Session) -> float:
            if session.attached_once:
                return 0.0 if session.left else MIN_DETACHED_S
            return MIN_INVITED_S if unused[session.address] == 1 else MIN_FURTHER_S

        over = [session for session in detached if now - session.detached_since >= least(session)]
        over.sort(key=lambda session: (session.attached_once, session.detached_since))
        left = Counter(self.by_way())
        for count, session in enumerate(over, 1):
            left[session.mailbox.way] -= 1
            if self.admission.free(left):
                for ended in over[:count]:
                    self.close(ended.id)
                return True
        return False

    def _check_share(self, address: str) -> None:
        """Raise `sessions_full` if an address of the internet holds its share of the places."""
        held = sum(session.address == address for session in self._sessions.values())
        if is_public(address) and held >= max(1.0, MAX_ADDRESS_SHARE * self.places):
            raise InputError("sessions_full", "Your address holds as many places as it may.", "Close another page, or wait.")
