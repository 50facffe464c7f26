"""Runs the real server as a subprocess that can be stopped and started again at the same address."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_S = 120
STOP_S = 15


def serve_command() -> list[str]:
    """Return the server command; `MOTIONFAN_TEST_SERVER=tests.server.fake_serve` selects a pipeline without weights."""
    module = os.environ.get("MOTIONFAN_TEST_SERVER")
    return [sys.executable, "-m", module] if module else [sys.executable, "-m", "backend", "serve"]


class Server:
    def __init__(self, log: Path, command: Sequence[str] = ()) -> None:
        self._command = list(command) or serve_command()
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [*self._command, "--port", str(self.port)],
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # How many the machine serves, it must not decide here: it is busy with other tests.
                env={
                    "MOTIONFAN_TILE": "128",
                    "MOTIONFAN_ORIGINS": '["http://demo.test"]',
                    "MOTIONFAN_MAX_SESSIONS": "8",
                    **os.environ,
                },
            )
        assert self._process.stdout is not None
        guard = threading.Timer(START_S, self._process.kill)
        guard.start()
        try:
            announced = next((line for line in self._process.stdout if re.search(r"http://\S+", line)), None)
        finally:
            guard.cancel()
        assert announced, f"the server did not start:\n{self._log.read_text()[-2000:]}"

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
