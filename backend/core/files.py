"""Atomic writes: a file is replaced as a whole or not at all; and reads that neither wait for ever nor fill the memory."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

MAX_READ = 256_000_000
"""Bytes of a file that is read at once: ten times a picture of 50 megapixels, or a table of a million clips."""


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
    hidden = place.with_name(f".{place.stem[:40]}-{secrets.token_hex(4)}{place.suffix[:20]}")
    # With the permissions that the user gives to new files, or gave to the old one.
    os.close(os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if stream else 0o666))
    try:
        yield hidden
        if stream:
            with hidden.open("rb") as made, path.open("ab") as out:
                shutil.copyfileobj(made, out)
        else:
            if place.is_file():
                hidden.chmod(stat.S_IMODE(place.stat().st_mode))
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


def printable(text: str) -> str:
    """Return a text that can be written as UTF-8: bytes of a file's name that are no text become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_stream(path: Path) -> bool:
    """Whether a path leads to a pipe or a device, such as /dev/stdout, which takes bytes but holds no file."""
    return str(path.parent) in ("/dev", "/dev/fd") or (path.exists() and not path.is_file() and not path.is_dir())


def require_file(path: Path) -> Path:
    """Return a path that holds a file: of a pipe, a library would wait for a writer, and /dev/zero never ends.

    Raises:
        OSError: it is missing, or is a folder, a pipe or a device.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is a pipe or a device, not a file", str(path))
    return path


def read_bytes(path: Path) -> bytes:
    """Read a file of at most `MAX_READ` bytes.

    Raises:
        OSError: as `require_file`; it is larger, or cannot be read.
    """
    with require_file(path).open("rb") as file:
        data = file.read(MAX_READ + 1)
    if len(data) > MAX_READ:
        raise OSError(errno.EFBIG, f"It is larger than {MAX_READ // 1_000_000} MB", str(path))
    return data
