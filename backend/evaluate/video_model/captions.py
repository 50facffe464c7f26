"""Sample clips from captions, and measure whether the face does what the caption says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from backend.core.types import FloatArray, Picture
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.table import Figures
from backend.evaluate.common.videos import SIZE
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.windows import VideoWindow
from backend.keypoints.captions import MOTIONS, VOCABULARY, caption
from backend.media.landmarks import FaceMesh
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

IMAGINED, PORTRAITS = 2, 2
"""Clips sampled from each caption alone, and people from whose first frames further ones are sampled."""


@dataclass(frozen=True)
class CaptionClips:
    """One caption, and the clips sampled from it: rows of frames `[T, S, S, 3]` by what they begin with."""

    caption: str
    rows: dict[str, Picture]


@dataclass(frozen=True)
class DetectedMotions:
    """A clip's caption, the captions that fit its landmarks, and the share of frames without a face."""

    caption: str
    found: tuple[str, ...]
    lost: float


def evaluate_captions(
    video: VideoFlow,
    windows: Sequence[VideoWindow],
    seed: int = 0,
    progress: CountProgress = lambda done, total: None,
) -> tuple[Figures, list[CaptionClips]]:
    """Sample clips for every caption, alone and from portraits, and detect what the faces do.

    Args:
        video: the video flow.
        windows: the first frame of the first window of each person is a portrait.
        seed: of the noise.
        progress: called with captions done and all.

    Returns:
        By `told_imagined`, `told_portrait` and `told_truth` (the windows' own frames): `lost`, share of frames in which Face
        Mesh finds no face; by the first two also `followed`, share of clips whose landmarks fit their caption, and
        `elsewhere`, the same of clips sampled from other captions, which is chance. And the clips.
    """
    portraits: dict[str, VideoWindow] = {}
    for window in windows:
        portraits.setdefault(window.person, window)
    chosen = list(portraits.values())[:PORTRAITS]
    seen: dict[str, list[DetectedMotions]] = {"imagined": [], "portrait": []}
    examples = []
    for number, words in counted(MOTIONS, progress):
        drawing = SamplingSettings(caption=words, seed=seed + number)
        imagined = video.imagine(IMAGINED, video.model.config.frames, drawing)
        clips = {f"imagined {i + 1}": clip for i, clip in enumerate(imagined)}
        for i, window in enumerate(chosen):
            future = video.futures(window.frames[:1], 1, CHUNK_FRAMES, drawing)[0]
            clips[f"portrait {i + 1}"] = np.concatenate([window.frames[:1], future])
        for name, clip in clips.items():
            seen[name.split()[0]].append(detect_motions(words, clip))
        examples.append(CaptionClips(words, clips))
    results = {f"told_{name}": caption_figures(found) for name, found in seen.items() if found}
    results["told_truth"] = {"lost": _mean([detect_motions("", window.frames).lost for window in windows])}
    return results, examples


def detect_motions(words: str, clip: Picture) -> DetectedMotions:
    """Detect which captions fit the face in a clip `[T, S, S, 3]`, enlarged for Face Mesh; `words` is its own caption."""
    faces: list[FloatArray] = []
    with FaceMesh(video=True) as mesh:
        for frame in clip:
            found = mesh(np.asarray(Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BICUBIC)))
            if found:
                faces.append(found[0])
    fitting = [VOCABULARY[number] for number in caption(np.stack(faces)) if number] if len(faces) > 1 else []
    return DetectedMotions(words, tuple(fitting), 1 - len(faces) / len(clip))


def caption_figures(seen: Sequence[DetectedMotions]) -> dict[str, Metric]:
    """Count how often a caption fits the clips sampled from it, and those sampled from others."""
    return {
        "followed": _mean([entry.caption in entry.found for entry in seen]),
        "elsewhere": _mean(
            [entry.caption in other.found for entry in seen for other in seen if other.caption != entry.caption]
        ),
        "lost": _mean([entry.lost for entry in seen]),
    }


def _mean(values: Sequence[float]) -> Metric:
    return Metric(float(np.mean(values)) if values else 0.0)
