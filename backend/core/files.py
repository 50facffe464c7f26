"""Atomic writes: a file is replaced as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a hidden temporary file beside `path`; it replaces `path` when the block ends without an error.

    A reader never sees half a file, and an error or a full disk leaves the old file as it was. The temporary file has the same
    suffix, from which some libraries choose a format.

    Raises:
        OSError: the folder is missing or cannot be written to, or the disk is full.
    """
    # A file name has 255 bytes at most, and a character up to four of them.
    handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    hidden = Path(name)
    try:
        yield hidden
        hidden.chmod(0o644)
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)
