"""Reads uploaded pictures in a process of its own, which may take bounded time and memory and is replaced if it takes more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import psutil
import structlog
from pebble import ProcessExpired, ProcessPool

from backend.core.errors import InputError, MotionFanError
from backend.media.images import PortraitImage
from backend.server.live.host import process_context

log = structlog.get_logger(__name__)

MAX_SECONDS = 10.0
"""For one picture; photos take less than one."""

MAX_MEMORY = 1_200_000_000
"""Bytes of memory that one picture may take: three times what the largest photo takes."""

MAX_WAITING = 6
"""Pictures that may wait for the process; further ones are refused at once."""


def read_portrait(data: bytes) -> PortraitImage:
    """Return the portrait in a file, without the whole picture; raises as `load_portrait`."""
    from backend.media.portraits import load_portrait

    return replace(load_portrait(data), whole=None, crop=None)


class PortraitReader:
    """Finds the faces in uploaded pictures, one picture at a time. The process starts with the first one.

    Args:
        read: reads a file's bytes, in the process; it can be pickled.
        seconds: limit for one picture.
        on_restart: called when a picture has cost the process its life.
    """

    def __init__(
        self,
        read: Callable[[bytes], PortraitImage] = read_portrait,
        seconds: float = MAX_SECONDS,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self._read, self._seconds, self._on_restart = read, seconds, on_restart
        self._pool = ProcessPool(max_workers=1, initializer=_prepare, context=process_context())
        self._waiting = 0

    def start(self) -> None:
        """Start the process now, so that the first picture need not wait for it."""
        self._pool.schedule(time.monotonic)

    async def read(self, data: bytes) -> PortraitImage:
        """Return the portrait in a file.

        Raises:
            InputError: `portraits_busy`, `portrait_too_costly`; as `load_portrait`.
            MotionFanError: `server_stopping`.
        """
        if self._waiting >= MAX_WAITING:
            raise InputError("portraits_busy", "Many pictures are being read just now.", "Try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._schedule(data))
        except (TimeoutError, MemoryError, ProcessExpired) as error:
            log.warning("portrait_too_costly", reason=type(error).__name__, bytes=len(data))
            if not isinstance(error, MemoryError):
                self._on_restart()
            hint = "Save it smaller, or as a JPEG."
            raise InputError("portrait_too_costly", "This picture takes too long to read.", hint) from None
        finally:
            self._waiting -= 1

    def _schedule(self, data: bytes) -> Future[PortraitImage]:
        try:
            future: Future[PortraitImage] = self._pool.schedule(self._read, args=[data], timeout=self._seconds)
        except RuntimeError:
            raise MotionFanError("server_stopping", "The server is shutting down.", "Reload the page in a moment.") from None
        return future

    def stop(self) -> None:
        """End the process; pictures that wait are cancelled."""
        with contextlib.suppress(RuntimeError):
            self._pool.stop()
            self._pool.join()


def _prepare() -> None:
    """Load the face search, limit what may be allocated on top of it, and keep what decoders say out of the server's log."""
    import backend.media.portraits  # noqa: F401

    # They write a line for each damaged tag, with parts of the file: a visitor could fill the log, and leave traces in it.
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with contextlib.suppress(ImportError):
        import resource

        limit = psutil.Process().memory_info().vms + MAX_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if hasattr(signal, "pthread_sigmask"):
        # The process that it was forked from blocks the signals that end a server; by one of them a late process is ended.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
