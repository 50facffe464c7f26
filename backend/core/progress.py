"""Types of the callbacks by which long work reports its progress; `cli.options.progress` shows one as a bar."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called with (units done, units in all, or None where that is unknown)."""

StageProgress = Callable[[str, int, int | None], None]
"""Called with (name of the current stage, units done, units in all, or None where that is unknown)."""

ShareProgress = Callable[[float], None]
"""Called with the share that is done, in [0, 1]."""
