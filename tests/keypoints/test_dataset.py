import csv

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import CLOCK_S
from backend.keypoints.dataset import KeypointSequence, read_split, stack_windows
from backend.keypoints.reading import GAP_S


def recording(times, seed=0, shift=0.0):
    random = np.random.default_rng(seed)
    landmarks = random.normal(0, 0.3, (1, 478, 3)) + 0.01 * np.arange(len(times))[:, None, None] + shift
    return Recording(landmarks.astype(np.float32), np.asarray(times, dtype=np.float64))


def folder(path, recordings, columns=("clip", "person", "split")):
    with (path / "clips.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        for name, (split, made) in recordings.items():
            table.writerow([f"{name}.mp4", f"person of {name}", split])
            if made is not None:
                made.save(path / f"{name}.npz")
    return path


def test_clips_are_read_by_split_and_those_without_a_recording_are_passed_over(tmp_path):
    times = np.arange(30) / 25
    data = folder(tmp_path, {"a": ("train", recording(times)), "b": ("val", recording(times, 1)), "c": ("train", None)})
    assert [sequence.clip for sequence in read_split(data)] == ["a.mp4", "b.mp4"]
    (motion,) = read_split(data, "val")
    assert motion.person == "person of b" and motion.flat.shape == (30, 60) and motion.flat.dtype == np.float32


def test_a_lost_face_and_a_jump_to_another_face_end_a_motion(tmp_path):
    lost = np.concatenate([np.arange(10) / 25, 1 + GAP_S + np.arange(12) / 25])
    two = recording(np.arange(20) / 25)
    two.landmarks[8:] += 0.5
    data = folder(tmp_path, {"lost": ("train", recording(lost)), "two": ("train", two)})
    assert [len(sequence.flat) for sequence in read_split(data)] == [10, 12, 8, 12]


def test_the_clock_interpolates_between_frames_of_any_rate():
    times = np.sort(np.random.default_rng(0).uniform(0, 4, 100))
    motion = KeypointSequence((times[:, None] * np.ones(6)).astype(np.float32), times, "p", "train", "c")
    grid = motion.clocked()[:, 0]
    np.testing.assert_allclose(grid, times[0] + CLOCK_S * np.arange(len(grid)), atol=1e-5)
    assert times[-1] - CLOCK_S < grid[-1] <= times[-1] + 1e-5


def test_windows_keep_their_person_and_never_cross_motions():
    sequences = [
        KeypointSequence(np.full((40, 6), number, np.float32), np.arange(40) * CLOCK_S, f"p{number}", "train", "c")
        for number in range(2)
    ]
    cut, people = stack_windows(sequences, 24, 8)
    assert cut.shape == (6, 24, 6) and people == ["p0"] * 3 + ["p1"] * 3
    assert (cut == cut[:, :1]).all()


def test_windows_longer_than_every_motion_are_refused():
    motion = KeypointSequence(np.zeros((10, 6), np.float32), np.arange(10) * CLOCK_S, "p", "train", "c")
    with pytest.raises(InputError) as caught:
        stack_windows([motion], 24, 8)
    assert caught.value.code == "data_short"


@pytest.mark.parametrize("case", ["no table", "no column", "no recording"])
def test_a_folder_that_cannot_be_used_is_refused_in_words(tmp_path, case):
    if case == "no column":
        folder(tmp_path, {"a": ("train", recording([0.0, 0.1]))}, columns=("clip", "who", "split"))
    elif case == "no recording":
        folder(tmp_path, {"a": ("train", None)})
    with pytest.raises(InputError) as caught:
        read_split(tmp_path)
    assert caught.value.code == {"no table": "data_missing", "no column": "data_columns", "no recording": "data_empty"}[case]
