"""Sample clips from captions, and measure whether the face does what the caption says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from backend.core.types import Picture
from backend.evaluate.common.progress import counted
from backend.evaluate.common.table import Figures
from backend.evaluate.common.videos import SIZE
from backend.evaluate.report.blocks import ClipRows
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.windows import WindowSet
from backend.keypoints.captions import MOTIONS, VOCABULARY, caption
from backend.media.landmarks import FaceMesh
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

IMAGINED, PORTRAITS = 2, 2
"""Clips sampled from each caption alone, and people from whose first frames further ones are sampled."""


@dataclass(frozen=True)
class DetectedMotions:
    """A clip's caption, the captions that fit its landmarks, and the share of frames without a face."""

    caption: str
    found: tuple[str, ...]
    lost: float


def evaluate_captions(video: VideoFlow, windows: WindowSet) -> tuple[Figures, list[ClipRows]]:
    """Sample clips for every caption, alone and from portraits, and detect what the faces do.

    The first frame of a person's first window is a portrait; progress counts captions.

    Returns:
        By `told_imagined`, `told_portrait` and `told_truth` (the windows' own frames): `lost`, share of frames in which Face
        Mesh finds no face; by the first two also `followed`, share of clips whose landmarks fit their caption, and
        `elsewhere`, the same of clips sampled from other captions, which is chance. And the clips.
    """
    portraits: dict[str, Picture] = {}
    for window in windows.windows:
        portraits.setdefault(window.person, window.frames[:1])
    seen: dict[str, list[DetectedMotions]] = {"imagined": [], "portrait": []}
    examples = []
    for number, words in counted(MOTIONS, windows.progress):
        settings = SamplingSettings(caption=words, seed=windows.seed + number)
        imagined = video.imagine(IMAGINED, video.model.config.frames, settings)
        clips = {f"imagined {i + 1}": clip for i, clip in enumerate(imagined)}
        for i, portrait in enumerate(list(portraits.values())[:PORTRAITS]):
            future = video.futures(portrait, 1, CHUNK_FRAMES, settings)[0]
            clips[f"portrait {i + 1}"] = np.concatenate([portrait, future])
        for name, clip in clips.items():
            seen[name.split()[0]].append(detect_motions(words, clip))
        examples.append(ClipRows(words, clips))
    results = {f"told_{name}": caption_figures(found) for name, found in seen.items()}
    results["told_truth"] = {"lost": _mean([detect_motions("", window.frames).lost for window in windows.windows])}
    return results, examples


def detect_motions(words: str, clip: Picture) -> DetectedMotions:
    """Detect which captions fit the face in a clip `[T, S, S, 3]`, enlarged for Face Mesh; `words` is its own caption."""
    large = [np.asarray(Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BICUBIC)) for frame in clip]
    with FaceMesh(video=True) as mesh:
        faces = [found[0] for found in map(mesh, large) if found]
    fitting = [VOCABULARY[number] for number in caption(np.stack(faces)) if number] if len(faces) > 1 else []
    return DetectedMotions(words, tuple(fitting), 1 - len(faces) / len(clip))


def caption_figures(seen: Sequence[DetectedMotions]) -> dict[str, Metric]:
    """Count how often a caption fits the clips sampled from it, and those sampled from others."""
    followed = [entry.caption in entry.found for entry in seen]
    elsewhere = [entry.caption in other.found for entry in seen for other in seen if other.caption != entry.caption]
    return {"followed": _mean(followed), "elsewhere": _mean(elsewhere), "lost": _mean([entry.lost for entry in seen])}


def _mean(values: Sequence[float]) -> Metric:
    return Metric(float(np.mean(values)) if values else 0.0)
