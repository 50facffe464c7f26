"""Scalars of a run, as JSON lines and for TensorBoard, and its checkpoint."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from backend.core.errors import ModelError
from backend.core.files import write_whole


class TrainingLog:
    """Scalars of one run, as `log.jsonl` and TensorBoard events in the run's folder."""

    def __init__(self, run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self._file = (run / "log.jsonl").open("a")
        self._board = SummaryWriter(str(run / "tensorboard"))

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Record named scalars at a step."""
        self._file.write(json.dumps({"step": step, "time": round(time.time(), 1), **scalars}) + "\n")
        self._file.flush()
        for name, value in scalars.items():
            self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close both."""
        self._file.close()
        self._board.close()


def save_checkpoint(run: Path, state: dict[str, Any]) -> None:
    """Write `checkpoint.pt` whole or not at all."""
    with write_whole(run / "checkpoint.pt") as hidden:
        torch.save(state, hidden)


def load_checkpoint(run: Path) -> dict[str, Any] | None:
    """Read the run's checkpoint, or None when it has none yet.

    Raises:
        ModelError: the checkpoint cannot be read.
    """
    path = run / "checkpoint.pt"
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(
            "checkpoint_unusable", f"{path} cannot be read: {error}", "Delete it to start from the beginning."
        ) from error
    return state
