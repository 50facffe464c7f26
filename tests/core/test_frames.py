import tracemalloc

import numpy as np
import pytest

from backend.core.frames import MAX_ROWS, FrameList, parts


def test_frames_are_stacked_as_numpy_stacks_them():
    frames = np.random.default_rng(0).normal(size=(70, 5, 3)).astype(np.float32)
    collected = FrameList((5, 3), np.float32)
    for frame in frames:
        collected.append(frame)
    np.testing.assert_array_equal(collected.stack(), np.stack(list(frames)))
    assert FrameList((5, 3), np.float32).stack().shape == (0, 5, 3)


def test_a_frame_of_another_shape_is_refused_and_nothing_is_lost():
    collected = FrameList((2,), np.float32)
    collected.append(np.ones(2, np.float32))
    with pytest.raises(ValueError, match="a frame is"):
        collected.append(np.ones(3, np.float32))
    np.testing.assert_array_equal(collected.stack(), [[1, 1]])


def test_collecting_takes_little_more_memory_than_the_frames():
    collected, frame = FrameList((1000,), np.float32), np.ones(1000, np.float32)
    tracemalloc.start()
    try:
        for _ in range(5000):
            collected.append(frame)
        whole = collected.stack()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * whole.nbytes


@pytest.mark.parametrize("count", [0, 1, MAX_ROWS, 2 * MAX_ROWS + 1])
def test_parts_cover_every_row_once_and_change_the_array_in_place(count):
    rows = np.zeros((count, 2), np.float32)
    for part in parts(rows):
        assert len(part) <= MAX_ROWS
        part += 1
    assert (rows == 1).all()
