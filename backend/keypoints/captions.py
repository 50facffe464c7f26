"""Short captions of a face's motion, made from its landmarks: turns left, opens the mouth, blinks, nods, ..."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.core.types import FloatArray

MOTIONS = ("still", "turns left", "turns right", "looks up", "looks down", "nods", "opens mouth", "talks", "blinks", "smiles")
"""What a caption can say of a face. Left and right are the person's own."""

WORDS = ("", *MOTIONS)
"""A word's number is its place here. Number 0 says nothing."""

LENGTH = 3
"""Words of a caption; it is filled up with zeros."""

TURN = 0.12
"""A turn or nod: by how much the nose's place between the cheeks (or between brow and chin) changes, face widths (heights)."""

LIPS, LIDS, GRIN = 0.04, 0.45, 0.06
"""Mouth open: lips apart by this share of the face's height. A blink: lids at less than this share of their usual gap.
A smile: the mouth wider by this share of the face's width."""


def caption(landmarks: FloatArray) -> NDArray[np.int64]:
    """Say what a face does.

    Args:
        landmarks: `[T, 478, 3]` of the frames, about 12.5 a second.

    Returns:
        `[LENGTH]` numbers into `WORDS`, the most striking first; `still` where nothing else is said.
    """
    found = {word: strength for word, strength in _strengths(landmarks[..., :2].astype(np.float64)).items() if strength > 1}
    said = sorted(found, key=found.__getitem__, reverse=True)[:LENGTH] or ["still"]
    numbers = np.zeros(LENGTH, np.int64)
    numbers[: len(said)] = [WORDS.index(word) for word in said]
    return numbers


def parse(words: str) -> NDArray[np.int64]:
    """Numbers of a caption that a person wrote: every one of `WORDS` that occurs in it, at most `LENGTH`."""
    said = [number for number, word in enumerate(WORDS) if word and word in words.lower()][:LENGTH]
    numbers = np.zeros(LENGTH, np.int64)
    numbers[: len(said)] = said
    return numbers


def _strengths(points: NDArray[np.float64]) -> dict[str, float]:
    """How far each word applies; above 1 it does."""

    def gap(a: int, b: int) -> NDArray[np.float64]:
        distance: NDArray[np.float64] = np.linalg.norm(points[:, a] - points[:, b], axis=-1)
        return distance

    width, height = gap(234, 454).clip(1e-6), gap(10, 152).clip(1e-6)
    across, along = points[:, 454] - points[:, 234], points[:, 152] - points[:, 10]
    # Where the nose's tip lies between the cheeks, and between forehead and chin.
    yaw = ((points[:, 1] - points[:, 234]) * across).sum(-1) / width**2
    pitch = ((points[:, 1] - points[:, 10]) * along).sum(-1) / height**2
    turned, tipped = yaw[-1] - yaw[0], pitch[-1] - pitch[0]
    swing = np.abs(np.diff(pitch)).sum() - abs(tipped)
    lips = gap(13, 14) / height
    lids = (gap(159, 145) + gap(386, 374)) / height
    mouth = gap(61, 291) / width
    moves = np.abs(np.diff(lips)).sum()
    return {
        "turns left": turned / TURN,
        "turns right": -turned / TURN,
        "looks down": tipped / (TURN / 2),
        "looks up": -tipped / (TURN / 2),
        "nods": swing / TURN,
        "opens mouth": (lips.max() - lips[0]) / LIPS,
        "talks": moves / (4 * LIPS),
        "blinks": float(LIDS * np.median(lids) / lids.min().clip(1e-6)),
        "smiles": (mouth[-1] - mouth[0]) / GRIN,
    }
