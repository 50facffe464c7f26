"""Types of callbacks that report the progress of long work."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with (units done, units in all, or None if unknown)."""

StageProgress = Callable[[str, int, int | None], None]
"""Called with (name of the stage, units done, units in all, or None if unknown)."""

ShareProgress = Callable[[float], None]
"""Called with the share that is done, in [0, 1]."""
