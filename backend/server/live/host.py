"""Starts the inference process."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Protocol

from backend.server.live.inference import serve_inference


class Host(Protocol):
    """What runs `serve_inference`: a process."""

    def is_alive(self) -> bool:
        """Whether it runs."""

    def join(self, timeout: float | None = None) -> None:
        """Wait until it ends, or for `timeout` seconds."""

    def kill(self) -> None:
        """End it now."""


Launch = Callable[..., Host]
"""Starts a host with the arguments of `serve_inference`."""

PRELOADED = ("backend.pipeline", "backend.runtime.openvino", "backend.server.run", "openvino")
"""Modules whose import takes most of a start: they are imported once, for all inference processes."""


def launch_process(connection: Connection, *arguments: Any) -> Host:
    """Start the inference process with this end of a connection and the other arguments of `serve_inference`.

    It never sees Ctrl-C or SIGTERM: the server ends it, after its last batch. On Linux it is forked from a process that has
    only imported `PRELOADED`, so a second start takes the time to load the models, and shares the libraries' memory.
    """
    process = process_context().Process(target=serve_inference, args=(connection, *arguments), name="inference", daemon=True)
    with _signals_blocked():
        process.start()
    connection.close()
    return process


def process_context() -> multiprocessing.context.ForkServerContext | multiprocessing.context.SpawnContext:
    """Return how the server starts its own processes."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block the signals that end a server, also in what is started meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
