"""The four bundled recordings match their names."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.recording import Recording
from backend.server.http.recordings import RECORDINGS, load_recordings

NAMES = ["talking", "laughing", "quiet", "turning"]


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return {name: Recording.load(RECORDINGS / f"{name}.npz") for name in NAMES}


def yaw(recording: Recording) -> np.ndarray:
    """Degrees by which the line between the cheeks is turned out of the picture."""
    across = recording.landmarks[:, 454] - recording.landmarks[:, 234]
    return np.degrees(np.arctan2(across[:, 2], across[:, 0]))


def widest_smile(recording: Recording) -> float:
    """Width of the mouth over the distance of the eyes' outer corners: the widest against the usual."""
    mouth = np.linalg.norm(recording.landmarks[:, 61] - recording.landmarks[:, 291], axis=-1)
    eyes = np.linalg.norm(recording.landmarks[:, 33] - recording.landmarks[:, 263], axis=-1)
    return float(np.percentile(mouth / eyes, 90) - np.percentile(mouth / eyes, 10))


def opening(recording: Recording) -> float:
    """By how much the lips part, over the face's height."""
    lips = np.linalg.norm(recording.landmarks[:, 13] - recording.landmarks[:, 14], axis=-1)
    height = np.linalg.norm(recording.landmarks[:, 10] - recording.landmarks[:, 152], axis=-1)
    return float(np.ptp(np.percentile(lips / height, [10, 90])))


def speed(recording: Recording) -> float:
    """Face heights that a point moves in a second, on average."""
    height = np.linalg.norm(recording.landmarks[:, 10] - recording.landmarks[:, 152], axis=-1).mean()
    moved = np.linalg.norm(np.diff(recording.landmarks[..., :2], axis=0), axis=-1).mean(-1)
    return float((moved / np.diff(recording.timestamps)).mean() / height)


def test_there_are_four_and_talking_comes_first():
    assert list(load_recordings()) == NAMES


def test_each_is_long_and_smooth_enough_to_play_back_and_forth(recordings):
    for recording in recordings.values():
        assert 8 <= recording.timestamps[-1] - recording.timestamps[0] <= 20
        assert np.diff(recording.timestamps).max() < 0.06
        # No cut: from one frame to the next the whole face goes less than a tenth of its size.
        moved = np.abs(np.diff(recording.landmarks[..., :2].mean(1), axis=0)).max()
        assert moved < 0.1 * np.ptp(recording.landmarks[0, :, 1])
        assert "landmarks only" in recording.source


def test_each_matches_its_name(recordings):
    turned = {name: np.ptp(yaw(recording)) for name, recording in recordings.items()}
    smiles = {name: widest_smile(recording) for name, recording in recordings.items()}
    opened = {name: opening(recording) for name, recording in recordings.items()}
    speeds = {name: speed(recording) for name, recording in recordings.items()}
    assert max(turned, key=turned.get) == "turning" and turned["turning"] > 40
    assert max(smiles, key=smiles.get) == "laughing"
    assert min(opened, key=opened.get) == "quiet" and speeds["quiet"] < speeds["talking"] < speeds["turning"]
