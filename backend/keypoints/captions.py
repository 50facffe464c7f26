"""Captions of a face's motion, made from its landmarks or parsed from text: turns left, opens mouth, blinks, nods, ..."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.types import FloatArray

MOTIONS = ("still", "turns left", "turns right", "looks up", "looks down", "nods", "opens mouth", "talks", "blinks", "smiles")
"""All motions that captions name; left and right are the person's own."""

VOCABULARY = ("", *MOTIONS)
"""Meaning of each index of a caption; index 0 is padding."""

CAPTION_LENGTH = 3
"""Indices in a caption."""

TURN = 0.12
"""Turn or nod: change of the nose's position between the cheeks (or forehead and chin), in face widths (heights)."""

LIPS, LIDS, GRIN = 0.04, 0.45, 0.06
"""Mouth open: lips further apart, in face heights. Blink: lids closer than this share of their median gap. Smile: mouth wider,
in face widths."""


def caption(landmarks: FloatArray) -> NDArray[np.int64]:
    """Caption landmarks `[T, 478, 3]` on the clock: `[CAPTION_LENGTH]` indices into `VOCABULARY`, strongest motion first."""
    found = {motion: strength for motion, strength in _strengths(landmarks[..., :2].astype(np.float64)).items() if strength > 1}
    return _indices(sorted(found, key=found.__getitem__, reverse=True) or ["still"])


def parse_caption(text: str) -> NDArray[np.int64]:
    """Return the caption `[CAPTION_LENGTH]` with the motions that occur in a text.

    Raises:
        InputError: `video_caption`: the text is not blank and names none.
    """
    motions = [motion for motion in MOTIONS if motion in text.lower()]
    if text.strip() and not motions:
        hint = f"It knows: {', '.join(MOTIONS)}."
        raise InputError("video_caption", f"The video model does not know “{text.strip()}”.", hint)
    return _indices(motions)


def _indices(motions: Sequence[str]) -> NDArray[np.int64]:
    indices = [VOCABULARY.index(motion) for motion in motions[:CAPTION_LENGTH]]
    return np.array(indices + [0] * (CAPTION_LENGTH - len(indices)), np.int64)


def _strengths(points: NDArray[np.float64]) -> dict[str, float]:
    """Return the strength of each motion; above 1 it is part of the caption."""

    def gap(a: int, b: int) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm(points[:, a] - points[:, b], axis=-1))

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
