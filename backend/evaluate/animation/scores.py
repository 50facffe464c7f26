"""Rendered frames of one clip -> scores, frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.types import Picture
from backend.evaluate.animation.clips import Clip, Still
from backend.evaluate.animation.faces import (
    EYES,
    LIPS,
    keypoint_distance,
    likeness,
    motion_distance,
    see_faces,
    texture,
)
from backend.evaluate.animation.image_metrics import flicker, l1, psnr, sharpness, structural
from backend.evaluate.animation.methods import Method, timed

Scores = dict[str, list[float] | Tensor]


@dataclass(frozen=True)
class Rebuilt:
    """What one method made of a clip: the chosen frames, their scores and those of the runs, and ms for each frame."""

    pictures: Picture
    frames: Scores
    runs: Scores
    ms: float


def reconstruct(method: Method, clip: Clip) -> Rebuilt:
    """Animate a clip's first frame by its own landmarks, and compare with what the camera saw."""
    driving = clip.recording.landmarks
    pictures, ms = timed(method.draw, clip.source, driving[clip.chosen])
    shaking = [
        _flicker(method.draw(clip.source, driving[run]), truth) for run, truth in zip(clip.runs, clip.run_pictures, strict=True)
    ]
    return Rebuilt(pictures, _frame_scores(pictures, clip), {"flicker": shaking}, ms)


def transferred(clip: Clip) -> list[int]:
    """Return which of a clip's chosen frames drive another person's portrait: every second, up to the last."""
    return list(range(len(clip.chosen)))[::-2][::-1]


def transfer(method: Method, portrait: Still, clip: Clip) -> tuple[Picture, Scores]:
    """Animate another person's portrait by a clip's motion since its first frame (see `transferred`).

    Returns:
        The frames, and: `cross_akd`, how far the motion of the face is from the driver's, aligned, in pixels; `cross_identity`,
        how like the portrait the face still is; `cross_lost`, whether no face is found.
    """
    pictures = method.transfer(portrait, clip.recording.landmarks[clip.chosen[transferred(clip)]], clip.source.landmarks)
    own, *faces = see_faces([portrait.picture, *pictures])
    reference = see_faces([clip.source.picture])[0]
    drivers = [clip.faces[index] for index in transferred(clip)]
    scores: dict[str, list[float]] = {"cross_akd": [], "cross_identity": [], "cross_lost": []}
    for picture, face, driver in zip(pictures, faces, drivers, strict=True):
        known = own is not None and reference is not None and driver is not None
        scores["cross_lost"].append(float(face is None) if known else math.nan)
        if face is None or own is None or reference is None or driver is None:
            scores["cross_akd"].append(math.nan)
            scores["cross_identity"].append(math.nan)
            continue
        scores["cross_akd"].append(motion_distance(face, own, driver, reference))
        scores["cross_identity"].append(likeness(texture(picture, face), texture(portrait.picture, own)))
    return pictures, dict(scores)


def pixels(pictures: Picture) -> Tensor:
    """Return pictures `[F, S, S, 3]` uint8 as `[F, 3, S, S]` in [0, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def _frame_scores(pictures: Picture, clip: Clip) -> Scores:
    frames, truth = pixels(pictures), pixels(clip.pictures)
    single, multiple = structural(frames, truth)
    found: Scores = {
        "l1": l1(frames, truth),
        "psnr": psnr(frames, truth),
        "ssim": single,
        "ms_ssim": multiple,
        "sharpness": sharpness(frames, truth),
    }
    return found | _face_scores(pictures, clip)


def _face_scores(pictures: Picture, clip: Clip) -> Scores:
    names = ("akd", "akd_lips", "akd_eyes", "identity", "lost")
    scores: dict[str, list[float]] = {name: [] for name in names}
    for picture, face, true_picture, true_face in zip(pictures, see_faces(pictures), clip.pictures, clip.faces, strict=True):
        row = dict.fromkeys(names, math.nan)
        if true_face is not None:
            row["lost"] = float(face is None)
            if face is not None:
                row["akd"] = keypoint_distance(face, true_face)
                row["akd_lips"] = keypoint_distance(face, true_face, LIPS)
                row["akd_eyes"] = keypoint_distance(face, true_face, EYES)
                row["identity"] = likeness(texture(picture, face), texture(true_picture, true_face))
        for name, value in row.items():
            scores[name].append(value)
    return dict(scores)


def _flicker(pictures: Picture, truth: Picture) -> float:
    return flicker(pixels(pictures), pixels(truth))
