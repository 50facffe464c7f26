"""What a face does from frame to frame: measured as it is, mirrored, and planned so that the words are found again."""

import numpy as np
import pytest

from backend.keypoints.actions import LARGEST, STEPS, WIDTH, actions, mirrored, planned
from backend.keypoints.captions import MOTIONS, WORDS, measures, strengths
from backend.settings import REPOSITORY
from backend.types import Recording

USUAL = np.array([0.5, 0.56, 0.01, 0.094, 0.365])
"""`measures` of a face at rest."""


def numbers(*words):
    said = [WORDS.index(word) for word in words]
    return np.array(said + [0] * (3 - len(said)))


def path_of(done):
    return USUAL + np.cumsum(done[:, :-1] * STEPS, 0)


@pytest.mark.parametrize("word", MOTIONS)
def test_what_is_planned_is_what_the_word_means(word):
    done = planned(numbers(word), 17)
    assert done.shape == (17, WIDTH) and done.dtype == np.float32
    assert not done[0].any() and (done[1:, -1] == 1).all()
    found = {name for name, strength in strengths(path_of(done)).items() if strength > 1}
    assert found == ({word} - {"still"} if word != "talks" else {"talks", "opens mouth"})


def test_words_add_up_and_nothing_said_plans_nothing():
    both, one, other = (planned(numbers(*words), 24) for words in (("smiles", "blinks"), ("smiles",), ("blinks",)))
    assert np.allclose(both[:, :-1], one[:, :-1] + other[:, :-1])
    assert not planned(np.zeros(3, np.int64), 8).any()


def test_a_long_clip_goes_there_and_back():
    path = path_of(planned(numbers("turns left"), 97))[:, 0]
    assert path.max() - path.min() > 0.2
    assert abs(path[48] - path[0]) < 1e-3 and abs(path[96] - path[0]) < 1e-3


def test_a_recording_is_measured_in_usual_steps():
    landmarks = Recording.load(REPOSITORY / "backend/assets/recordings/quiet.npz").landmarks[:40]
    done = actions(landmarks)
    assert done.shape == (40, WIDTH) and not done[0].any() and (done[1:, -1] == 1).all()
    assert np.allclose(np.diff(measures(landmarks[..., :2].astype(float))[:, 0]) / STEPS[0], done[1:, 0], atol=1e-4)
    jump = landmarks.copy()
    jump[20:, 1] += 5
    assert np.abs(actions(jump)).max() == LARGEST


def test_a_mirror_turns_the_other_way_and_opens_the_same_mouth():
    landmarks = Recording.load(REPOSITORY / "backend/assets/recordings/quiet.npz").landmarks[:12]
    done = actions(landmarks)
    assert np.array_equal(mirrored(done)[:, 0], -done[:, 0]) and np.array_equal(mirrored(done)[:, 1:], done[:, 1:])
