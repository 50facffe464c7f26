"""Films of an animation report: all methods side by side in motion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from backend.core.types import Picture
from backend.evaluate.animation.methods import AnimationMethod
from backend.evaluate.animation.summary import VideoExample
from backend.evaluate.report.blocks import FilmBlock
from backend.evaluate.report.images import film_uri

MAX_SECONDS, FPS = 4.0, 12.5

EDGE = 192
"""Edge of each picture in pixels."""


def method_film(wanted: VideoExample, methods: Mapping[str, AnimationMethod]) -> FilmBlock:
    """Render a film: the still picture, the driver, and every method that moves the picture."""
    clip, portrait = wanted.clip, wanted.portrait
    times = clip.recording.timestamps
    grid = np.arange(times[0], min(times[-1], times[0] + MAX_SECONDS), 1 / FPS)
    index = np.unique(np.searchsorted(times, grid).clip(max=len(times) - 1))
    landmarks = clip.recording.landmarks[index]
    still = _small((portrait or clip.source).picture)
    columns: dict[str, Picture] = {
        "first frame" if portrait is None else "portrait": np.repeat(still[None], len(index), 0),
        "truth" if portrait is None else "driver": np.stack(list(clip.pictures_at(times[index], EDGE))),
    }
    for name, method in methods.items():
        if name != "copy_source":
            if portrait is None:
                made = method.animate(clip.source, landmarks)
            else:
                made = method.transfer(portrait, landmarks, clip.source.landmarks)
            columns[name] = np.stack([_small(frame) for frame in made])
    frames = np.concatenate(list(columns.values()), 2)
    return FilmBlock(clip.video.path.stem, film_uri(frames, FPS), list(columns), edge=EDGE)


def _small(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((EDGE, EDGE), Image.Resampling.LANCZOS))
