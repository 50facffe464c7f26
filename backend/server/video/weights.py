"""What the server knows of the video flow without loading it: whether it is there, and what it takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from backend.core.errors import ModelError

DRAWN = 16
"""Frames that the model draws at once behind its context, as `backend.starflow.video.CHUNK`."""


@dataclass(frozen=True)
class VideoWeights:
    """A folder of weights: side of its frames in pixels, how many of them it goes on from, and when it was written."""

    size: int
    context: int
    written: int


def look(folder: Path) -> VideoWeights:
    """Look at a folder of weights.

    Raises:
        ModelError: `video_missing`.
    """
    try:
        config = folder / "config.json"
        architecture = json.loads(config.read_text("utf-8"))["architecture"]
        size, context = int(architecture["autoencoder"]["size"]), int(architecture["frames"]) - DRAWN
        written = max(config.stat().st_mtime_ns, (folder / "weights.safetensors").stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            "video_missing",
            "The video flow's weights are not on this server.",
            "Put them into models/starflow, or make some with `motionfan train starflow`.",
        ) from None
    return VideoWeights(size, context, written)
