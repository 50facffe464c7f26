from __future__ import annotations

import numpy as np
import pytest

from backend.core.errors import InputError
from backend.server.live.landmark_stream import LandmarkStream, check_landmarks
from tests.server.conftest import face


def _code(landmarks: np.ndarray, t: float = 0.0) -> str:
    with pytest.raises(InputError) as caught:
        LandmarkStream().push(landmarks, t)
    return caught.value.code


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    landmarks = face()
    landmarks[3, 1] = value
    assert _code(landmarks) == "landmarks_not_finite"


def test_coordinates_at_the_limit_of_the_wire_were_clipped_and_are_refused():
    landmarks = face()
    landmarks[3, 1] = -2.0
    assert _code(landmarks) == "landmarks_out_of_range"


def test_a_point_is_not_a_face():
    assert _code(np.full((478, 3), 0.3, np.float32)) == "landmarks_degenerate"


def test_points_on_a_slanted_line_are_not_a_face():
    assert _code(np.repeat(np.linspace(-0.5, 0.5, 478, dtype=np.float32)[:, None], 3, 1)) == "landmarks_degenerate"


def test_a_face_of_a_twentieth_of_the_usual_size_is_refused():
    assert _code(0.05 * face()) == "landmarks_degenerate"


def test_a_distant_face_and_one_in_profile_pass():
    check_landmarks(0.2 * face())
    check_landmarks(face() * np.float32([0.4, 1, 1]))


@pytest.mark.parametrize("t", [np.nan, np.inf, 1e300, -1e14])
def test_impossible_times_are_refused(t):
    assert _code(face(), t) == "time_out_of_range"


def test_a_real_face_passes():
    check_landmarks(face())


def test_a_camera_of_thirty_frames_gives_the_clocks_ticks():
    stream = LandmarkStream()
    ticks = [tick for i in range(31) for tick in stream.push(face(), i * 1000 / 30)]
    assert [tick.index for tick in ticks] == list(range(13))
    assert np.diff([tick.t for tick in ticks]) == pytest.approx(0.08)


def test_late_and_repeated_frames_are_dropped_and_counted():
    stream = LandmarkStream()
    for t in (0.0, 100.0, 100.0, 50.0, 200.0):
        stream.push(face(), t)
    assert stream.dropped == 2


def test_a_clock_that_restarts_is_followed():
    stream = LandmarkStream()
    stream.push(face(), 1_000_000.0)
    (tick,) = stream.push(face(), 0.0)
    assert tick.restarted
    assert stream.dropped == 0


def test_refused_frames_do_not_change_the_state():
    stream = LandmarkStream()
    stream.push(face(), 0.0)
    with pytest.raises(InputError):
        stream.push(np.full((478, 3), np.nan, np.float32), 40.0)
    (tick,) = stream.push(face(), 80.0)
    assert np.isfinite(tick.landmarks).all()
