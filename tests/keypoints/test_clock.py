import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.recording import Recording
from backend.core.types import CLOCK_S
from backend.keypoints.clock import GAP_S, SLACK_S, Clock, SmoothedClock, resample

ARRIVALS = st.lists(st.floats(0, 6), max_size=60)
ORIGINS = st.sampled_from([0.0, -3.0, 1.7e9])


def face(value):
    return np.full((478, 3), value, np.float32)


def line(t, origin=0.0):
    """Landmarks that move at constant speed: interpolation must be exact."""
    return face(0.25 * (t - origin) - 0.5)


@given(ARRIVALS, ORIGINS)
def test_any_arrival_order_gives_an_increasing_grid_of_bounded_bursts(arrivals, origin):
    clock, ticks, late, newest = Clock(), [], 0, -math.inf
    for t in (origin + arrival for arrival in arrivals):
        burst = clock.push(line(t, origin), t)
        assert len(burst) <= GAP_S / CLOCK_S + 1
        ticks += burst
        late += t <= newest
        newest = max(newest, t)
    assert clock.dropped == late
    assert [tick.index for tick in ticks] == list(range(len(ticks)))
    for before, after in zip(ticks, ticks[1:], strict=False):
        if after.restarted:
            assert after.t > before.t
        else:
            assert after.t - before.t == pytest.approx(CLOCK_S, abs=1e-5)


@given(ARRIVALS)
def test_ticks_lie_on_the_line_that_the_arrivals_lie_on(arrivals):
    clock = Clock()
    for t in arrivals:
        for tick in clock.push(line(t), t):
            np.testing.assert_allclose(tick.landmarks, line(tick.t), atol=1e-5)
            assert tick.t <= t + SLACK_S


@given(ARRIVALS, st.lists(st.integers(0, 59), max_size=30))
def test_duplicates_and_late_arrivals_change_nothing_but_the_count(arrivals, repeats):
    ordered = sorted(set(arrivals))
    plain, noisy = Clock(), Clock()
    expected = [tick for t in ordered for tick in plain.push(line(t), t)]
    got, extra = [], 0
    for i, t in enumerate(ordered):
        got += noisy.push(line(t), t)
        for _ in range(repeats.count(i)):
            extra += 1
            assert noisy.push(face(9), ordered[i // 2]) == []
    assert noisy.dropped == extra and plain.dropped == 0
    assert [(a.t, a.index, a.restarted) for a in got] == [(b.t, b.index, b.restarted) for b in expected]
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a.landmarks, b.landmarks)


@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=60))
def test_jittered_arrivals_without_a_gap_fill_one_grid_completely(steps):
    clock, t = Clock(), 0.0
    ticks = clock.push(line(t), t)
    for step in steps:
        if step < GAP_S:
            t += step
            ticks += clock.push(line(t), t)
    assert [tick.restarted for tick in ticks] == [True] + [False] * (len(ticks) - 1)
    np.testing.assert_allclose([tick.t for tick in ticks], CLOCK_S * np.arange(len(ticks)), atol=1e-9)
    assert len(ticks) == math.floor((t + SLACK_S) / CLOCK_S) + 1


@pytest.mark.parametrize("fps", [12.5, 25.0, 24.0, 30.0, 60.0, 8.0])
def test_every_frame_rate_gives_twelve_and_a_half_ticks_a_second(fps):
    clock = Clock()
    ticks = [tick for i in range(round(8 * fps) + 1) for tick in clock.push(line(i / fps), i / fps)]
    assert len(ticks) == 101


def test_at_twenty_five_frames_a_second_every_second_frame_is_taken_unchanged():
    generator = np.random.default_rng(0)
    frames = generator.normal(size=(50, 478, 3)).astype(np.float32)
    clock, total = Clock(), 0.0
    ticks = []
    for frame in frames:
        ticks += clock.push(frame, total)
        total += 0.04
    np.testing.assert_allclose(np.stack([tick.landmarks for tick in ticks]), frames[::2], atol=1e-5)


def test_a_gap_starts_a_new_grid_at_the_next_arrival_and_nothing_is_made_up_between():
    clock = Clock()
    for t in (0.0, 0.1, 0.2):
        clock.push(face(0), t)
    (tick,) = clock.push(face(1), 0.2 + GAP_S + 0.01)
    assert tick.restarted and tick.t == pytest.approx(0.2 + GAP_S + 0.01)
    np.testing.assert_array_equal(tick.landmarks, face(1))
    (following,) = clock.push(face(1), tick.t + CLOCK_S)
    assert not following.restarted and following.index == tick.index + 1


@pytest.mark.parametrize("t", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_not_a_number_is_dropped_and_the_clock_runs_on(t):
    clock = Clock()
    assert clock.push(face(0), t) == []
    assert len(clock.push(face(0), 1.0)) == 1
    assert clock.push(face(0), t) == []
    assert clock.dropped == 2 and len(clock.push(face(0), 1.08)) == 1


def test_ticks_do_not_share_memory_with_the_arrivals():
    buffer = face(0)
    clock = Clock()
    (tick,) = clock.push(buffer, 0.0)
    buffer[:] = 7
    assert tick.landmarks.max() == 0
    (tick,) = clock.push(face(0), CLOCK_S)
    assert tick.landmarks.max() == 0


def test_a_recording_is_resampled_into_one_even_recording_per_stretch():
    times = np.concatenate([np.arange(26) / 25, 3 + np.arange(31) / 30])
    recording = Recording(np.stack([line(t) for t in times]), times, "a walk")
    first, second = resample(recording)
    assert (first.source, second.source) == ("a walk", "a walk")
    np.testing.assert_allclose(first.timestamps, CLOCK_S * np.arange(13), atol=1e-9)
    np.testing.assert_allclose(second.timestamps, 3 + CLOCK_S * np.arange(13), atol=1e-9)
    # The filter starts again after the gap, and then lags by a constant distance.
    lag = 0.25 * second.timestamps - 0.5 - second.landmarks[:, 0, 0]
    assert lag[0] == pytest.approx(0, abs=1e-6) and (lag[5:] < 0.01).all() and np.ptp(lag[5:]) < 1e-3


def test_a_recording_is_smoothed_as_a_live_stream_is():
    times = np.concatenate([np.arange(10) / 25, 3 + np.arange(10) / 25])
    noisy = np.random.default_rng(0).normal(0, 0.003, (20, 478, 3)).astype(np.float32)
    clock, ticks = SmoothedClock(), []
    for landmarks, t in zip(noisy, times, strict=True):
        ticks += clock.push(landmarks, float(t))
    played = np.concatenate([part.landmarks for part in resample(Recording(noisy, times))])
    np.testing.assert_array_equal(played, [tick.landmarks for tick in ticks])
    assert np.diff(played[:5], axis=0).std() < 0.8 * np.diff(noisy[:10:2], axis=0).std()


def test_an_empty_recording_resamples_to_nothing():
    assert resample(Recording(np.zeros((0, 478, 3), np.float32), np.zeros(0))) == []
