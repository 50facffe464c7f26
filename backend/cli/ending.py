"""How a command ends: with one plain sentence about what a person can mend, and with a fitting status."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TextIO

import typer

from backend.cli.outputs import check_paths
from backend.core.errors import MotionFanError
from backend.core.settings import check_variables

FAILED, BY_SIGNAL = 2, 128
"""Exit status after an error that is explained, and what a signal's number is added to."""

FULL = {errno.ENOSPC: "The disk is full", errno.EDQUOT: "Your share of the disk is full", errno.EROFS: "The disk is read-only"}


said: set[str] = set()
"""Warnings of ours that were shown: each is shown once, although a damaged video may be read several times."""

leaving = threading.Event()
"""Set by a signal that ends the command: its exception is lost where Python ignores exceptions, as in destructors."""


def run(app: typer.Typer) -> None:
    """Run the command line; exits with 0, with `FAILED`, as the signal that ended it, or as Typer does for wrong options."""
    _open_standard_files()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal cannot show, or that is no text, ends no command.
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    _guard(command)
    status: Any = 0
    with _plain_errors():
        try:
            command()
        except SystemExit as end:
            status = end.code
        if sys.stdout is not None:
            sys.stdout.flush()
    sys.exit(status)


def _open_standard_files() -> None:
    """Let closed standard files lead nowhere: the next file that is opened would get their number, and what libraries print."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # Takes the lowest number that is free.


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Print an expected error as one sentence, and exit."""
    try:
        yield
    except MotionFanError as error:
        _fail(str(error))
    except (MemoryError, RuntimeError) as error:
        # Torch says so in a RuntimeError, of which there is no other kind on the processor.
        if isinstance(error, RuntimeError) and not re.search("allocate memory|out of memory", str(error)):
            raise
        _fail("The memory is not enough for this. Take less at once, or a smaller file.")
    except BrokenPipeError:
        # What reads the output has seen enough, as `head` does.
        _discard_output()
        sys.exit(BY_SIGNAL + getattr(signal, "SIGPIPE", signal.SIGTERM))
    except OSError as error:
        if not error.errno:
            raise
        _discard_output()
        where = f" at {error.filename}" if error.filename else ""
        _fail(f"{FULL.get(error.errno, error.strerror)}{where}. What was there before is as it was.")


def _fail(reason: str) -> None:
    with contextlib.suppress(OSError):
        print(f"motionfan: {reason}", file=sys.stderr, flush=True)
    sys.exit(FAILED)


def _discard_output() -> None:
    """Let Python's last flush of standard output go nowhere: it would fail again, with a traceback."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _leave(number: int, _: FrameType | None) -> None:
    """End as by an error, so that half-written files are removed."""
    leaving.set()
    sys.exit(BY_SIGNAL + number)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print our own warnings as a sentence, and those of libraries as Python does."""
    ours = category.__module__.startswith("backend.")
    if ours and str(message) in said:
        return
    said.add(str(message))
    text = f"motionfan: {message}\n" if ours else warnings.formatwarning(message, category, filename, lineno, line)
    with contextlib.suppress(OSError, AttributeError):
        (file or sys.stderr).write(text)


def _guard(command: Any) -> None:
    """Let a command, and every command of a group, check the environment and its paths before it begins."""
    for part in getattr(command, "commands", {}).values():
        _guard(part)
    if not hasattr(command, "commands"):
        command.callback = _checked(command.callback)


def _checked(callback: Callable[..., Any]) -> Callable[..., Any]:
    def call(**given: Any) -> Any:
        if leaving.is_set():
            sys.exit(BY_SIGNAL + signal.SIGINT)
        check_variables()
        check_paths(given, callback.__name__)
        return callback(**given)

    return call
