"""Atomic writes: a file is replaced as a whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a hidden temporary file beside `path`; it replaces `path` when the block ends without an error.

    A reader never sees half a file, and an error or a full disk leaves the old file as it was. The temporary file has the same
    suffix, from which some libraries choose a format. A link keeps its place, and what it leads to is replaced. A pipe or a
    device is not replaced: it gets the bytes at the end.

    Raises:
        OSError: the folder is missing or cannot be written to, or the disk is full.
    """
    stream = is_stream(path)
    place = Path(tempfile.gettempdir()) / path.name if stream else Path(os.path.realpath(path))
    # A file name has 255 bytes at most, and a character up to four of them.
    handle, name = tempfile.mkstemp(prefix=f".{place.stem[:40]}-", suffix=place.suffix, dir=place.parent)
    os.close(handle)
    hidden = Path(name)
    try:
        yield hidden
        if stream:
            with hidden.open("rb") as made, path.open("ab") as out:
                shutil.copyfileobj(made, out)
        else:
            hidden.chmod(0o644)
            hidden.replace(place)
    finally:
        hidden.unlink(missing_ok=True)


def save_whole(path: Path, save: Callable[[BinaryIO], object]) -> None:
    """Let a library save into memory, and then write it whole: many report a full disk in their own words only.

    Raises:
        OSError: as `write_whole`.
    """
    buffer = io.BytesIO()
    save(buffer)
    with write_whole(path) as hidden:
        hidden.write_bytes(buffer.getbuffer())


def is_stream(path: Path) -> bool:
    """Whether a path leads to a pipe or a device, such as /dev/stdout, which takes bytes but holds no file."""
    return str(path.parent) in ("/dev", "/dev/fd") or (path.exists() and not path.is_file() and not path.is_dir())
