"""The face of a video becomes a recording of landmarks in one square."""

import numpy as np

from backend.media.face_tracker import track_face
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
