"""Short captions of a face's motion, made from its landmarks: turns left, opens mouth, blinks, nods, ..."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.types import FloatArray

MOTIONS = ("still", "turns left", "turns right", "looks up", "looks down", "nods", "opens mouth", "talks", "blinks", "smiles")
"""What a caption can say about a face. Left and right are the person's own."""

VOCABULARY = ("", *MOTIONS)
"""What each index of a caption stands for; index 0 is padding."""

CAPTION_LENGTH = 3
"""Indices in a caption."""

TURN = 0.12
"""Turn or nod: change of the nose's position between the cheeks (or forehead and chin), in face widths (heights)."""

LIPS, LIDS, GRIN = 0.04, 0.45, 0.06
"""Mouth open: lips further apart by this share of the face's height. Blink: lids at less than this share of their median gap.
Smile: mouth wider by this share of the face's width."""


def caption(landmarks: FloatArray) -> NDArray[np.int64]:
    """Caption landmarks `[T, 478, 3]` on the clock.

    Returns:
        Indices into `VOCABULARY` `[CAPTION_LENGTH]`, the strongest motion first; `still` if none is strong enough.
    """
    found = {motion: strength for motion, strength in _strengths(landmarks[..., :2].astype(np.float64)).items() if strength > 1}
    return _indices(sorted(found, key=found.__getitem__, reverse=True) or ["still"])


def parse_caption(text: str) -> NDArray[np.int64]:
    """Return the caption `[CAPTION_LENGTH]` of what a person wrote: the entries of `VOCABULARY` that occur in it."""
    return _indices([motion for motion in MOTIONS if motion in text.lower()])


def _indices(motions: Sequence[str]) -> NDArray[np.int64]:
    indices = np.zeros(CAPTION_LENGTH, np.int64)
    for place, motion in enumerate(motions[:CAPTION_LENGTH]):
        indices[place] = VOCABULARY.index(motion)
    return indices


def parse_known(words: str) -> NDArray[np.int64]:
    """As `parse_caption`, of a caption that is blank or holds at least one known word.

    Raises:
        InputError: `video_caption`.
    """
    numbers = parse_caption(words)
    if words.strip() and not numbers.any():
        raise InputError(
            "video_caption", f"The video flow does not know “{words.strip()}”.", f"It knows: {', '.join(MOTIONS)}."
        )
    return numbers


def _strengths(points: NDArray[np.float64]) -> dict[str, float]:
    """How strong each motion is; above 1 it is part of the caption."""

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
