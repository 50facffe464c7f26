"""Folders of recordings of any kind, as the evaluations read them."""

import csv

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import CLOCK_S
from backend.keypoints.dataset import iterate_windows, read_evaluation_set


def keypoints(frames=60, width=12, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, (frames, width)).astype(np.float32)


def table(path, rows, columns=("clip", "person", "split")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def test_every_form_of_recording_is_read(tmp_path):
    face = np.random.default_rng(0).normal(0, 0.3, (1, 478, 3)).repeat(30, 0).astype(np.float32)
    Recording(face, np.arange(30) / 25).save(tmp_path / "landmarks.npz")
    np.savez(tmp_path / "named.npz", keypoints=keypoints(), fps=np.float32(50))
    np.savez(tmp_path / "timed.npz", keypoints=keypoints(), timestamps=np.arange(60) / 10)
    np.savez(tmp_path / "single.npz", anything=keypoints())
    np.save(tmp_path / "bare.npy", keypoints().astype(np.float64))
    evaluation_set = read_evaluation_set(tmp_path)
    found = {sequence.clip: sequence for sequence in evaluation_set.sequences}
    assert evaluation_set.skipped == [] and found.keys() == {"landmarks", "named", "timed", "single", "bare"}
    assert found["landmarks"].layout == "face_regions" and found["named"].layout == "flat"
    rates = {name: round(1 / np.diff(sequence.timestamps).mean()) for name, sequence in found.items()}
    assert rates == {"landmarks": 25, "named": 50, "timed": 10, "single": 25, "bare": 25}
    assert all(sequence.person == sequence.clip for sequence in evaluation_set.sequences)


def test_an_explicit_rate_overrides_the_file_s(tmp_path):
    np.savez(tmp_path / "a.npz", keypoints=keypoints(), fps=np.float32(50))
    assert read_evaluation_set(tmp_path, fps=10).sequences[0].seconds == pytest.approx(5.9)


def test_at_25_frames_a_second_the_clock_takes_every_second_frame(tmp_path):
    flat = keypoints(61)
    np.save(tmp_path / "a.npy", flat)
    np.testing.assert_allclose(read_evaluation_set(tmp_path).sequences[0].clocked(), flat[::2], atol=1e-5)


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_a_table_says_which_recordings_are_held_out_and_of_whom(tmp_path, place):
    (tmp_path / "recordings").mkdir()
    for name in ("a", "b.c", "d", "e"):
        np.save(tmp_path / "recordings" / f"{name}.npy", keypoints())
    rows = [["a.mp4", "p1", "val"], ["b.c", "p1", "val"], ["d.npy", "p2", "train"], ["e", "", "VAL"], ["gone", "p3", "val"]]
    path = table(tmp_path / ("clips.csv" if place == "inside" else "split.csv"), rows)
    evaluation_set = read_evaluation_set(tmp_path, None if place == "inside" else path)
    assert {sequence.clip: sequence.person for sequence in evaluation_set.sequences} == {"a": "p1", "b.c": "p1", "e": "e"}
    assert len(evaluation_set.skipped) == 1 and evaluation_set.skipped[0].startswith("gone")


def test_people_of_a_split_test_are_kept_apart_from_those_that_a_training_was_tuned_on(tmp_path):
    for name in ("a", "b", "c"):
        np.save(tmp_path / f"{name}.npy", keypoints())
    path = table(tmp_path / "split.csv", [["a", "p1", "val"], ["b", "p2", "test"], ["c", "p3", "train"]])
    evaluation_set = read_evaluation_set(tmp_path, path)
    assert [sequence.person for sequence in evaluation_set.sequences] == ["p2"]
    assert evaluation_set.skipped == ["split.csv: split val (1 rows) is left out, since there is a split test."]


def test_the_column_may_be_called_name_and_the_person_may_be_unknown(tmp_path):
    np.save(tmp_path / "a.npy", keypoints())
    path = table(tmp_path / "split.csv", [["a", "test"]], ("name", "split"))
    assert [sequence.person for sequence in read_evaluation_set(tmp_path, path).sequences] == ["a"]


BAD = {
    "broken.npz": lambda path: path.write_bytes(b"PK nothing"),
    "empty.npy": lambda path: path.write_bytes(b""),
    "words.npy": lambda path: np.save(path, np.array([["a", "b"]])),
    "pickled.npy": lambda path: np.save(path, np.array([[{}]], dtype=object), allow_pickle=True),
    "cube.npy": lambda path: np.save(path, np.zeros((4, 10, 6))),
    "two.npz": lambda path: np.savez(path, a=keypoints(), b=keypoints()),
    "width.npy": lambda path: np.save(path, keypoints(width=13)),
    "nan.npy": lambda path: np.save(path, np.full((30, 12), np.nan)),
    "single.npy": lambda path: np.save(path, keypoints(1)),
    "rate.npz": lambda path: np.savez(path, keypoints=keypoints(), fps=0.0),
    "times.npz": lambda path: np.savez(path, keypoints=keypoints(), timestamps=np.zeros(60)),
    "other.npz": lambda path: np.savez(path, landmarks=np.zeros((4, 468, 3)), timestamps=np.arange(4.0), source="x"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_and_skipped(tmp_path, name):
    np.save(tmp_path / "good.npy", keypoints())
    BAD[name](tmp_path / name)
    evaluation_set = read_evaluation_set(tmp_path)
    assert [sequence.clip for sequence in evaluation_set.sequences] == ["good"]
    assert len(evaluation_set.skipped) == 1 and name in evaluation_set.skipped[0]


@pytest.mark.parametrize(
    ("case", "code"),
    [("no folder", "data_missing"), ("empty", "data_empty"), ("only bad", "data_empty"), ("no split", "split_empty"),
     ("no column", "data_columns"), ("no table", "data_missing"), ("no text", "data_columns")],
)  # fmt: skip
def test_a_folder_of_which_nothing_can_be_used_is_refused_in_words(tmp_path, case, code):
    data, path = tmp_path / "data", None
    if case != "no folder":
        data.mkdir()
    if case == "only bad":
        np.save(data / "nan.npy", np.full((30, 12), np.nan))
    elif case in ("no split", "no column"):
        np.save(data / "a.npy", keypoints())
        path = table(tmp_path / "t.csv", [["a", "p", "train"]], ("clip", "person", "split" if case == "no split" else "part"))
    elif case in ("no table", "no text"):
        np.save(data / "a.npy", keypoints())
        path = tmp_path / "t.csv"
        if case == "no text":
            path.write_bytes(b"\xff\xfe\x00clip")
    with pytest.raises(InputError) as caught:
        read_evaluation_set(data, path)
    assert caught.value.code == code
    assert case != "only bad" or "nan.npy" in str(caught.value)


def test_windows_come_with_their_sequence(tmp_path):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", keypoints(100))
    found = list(iterate_windows(read_evaluation_set(tmp_path).sequences, 20, 15))
    assert [sequence.clip for _, sequence in found] == ["a"] * 3 + ["b"] * 3
    assert all(frames.shape == (20, 12) for frames, _ in found)
    assert np.diff(found[0][1].timestamps).mean() == pytest.approx(CLOCK_S / 2)
