"""The server's end of the process that samples video. It runs on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from backend.core.settings import REPOSITORY
from backend.server.video import protocol
from backend.server.video.protocol import Command, Reply


class VideoProcess:
    """A running process; make one with `start`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> VideoProcess:
        """Start `child` with its command-line arguments; the first reply is `ModelLoaded`, or a `JobFailed`."""
        command = [sys.executable, "-m", "backend.server.video.child", *arguments]
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        env = os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE"}
        # In a session of its own, Ctrl-C in a terminal reaches the server alone, which then ends it.
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=env, start_new_session=True)
        return cls(process)

    @property
    def pid(self) -> int | None:
        """Its process id; None if it has ended."""
        return self._process.pid if self._process.returncode is None else None

    def send(self, command: Command) -> None:
        """Send a command without waiting; if the process has ended, `receive` finds out."""
        with contextlib.suppress(OSError):
            self._to.write(protocol.encode(command))

    async def receive(self) -> Reply:
        """Wait for a reply; raises `EOFError` if the process has ended."""
        try:
            head = await self._from.readexactly(protocol.HEAD.size)
            return protocol.decode_reply(await self._from.readexactly(protocol.length(head)))
        except OSError:
            raise EOFError from None

    async def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
