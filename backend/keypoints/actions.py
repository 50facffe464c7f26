"""What a face does from frame to frame, in five numbers: measured from landmarks, or planned from the words of a caption."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backend.keypoints.captions import WORDS, measures
from backend.types import FloatArray

STEPS = np.array([0.022, 0.009, 0.023, 0.016, 0.0165])
"""Standard deviation of the change of `measures` from frame to frame, of people who talk, 12.5 frames a second."""

LARGEST = 5.0
"""Changes are clipped to so many of their deviations: beyond lies bad tracking."""

WIDTH = len(STEPS) + 1
"""Numbers of a frame: the changes in units of `STEPS`, then 1 where they are known and 0 (like all others) where not."""

MOVE = 12
"""Frames that a turn takes."""

_TURN, _NOD, _OPEN, _TALK, _SHUT, _GRIN = 0.22, 0.045, 0.08, 0.05, -0.075, 0.08


def actions(landmarks: FloatArray) -> NDArray[np.float32]:
    """Measure what a face does.

    Args:
        landmarks: `[T, 478, 3]`, about 12.5 a second.

    Returns:
        `[T, WIDTH]`; the first frame's are not known.
    """
    return _known(measures(landmarks[..., :2].astype(np.float64)))


def mirrored(done: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same `[..., WIDTH]` of the face in a mirror: it turns the other way."""
    return done * np.array([-1, 1, 1, 1, 1, 1], np.float32)


def planned(caption: NDArray[np.int64], frames: int) -> NDArray[np.float32]:
    """Plan what a face does under a caption: `[frames, WIDTH]`, the first frame standing; nothing known where nothing is said.

    Args:
        caption: numbers into `WORDS`.
        frames: how many.
    """
    said = {WORDS[number] for number in caption} - {""}
    if not said:
        return np.zeros((frames, WIDTH), np.float32)
    time = np.arange(frames, dtype=np.float64)
    # There within MOVE frames, a rest, and back: for clips of any length.
    way = np.interp(time % (4 * MOVE), [0, MOVE, 2 * MOVE, 3 * MOVE, 4 * MOVE], [0, 1, 1, 0, 0])
    way = (1 - np.cos(np.pi * way)) / 2
    nod, talk = np.sin(2 * np.pi * time / 8), (1 - np.cos(2 * np.pi * time / 4)) / 2
    blink = np.isin(time % 16, (5, 6)).astype(np.float64)
    path = np.zeros((frames, len(STEPS)))
    path[:, 0] = _TURN * way * (("turns left" in said) - ("turns right" in said))
    path[:, 1] = 2 * _NOD * way * (("looks down" in said) - ("looks up" in said)) + _NOD * nod * ("nods" in said)
    path[:, 2] = _OPEN * way * ("opens mouth" in said) + _TALK * talk * ("talks" in said)
    path[:, 3] = _SHUT * blink * ("blinks" in said)
    path[:, 4] = _GRIN * way * ("smiles" in said)
    return _known(path)


def _known(path: NDArray[np.float64]) -> NDArray[np.float32]:
    """`measures` over time `[T, 5]` -> changes in usual steps `[T, WIDTH]`."""
    done = np.zeros((len(path), WIDTH), np.float32)
    done[1:, :-1] = (np.diff(path, axis=0) / STEPS).clip(-LARGEST, LARGEST)
    done[1:, -1] = 1
    return done
