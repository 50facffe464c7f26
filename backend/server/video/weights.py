"""What the server reads about the video flow's weights without loading them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from backend.core.errors import ModelError

CHUNK_FRAMES = 16
"""As `backend.starflow.video.CHUNK_FRAMES`; the server does not import the model."""


@dataclass(frozen=True)
class VideoWeights:
    """Side of the model's frames in pixels, the maximum number of frames it continues, and when the weights were written."""

    size: int
    context: int
    written: int


def inspect_weights(folder: Path) -> VideoWeights:
    """Inspect a folder of weights.

    Raises:
        ModelError: `video_missing`.
    """
    try:
        config = folder / "config.json"
        architecture = json.loads(config.read_text("utf-8"))["architecture"]
        size, context = int(architecture["autoencoder"]["size"]), int(architecture["frames"]) - CHUNK_FRAMES
        written = max(config.stat().st_mtime_ns, (folder / "weights.safetensors").stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            "video_missing",
            "The video flow's weights are not on this server.",
            "Put them into models/starflow, or make some with `motionfan train starflow`.",
        ) from None
    return VideoWeights(size, context, written)
