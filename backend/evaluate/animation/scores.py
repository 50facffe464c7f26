"""Score the rendered frames of one clip, frame by frame."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from backend.core.pixels import to_tensor
from backend.core.types import Picture
from backend.evaluate.animation.clips import AnnotatedFrame, EvaluationClip
from backend.evaluate.animation.faces import EYES, LIPS, keypoint_distance, likeness, motion_distance, see_faces, texture
from backend.evaluate.animation.methods import AnimationMethod
from backend.evaluate.common.image_metrics import flicker, l1, psnr, sharpness, structural

FrameScores = dict[str, list[float] | Tensor]
"""Metric -> one number a frame (or run), NaN where there is none."""

FACE_METRICS = ("akd", "akd_lips", "akd_eyes", "identity", "lost")
CROSS_METRICS = ("cross_akd", "cross_identity", "cross_lost")


@dataclass(frozen=True)
class RenderedClip:
    """A method's frames of a clip, and their scores."""

    pictures: Picture
    scores: FrameScores
    flicker: Sequence[float] = ()  # of the runs
    ms: float = math.nan  # of a frame


def reconstruct(method: AnimationMethod, clip: EvaluationClip) -> RenderedClip:
    """Animate a clip's first frame by its own landmarks, and compare with the video."""
    driving = clip.recording.landmarks
    began = time.perf_counter()
    pictures = method(clip.source, driving[clip.chosen], None)
    ms = (time.perf_counter() - began) * 1e3 / len(clip.chosen)
    runs = [
        flicker(to_tensor(method(clip.source, driving[run], None)), to_tensor(shown))
        for run, shown in zip(clip.runs, clip.run_pictures, strict=True)
    ]
    frames, truth = to_tensor(pictures), to_tensor(clip.pictures)
    scores: FrameScores = {"l1": l1(frames, truth), "psnr": psnr(frames, truth), "sharpness": sharpness(frames, truth)}
    scores["ssim"], scores["ms_ssim"] = structural(frames, truth)
    return RenderedClip(pictures, scores | _face_scores(pictures, clip), runs, ms)


def transferred(clip: EvaluationClip) -> list[int]:
    """Return which of a clip's chosen frames drive another person's portrait: every second, up to the last."""
    return list(range((len(clip.chosen) - 1) % 2, len(clip.chosen), 2))


def transfer(method: AnimationMethod, portrait: AnnotatedFrame, clip: EvaluationClip) -> RenderedClip:
    """Animate another person's portrait by a clip's motion since its first frame (see `transferred`).

    Args:
        method: how.
        portrait: what is animated.
        clip: the driver.

    Returns:
        The frames, and their scores: `cross_akd`, distance of the aligned motion of the face from the driver's, in pixels;
        `cross_identity`, likeness of the face to the portrait; `cross_lost`, whether no face is found.
    """
    chosen = transferred(clip)
    pictures = method(portrait, clip.recording.landmarks[clip.chosen[chosen]], clip.source.landmarks)
    own, *faces = see_faces([portrait.picture, *pictures])
    reference = see_faces([clip.source.picture])[0]
    rows: list[dict[str, float]] = []
    for picture, face, index in zip(pictures, faces, chosen, strict=True):
        driver = clip.faces[index]
        if own is None or reference is None or driver is None:
            rows.append({})
        elif face is None:
            rows.append({"cross_lost": 1.0})
        else:
            same = likeness(texture(picture, face), texture(portrait.picture, own))
            motion = motion_distance(face, own, driver, reference)
            rows.append({"cross_lost": 0.0, "cross_akd": motion, "cross_identity": same})
    return RenderedClip(pictures, _columns(rows, CROSS_METRICS))


def _face_scores(pictures: Picture, clip: EvaluationClip) -> FrameScores:
    rows: list[dict[str, float]] = []
    for picture, face, true_picture, true_face in zip(pictures, see_faces(pictures), clip.pictures, clip.faces, strict=True):
        if true_face is None:
            rows.append({})
        elif face is None:
            rows.append({"lost": 1.0})
        else:
            row = {"lost": 0.0, "identity": likeness(texture(picture, face), texture(true_picture, true_face))}
            row["akd"] = keypoint_distance(face, true_face)
            row["akd_lips"] = keypoint_distance(face, true_face, LIPS)
            row["akd_eyes"] = keypoint_distance(face, true_face, EYES)
            rows.append(row)
    return _columns(rows, FACE_METRICS)


def _columns(rows: list[dict[str, float]], metrics: Sequence[str]) -> FrameScores:
    return {name: [row.get(name, math.nan) for row in rows] for name in metrics}
