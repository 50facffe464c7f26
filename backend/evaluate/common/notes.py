"""Notes of a report on what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backend.core.errors import ModelError, MotionFanError


@contextmanager
def note_failure(notes: list[str], what: str, kind: type[MotionFanError] = ModelError) -> Iterator[None]:
    """Note an error of the block, as "WHAT: its message", instead of raising it.

    Args:
        notes: where it is noted.
        what: what is left out because of it.
        kind: of errors that are noted.
    """
    try:
        yield
    except kind as error:
        notes.append(f"{what}: {error.message}")
