"""Keeps what a session needs to go on at another server of the cluster: its record and its portrait, in a Ray actor.

A session belongs to the server that holds its socket. When that one is gone, or its visitor comes to another, the other takes
the session over. Records live in the actor's memory for as long as their session, and never on a disk.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from backend.server.cluster.deployment import NAMESPACE
from backend.server.live.session_record import SessionRecord
from backend.server.live.sessions import DETACHED_S

log = structlog.get_logger(__name__)

NAME = "motionfan sessions"

CALL_S = 5.0
"""Seconds to wait for the directory; without it sessions go on, but cannot move."""


@dataclass
class _Entry:
    record: SessionRecord
    server: str
    kept: float  # when its server last said that it has the session


class Directory:
    """The records of all sessions of a cluster. Not thread-safe: an actor runs one call at a time.

    `now` returns monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def keep(self, server: str, records: Mapping[str, SessionRecord], ended: Sequence[str] = ()) -> tuple[list[str], list[str]]:
        """As `SessionDirectory.keep`.

        Args:
            server: its name.
            records: of its sessions.
            ended: sessions of it that have ended.
        """
        moved, missing = [], []
        for session in ended:
            if session in self._entries and self._entries[session].server == server:
                del self._entries[session]
        for session, record in records.items():
            entry = self._entries.get(session)
            if entry is not None and entry.server != server:
                moved.append(session)
            elif record.portrait is not None:
                self._entries[session] = _Entry(record, server, self._now())
            elif entry is None:
                missing.append(session)
            else:
                self._entries[session] = _Entry(replace(record, portrait=entry.record.portrait), server, self._now())
        self._forget_old()
        return moved, missing

    def knows(self, _: str, session: str) -> bool:
        """As `SessionDirectory.knows`, for any server."""
        self._forget_old()
        return session in self._entries

    def take(self, server: str, session: str) -> SessionRecord | None:
        """As `SessionDirectory.take`, for the server of this name."""
        self._forget_old()
        if (entry := self._entries.get(session)) is None:
            return None
        entry.server, entry.kept = server, self._now()
        return entry.record

    def _forget_old(self) -> None:
        now = self._now()
        self._entries = {name: entry for name, entry in self._entries.items() if now - entry.kept <= DETACHED_S}


class SharedDirectory:
    """The cluster's directory, as one server sees it."""

    def __init__(self) -> None:
        self._server = secrets.token_hex(8)
        self._actor: Any = None
        self._search: threading.Thread | None = None

    async def keep(self, records: Mapping[str, SessionRecord], ended: Sequence[str]) -> tuple[list[str], list[str]]:
        """As `SessionDirectory.keep`; while the directory is away, it has nothing."""
        found: tuple[list[str], list[str]] | None = await self._call("keep", records, ended)
        return found or ([], list(records))

    async def knows(self, session: str) -> bool:
        """As `SessionDirectory.knows`."""
        return bool(await self._call("knows", session))

    async def take(self, session: str) -> SessionRecord | None:
        """As `SessionDirectory.take`."""
        record: SessionRecord | None = await self._call("take", session)
        return record

    async def _call(self, method: str, *arguments: Any) -> Any:
        from ray.exceptions import RayError

        if self._actor is None:
            self._find()
            return None
        try:
            return await asyncio.wait_for(getattr(self._actor, method).remote(self._server, *arguments), CALL_S)
        except (RayError, TimeoutError) as error:
            log.warning("directory_away", error=str(error))
            self._actor = None
            return None

    def _find(self) -> None:
        """Begin to look for the actor. That blocks while the cluster is away, so a thread does it, for which no exit waits."""
        if self._search is None or not self._search.is_alive():
            self._search = threading.Thread(target=self._look, name="directory", daemon=True)
            self._search.start()

    def _look(self) -> None:
        import ray

        # Whoever comes first starts it. It outlives every server, and when its machine ends it starts elsewhere, empty: the
        # next `keep` of every server fills it again.
        remote = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=1)(Directory)
        try:
            self._actor = remote.options(name=NAME, namespace=NAMESPACE, lifetime="detached", get_if_exists=True).remote()
        except Exception as error:
            # Also what Ray raises while this server leaves the cluster.
            log.warning("directory_away", error=str(error))
