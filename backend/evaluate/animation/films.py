"""Short films of an animation report: every method side by side, as they move."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from backend.core.types import CLOCK_HZ, CLOCK_S, Picture
from backend.evaluate.animation.clips import EvaluationClip
from backend.evaluate.animation.methods import AnimationMethod
from backend.evaluate.animation.summary import VideoExample
from backend.media.video_writer import write_video

SECONDS = 4.0
"""Length of a film at most, and its frames a second."""

EDGE = 192
"""Edge of each picture in pixels."""


@dataclass(frozen=True)
class Shown:
    """A film as a data URI, and what its pictures are, from the left."""

    title: str
    names: list[str]
    uri: str


def film(wanted: VideoExample, methods: Mapping[str, AnimationMethod]) -> Shown:
    """Render a film: the still, the driver, and all methods that move."""
    clip = wanted.clip
    times = clip.recording.timestamps
    grid = np.arange(times[0], min(times[-1], times[0] + SECONDS), CLOCK_S)
    index = np.unique(np.searchsorted(times, grid).clip(max=len(times) - 1))
    landmarks = clip.recording.landmarks[index]
    rows: dict[str, Picture] = {
        "first frame" if wanted.portrait is None else "portrait": np.repeat(_still(wanted, clip)[None], len(index), 0),
        "what came" if wanted.portrait is None else "driver": np.stack(list(clip.pictures_at(times[index], EDGE))),
    }
    for name, method in methods.items():
        if name == "copy_source":
            continue
        if wanted.portrait is None:
            made = method.animate(clip.source, landmarks)
        else:
            made = method.transfer(wanted.portrait, landmarks, clip.source.landmarks)
        rows[name] = np.stack([_small(frame) for frame in made])
    frames = np.concatenate(list(rows.values()), 2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with write_video(path, CLOCK_HZ) as writer:
            for frame in frames:
                writer.write(frame)
        data = path.read_bytes()
    return Shown(clip.video.name, list(rows), "data:video/mp4;base64," + base64.b64encode(data).decode())


def _still(wanted: VideoExample, clip: EvaluationClip) -> Picture:
    return _small((wanted.portrait or clip.source).picture)


def _small(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((EDGE, EDGE), Image.Resampling.LANCZOS))
