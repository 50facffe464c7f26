"""Captions of motion: each word for the motion it names, and for no other."""

import numpy as np
import pytest

from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.keypoints.captions import LENGTH, WORDS, caption, parse


@pytest.fixture(scope="module")
def face():
    landmarks = Recording.load(REPOSITORY / "backend/assets/recordings/quiet.npz").landmarks[0]
    return np.repeat(landmarks[None], 12, 0)


def words(landmarks):
    return {WORDS[number] for number in caption(landmarks)} - {""}


def turned(face, degrees, axis):
    """Turn the head about the vertical (0) or the ear-to-ear (1) axis, evenly over time."""
    centre = face[0].mean(0)
    out = face.copy()
    for t, angle in enumerate(np.radians(np.linspace(0, degrees, len(face)))):
        x, y, z = (face[t] - centre).T
        if axis == 0:
            moved = (x * np.cos(angle) + z * np.sin(angle), y, z * np.cos(angle) - x * np.sin(angle))
        else:
            moved = (x, y * np.cos(angle) - z * np.sin(angle), z * np.cos(angle) + y * np.sin(angle))
        out[t] = np.stack(moved, -1) + centre
    return out


def test_a_face_that_does_nothing_is_still(face):
    assert words(face) == {"still"}
    assert words(face * 0.5 + np.linspace(0, 0.3, 12)[:, None, None].astype(np.float32)) == {"still"}  # the camera moves


def test_turns_are_told_apart(face):
    one, other = words(turned(face, 25, 0)), words(turned(face, -25, 0))
    assert one | other >= {"turns left", "turns right"} and one != other


def test_up_and_down_are_told_apart(face):
    one, other = words(turned(face, 20, 1)), words(turned(face, -20, 1))
    assert one | other >= {"looks up", "looks down"} and one != other


def test_lips_and_lids(face):
    opened = face.copy()
    opened[6:, 14, 1] += 0.1
    assert "opens mouth" in words(opened)
    closed = face.copy()
    for upper, lower in ((159, 145), (386, 374)):
        closed[5, upper] = closed[5, lower] - 1e-3
    assert words(closed) == {"blinks"}


def test_what_a_person_writes_is_understood():
    assert parse("She turns left and BLINKS").tolist() == [WORDS.index("turns left"), WORDS.index("blinks"), 0]
    assert parse("flies away").tolist() == [0] * LENGTH
