"""The face of a video becomes a recording of landmarks in one square."""

import tracemalloc
import weakref
from pathlib import Path

import numpy as np

from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.media import face_tracker
from backend.media.crop import SquareCrop
from backend.media.face_tracker import track_face
from backend.media.video_reader import VideoFrame
from tests.media.made import astronaut, moving, placed, refused, scaled, video


def test_a_face_is_followed_into_a_recording_of_crop_coordinates(tmp_path):
    calls = []
    path = video(tmp_path / "talk.mp4", moving(20), fps=25)
    recording, _ = track_face(path, lambda done, total: calls.append((done, total)))
    assert len(recording.landmarks) == 20 and recording.source == "talk.mp4"
    np.testing.assert_allclose(recording.timestamps, 0.04 * np.arange(20), atol=1e-3)
    share = np.ptp(recording.landmarks[..., :2], axis=1).max(-1) / 2
    assert (share > 0.3).all() and (share < 0.75).all()
    assert recording.landmarks[-1, 1, 0] > recording.landmarks[0, 1, 0]
    assert calls == [(i, 20) for i in range(1, 21)]


def test_a_small_face_in_a_wide_picture_is_found_and_framed(tmp_path):
    frames = [placed(scaled(560), 540, 960, 420 + 3 * i, 0) for i in range(8)]
    recording, _ = track_face(video(tmp_path / "a.mp4", frames))
    assert len(recording.landmarks) == 8
    share = np.ptp(recording.landmarks[..., :2], axis=1).max(-1) / 2
    np.testing.assert_allclose(share, 0.53, atol=0.06)
    assert (np.diff(recording.landmarks[:, 1, 0]) > 0).all()


def test_frames_in_which_the_tracker_jumps_to_another_face_are_left_out(tmp_path):
    left, right = placed(scaled(400), 400, 800, 0, 0), placed(scaled(400), 400, 800, 400, 0)
    frames = [left] * 6 + [right] * 5 + [left] * 4
    recording, _ = track_face(video(tmp_path / "a.mp4", frames))
    assert len(recording.landmarks) < 15
    assert np.ptp(recording.landmarks[:, 1, 0]) < 0.2


def test_a_video_without_a_face_is_refused(tmp_path):
    path = video(tmp_path / "a.mp4", [astronaut()[300:, 300:]] * 3)
    assert refused(lambda: track_face(path)) == "video_no_face"


class StubTracker:
    """A face that moves by a pixel a second; counts the pictures that are alive when it is called."""

    face = (Recording.load(REPOSITORY / "backend/assets/recordings/talking.npz").landmarks[0] + 1) * 128
    alive: weakref.WeakSet
    most = 0

    def __enter__(self):
        StubTracker.alive, StubTracker.most = weakref.WeakSet(), 0
        return self

    def __exit__(self, *_):
        pass

    def __call__(self, picture, t):
        self.alive.add(picture)
        StubTracker.most = max(self.most, len(self.alive))
        return self.face + np.float32(t)


class CountedPicture(np.ndarray):
    """An array that can be put into a `WeakSet`."""

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other


def stub_video(monkeypatch, count):
    pictures = (VideoFrame(np.zeros((256, 256, 3), np.uint8).view(CountedPicture), 0.04 * i) for i in range(count))
    monkeypatch.setattr(face_tracker, "FaceTracker", StubTracker)
    monkeypatch.setattr(face_tracker, "read_video", lambda _: pictures)
    monkeypatch.setattr(face_tracker, "frame_count", lambda _: count)


def test_of_a_long_video_only_the_landmarks_are_kept_and_those_once(monkeypatch):
    stub_video(monkeypatch, 6000)
    tracemalloc.start()
    try:
        recording, _ = track_face(Path("long.mp4"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(recording.timestamps) == 6000
    assert StubTracker.most <= 2, "the picture that is tracked, and the one before it"
    assert peak < 1.3 * recording.landmarks.nbytes


def test_the_square_is_that_of_the_median_face_over_the_whole_video(monkeypatch):
    stub_video(monkeypatch, 601)
    recording, crop = track_face(Path("a.mp4"))
    faces = np.stack([StubTracker.face + np.float32(0.04 * i) for i in range(601)])
    assert crop == SquareCrop.around(np.median(faces, axis=0), 256, 256)
    np.testing.assert_array_equal(recording.landmarks, crop.apply(faces))
