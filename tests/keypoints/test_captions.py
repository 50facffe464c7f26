"""Captions of motion: each entry of the vocabulary is given to the motion it names, and to no other."""

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.keypoints.captions import CAPTION_LENGTH, VOCABULARY, caption, parse_caption


@pytest.fixture(scope="module")
def face():
    landmarks = Recording.load(REPOSITORY / "backend/assets/recordings/quiet.npz").landmarks[0]
    return np.repeat(landmarks[None], 12, 0)


def motions(landmarks):
    return {VOCABULARY[number] for number in caption(landmarks)} - {""}


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
    assert motions(face) == {"still"}
    assert motions(face * 0.5 + np.linspace(0, 0.3, 12)[:, None, None].astype(np.float32)) == {"still"}  # the camera moves


def test_left_and_right_turns_have_different_captions(face):
    one, other = motions(turned(face, 25, 0)), motions(turned(face, -25, 0))
    assert one | other >= {"turns left", "turns right"} and one != other


def test_up_and_down_have_different_captions(face):
    one, other = motions(turned(face, 20, 1)), motions(turned(face, -20, 1))
    assert one | other >= {"looks up", "looks down"} and one != other


def test_parted_lips_and_closed_lids_are_recognised(face):
    opened = face.copy()
    opened[6:, 14, 1] += 0.1
    assert "opens mouth" in motions(opened)
    closed = face.copy()
    for upper, lower in ((159, 145), (386, 374)):
        closed[5, upper] = closed[5, lower] - 1e-3
    assert motions(closed) == {"blinks"}


def test_what_a_person_writes_is_understood():
    assert parse_caption("She turns left and BLINKS").tolist() == [
        VOCABULARY.index("turns left"),
        VOCABULARY.index("blinks"),
        0,
    ]


def test_only_a_caption_without_any_known_word_is_refused():
    assert parse_caption("  ").tolist() == [0] * CAPTION_LENGTH
    assert parse_caption("flies and blinks").tolist() == parse_caption("blinks").tolist()
    with pytest.raises(InputError, match="flies away") as refused:
        parse_caption("flies away")
    assert refused.value.code == "video_caption" and "blinks" in refused.value.hint
