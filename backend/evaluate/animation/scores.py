"""Score the rendered frames of one clip, frame by frame."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from torch import Tensor

from backend.core.types import Picture
from backend.evaluate.animation.clips import AnnotatedFrame, EvaluationClip
from backend.evaluate.animation.faces import (
    EYES,
    LIPS,
    keypoint_distance,
    likeness,
    motion_distance,
    see_faces,
    texture,
)
from backend.evaluate.animation.methods import AnimationMethod
from backend.evaluate.common.image_metrics import flicker, l1, psnr, sharpness, structural
from backend.evaluate.common.videos import to_tensor

FrameScores = dict[str, list[float] | Tensor]
"""Metric -> one number a frame (or run), NaN where there is none."""


@dataclass(frozen=True)
class Reconstruction:
    """A method's frames of a clip, their scores and those of the runs, and ms for each frame."""

    pictures: Picture
    frames: FrameScores
    runs: FrameScores
    ms: float


def reconstruct(method: AnimationMethod, clip: EvaluationClip) -> Reconstruction:
    """Animate a clip's first frame by its own landmarks, and compare with the video."""
    driving = clip.recording.landmarks
    began = time.perf_counter()
    pictures = method.animate(clip.source, driving[clip.chosen])
    ms = (time.perf_counter() - began) * 1e3 / len(clip.chosen)
    runs = [
        flicker(to_tensor(method.animate(clip.source, driving[run])), to_tensor(truth))
        for run, truth in zip(clip.runs, clip.run_pictures, strict=True)
    ]
    return Reconstruction(pictures, _pixel_scores(pictures, clip) | _face_scores(pictures, clip), {"flicker": runs}, ms)


def transferred(clip: EvaluationClip) -> list[int]:
    """Return which of a clip's chosen frames drive another person's portrait: every second, up to the last."""
    return list(range(len(clip.chosen)))[::-2][::-1]


def transfer(method: AnimationMethod, portrait: AnnotatedFrame, clip: EvaluationClip) -> tuple[Picture, FrameScores]:
    """Animate another person's portrait by a clip's motion since its first frame (see `transferred`).

    Args:
        method: how.
        portrait: what is animated.
        clip: the driver.

    Returns:
        The frames, and: `cross_akd`, distance of the aligned motion of the face from the driver's, in pixels; `cross_identity`,
        likeness of the face to the portrait; `cross_lost`, whether no face is found.
    """
    pictures = method.transfer(portrait, clip.recording.landmarks[clip.chosen[transferred(clip)]], clip.source.landmarks)
    own, *faces = see_faces([portrait.picture, *pictures])
    reference = see_faces([clip.source.picture])[0]
    rows = []
    for picture, face, index in zip(pictures, faces, transferred(clip), strict=True):
        driver, row = clip.faces[index], dict.fromkeys(("cross_akd", "cross_identity", "cross_lost"), math.nan)
        if own is not None and reference is not None and driver is not None:
            row["cross_lost"] = float(face is None)
            if face is not None:
                row["cross_akd"] = motion_distance(face, own, driver, reference)
                row["cross_identity"] = likeness(texture(picture, face), texture(portrait.picture, own))
        rows.append(row)
    return pictures, _columns(rows)


def _pixel_scores(pictures: Picture, clip: EvaluationClip) -> FrameScores:
    frames, truth = to_tensor(pictures), to_tensor(clip.pictures)
    single, multiple = structural(frames, truth)
    return {
        "l1": l1(frames, truth),
        "psnr": psnr(frames, truth),
        "ssim": single,
        "ms_ssim": multiple,
        "sharpness": sharpness(frames, truth),
    }


def _face_scores(pictures: Picture, clip: EvaluationClip) -> FrameScores:
    rows = []
    for picture, face, true_picture, true_face in zip(pictures, see_faces(pictures), clip.pictures, clip.faces, strict=True):
        row = dict.fromkeys(("akd", "akd_lips", "akd_eyes", "identity", "lost"), math.nan)
        if true_face is not None:
            row["lost"] = float(face is None)
            if face is not None:
                row["akd"] = keypoint_distance(face, true_face)
                row["akd_lips"] = keypoint_distance(face, true_face, LIPS)
                row["akd_eyes"] = keypoint_distance(face, true_face, EYES)
                row["identity"] = likeness(texture(picture, face), texture(true_picture, true_face))
        rows.append(row)
    return _columns(rows)


def _columns(rows: list[dict[str, float]]) -> FrameScores:
    return {name: [row[name] for row in rows] for name in rows[0]}
