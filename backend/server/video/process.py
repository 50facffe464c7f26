"""The server's end of the process that draws video. Lives on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from backend.core.settings import REPOSITORY
from backend.server.video import protocol
from backend.server.video.protocol import Order, Reply


class DrawingProcess:
    """A running process; make one with `start`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        assert process.stdin and process.stdout
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def start(cls, folder: Path, device: str, threads: int) -> DrawingProcess:
        """Start a process; its first answer is `Ready`, or a `Refusal`.

        Args:
            folder: of the weights.
            device: where it draws.
            threads: of torch; 0 takes half of the cores.
        """
        words = [sys.executable, "-m", "backend.server.video.child", str(folder.absolute()), device, str(threads)]
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE"}
        # In a session of its own, Ctrl-C in a terminal reaches the server alone, which then ends it.
        process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True)
        return cls(process)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.returncode is None

    def send(self, order: Order) -> None:
        """Say something to it; never waits. That it has ended is found out by `receive`."""
        with contextlib.suppress(OSError):
            self._to.write(protocol.pack(order))

    async def receive(self) -> Reply:
        """Wait for an answer.

        Raises:
            EOFError: it has ended.
        """
        try:
            head = await self._from.readexactly(protocol.HEAD.size)
            return protocol.reply(await self._from.readexactly(protocol.length(head)))
        except OSError:
            raise EOFError from None

    async def end(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
