"""The bundled recordings: motion for visitors without a camera."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from backend.core.recording import Recording
from backend.server.protocol import quantise

FIRST = "talking"
"""The recording that the page plays when there is no camera."""

RECORDINGS = Path(__file__).resolve().parents[2] / "assets" / "recordings"


@dataclass(frozen=True)
class BundledRecording:
    """One recording, packed for the wire: `u32 frames, f32 frames per second`, then `frames * 478 * 3` u16."""

    name: str
    title: str
    seconds: float
    data: bytes


def pack(name: str, recording: Recording) -> BundledRecording:
    """Pack a recording of at least two frames; it plays at its mean rate."""
    frames = len(recording.landmarks)
    seconds = float(recording.timestamps[-1] - recording.timestamps[0])
    head = struct.pack("<If", frames, (frames - 1) / seconds)
    return BundledRecording(name, recording.source or name, round(seconds, 2), head + quantise(recording.landmarks))


def load_recordings(folder: Path = RECORDINGS) -> dict[str, BundledRecording]:
    """Read every recording of a folder, by name, `FIRST` first; an absent folder holds none."""
    paths = sorted(folder.glob("*.npz"), key=lambda path: (path.stem != FIRST, path.stem))
    return {path.stem: pack(path.stem, Recording.load(path)) for path in paths}
