import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.keypoints.smoothing import OneEuro

STEPS = st.lists(
    st.tuples(st.floats(0.001, 0.5), st.floats(-2, 2, width=32)),
    min_size=1,
    max_size=40,
)


def reference(samples, min_cutoff, beta, d_cutoff):
    """The filter of the paper's appendix, one scalar at a time in double precision."""

    def alpha(cutoff, dt):
        return 1 / (1 + 1 / (2 * math.pi * cutoff) / dt)

    out, speed, last_t, last = [], 0.0, None, None
    for t, x in samples:
        if last is None:
            out.append(x)
        else:
            dt = t - last_t
            a = alpha(d_cutoff, dt)
            speed = a * (x - last) / dt + (1 - a) * speed
            a = alpha(min_cutoff + beta * abs(speed), dt)
            out.append(a * x + (1 - a) * last)
        last_t, last = t, out[-1]
    return out


def timed(steps):
    return list(zip(np.cumsum([dt for dt, _ in steps]).tolist(), [x for _, x in steps], strict=True))


@given(STEPS, st.floats(0.1, 10), st.floats(0, 30), st.floats(0.1, 5))
def test_the_filter_agrees_with_the_papers_scalar_form(steps, min_cutoff, beta, d_cutoff):
    samples = timed(steps)
    one_euro = OneEuro(min_cutoff, beta, d_cutoff)
    got = [float(one_euro.filter(np.array([x], np.float32), t)[0]) for t, x in samples]
    np.testing.assert_allclose(got, reference(samples, min_cutoff, beta, d_cutoff), atol=1e-4)


@given(STEPS)
def test_the_output_never_leaves_the_range_of_the_input(steps):
    one_euro = OneEuro()
    values = [x for _, x in steps]
    for t, x in timed(steps):
        y = float(one_euro.filter(np.array(x, np.float32), t))
        assert min(values) - 1e-5 <= y <= max(values) + 1e-5


def test_every_coordinate_is_filtered_alone_whatever_the_shape():
    generator = np.random.default_rng(0)
    frames = generator.normal(size=(20, 3, 2)).astype(np.float32)
    whole, alone = OneEuro(), OneEuro()
    for i, frame in enumerate(frames):
        np.testing.assert_allclose(whole.filter(frame, 0.04 * i)[1, 1], alone.filter(frame[1, 1], 0.04 * i), rtol=1e-6)


def test_the_first_values_pass_unchanged_and_later_input_may_be_overwritten_by_the_caller():
    one_euro = OneEuro()
    buffer = np.ones((478, 3), np.float32)
    first = one_euro.filter(buffer, 1.0)
    np.testing.assert_array_equal(first, buffer)
    buffer[:] = 50
    first[:] = -50
    np.testing.assert_allclose(one_euro.filter(np.ones((478, 3), np.float32), 1.04), 1.0)


def test_a_repeated_or_earlier_timestamp_changes_nothing():
    one_euro = OneEuro()
    one_euro.filter(np.zeros(2, np.float32), 0.0)
    before = one_euro.filter(np.ones(2, np.float32), 0.04)
    np.testing.assert_array_equal(one_euro.filter(np.full(2, 9, np.float32), 0.04), before)
    np.testing.assert_array_equal(one_euro.filter(np.full(2, 9, np.float32), 0.01), before)


def test_jitter_at_rest_is_damped_and_a_fast_move_is_followed_within_two_frames():
    noise = np.random.default_rng(1).normal(scale=0.003, size=200).astype(np.float32)
    still, moving = OneEuro(), OneEuro()
    rest = [float(still.filter(np.array(x), 0.04 * i)) for i, x in enumerate(noise)]
    assert np.std(np.diff(rest[20:])) < 0.6 * np.std(np.diff(noise[20:]))
    ramp = np.linspace(0, 1, 26, dtype=np.float32)
    followed = [float(moving.filter(np.array(x), 0.04 * i)) for i, x in enumerate(ramp)]
    assert followed[-1] > ramp[-3]


@pytest.mark.parametrize("bad", [{"min_cutoff": 0}, {"d_cutoff": -1}, {"beta": -0.1}])
def test_senseless_parameters_are_refused(bad):
    with pytest.raises(ValueError):
        OneEuro(**bad)
