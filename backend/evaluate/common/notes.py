"""Notes of a report on what it leaves out, and on what was damaged."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.core.errors import ModelError, MotionFanError
from backend.media.video_reader import DamagedVideoWarning


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


@contextmanager
def note_damage(notes: list[str]) -> Iterator[None]:
    """Note the videos that are cut off or damaged and are read to their end in the block; warnings are shown all the same."""
    shown = warnings.showwarning

    def show(message: Warning | str, *rest: Any, **options: Any) -> None:
        if isinstance(message, DamagedVideoWarning) and message.note not in notes:
            notes.append(message.note)
        shown(message, *rest, **options)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = shown
