"""Clips from words: does the face do what the caption says, and is it a face at all?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.core.progress import Progress
from backend.core.types import FloatArray, Picture
from backend.evaluate.animation.clips import SIZE
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.windows import Window
from backend.keypoints.captions import MOTIONS, VOCABULARY, caption
from backend.media.landmarks import FaceMesh
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

IMAGINED, PORTRAITS = 2, 2
"""Clips drawn from each caption alone, and from each caption and the first frame of so many people."""


@dataclass(frozen=True)
class Told:
    """One caption, and the clips drawn from it: rows of frames `[T, S, S, 3]` by what they begin with."""

    words: str
    rows: dict[str, Picture]


@dataclass(frozen=True)
class Seen:
    """What Face Mesh sees of one clip: what its landmarks would be called, and the share of frames without a face."""

    words: str
    said: tuple[str, ...]
    lost: float


def told(
    video: VideoFlow,
    windows: Sequence[Window],
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Told]]:
    """Draw clips for every caption, from nothing and from portraits, and look at what the faces do.

    Args:
        video: the model.
        windows: whose first frames are the portraits: the first of each of some people.
        seed: of the noise.
        progress: told of captions done.

    Returns:
        By `told_imagined`, `told_portrait` and `told_truth` (the windows' own frames as they are shown to Face Mesh): `lost`,
        share of frames in which no face is found; by the first two also `followed`, share of clips in whose landmarks the
        caption is found again by the rule that captions were made by, and `elsewhere`, the same of clips drawn from other
        captions, which is chance. And the clips.
    """
    portraits: dict[str, Window] = {}
    for window in windows:
        portraits.setdefault(window.person, window)
    chosen = list(portraits.values())[:PORTRAITS]
    seen: dict[str, list[Seen]] = {"imagined": [], "portrait": []}
    sheets = []
    for number, words in enumerate(MOTIONS):
        drawing = SamplingSettings(caption=words, seed=seed + number)
        imagined = video.imagine(IMAGINED, video.model.config.frames, drawing)
        clips = {f"imagined {i + 1}": clip for i, clip in enumerate(imagined)}
        for i, window in enumerate(chosen):
            drawn = video.futures(window.frames[:1], 1, CHUNK_FRAMES, drawing)[0]
            clips[f"portrait {i + 1}"] = np.concatenate([window.frames[:1], drawn])
        for name, clip in clips.items():
            seen[name.split()[0]].append(look(words, clip))
        sheets.append(Told(words, clips))
        progress(number + 1, len(MOTIONS))
    results = {f"told_{name}": figures(found) for name, found in seen.items() if found}
    truth = [look("", window.frames) for window in windows]
    results["told_truth"] = {"lost": Metric(float(np.mean([entry.lost for entry in truth])))}
    return results, sheets


def look(words: str, clip: Picture) -> Seen:
    """Look at a clip `[T, S, S, 3]`, enlarged, with Face Mesh."""
    faces: list[FloatArray] = []
    with FaceMesh(video=True) as mesh:
        for frame in clip:
            large: NDArray[np.uint8] = np.asarray(Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
            found = mesh(large)
            if found:
                faces.append(found[0])
    said = [VOCABULARY[number] for number in caption(np.stack(faces)) if number] if len(faces) > 1 else []
    return Seen(words, tuple(said), 1 - len(faces) / len(clip))


def figures(seen: Sequence[Seen]) -> dict[str, Metric]:
    """Count how often captions are found again where they were given, and where they were not."""
    followed = [entry.words in entry.said for entry in seen]
    elsewhere = [entry.words in other.said for entry in seen for other in seen if other.words != entry.words]
    return {
        "followed": Metric(float(np.mean(followed))),
        "elsewhere": Metric(float(np.mean(elsewhere)) if elsewhere else 0.0),
        "lost": Metric(float(np.mean([entry.lost for entry in seen]))),
    }
