"""Keypoints, recordings and forecast settings."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import ForecastSettings, Keypoints


@given(st.integers(1, 12), st.lists(st.integers(1, 3), max_size=2))
def test_flat_keypoints_come_back_as_they_were(count, batch):
    flat = torch.randn(*batch, 6 * count)
    again = Keypoints.from_flat(flat)
    assert again.value.shape == (*batch, count, 2)
    assert torch.equal(again.flat(), flat)


def test_flat_order_is_x_y_then_the_jacobian_by_rows():
    keypoints = Keypoints(torch.tensor([[1.0, 2.0]]), torch.tensor([[[3.0, 4.0], [5.0, 6.0]]]))
    assert keypoints.flat().tolist() == [1, 2, 3, 4, 5, 6]


def test_keypoints_of_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="keypoints need"):
        Keypoints(torch.zeros(10, 2), torch.zeros(9, 2, 2))
    with pytest.raises(ValueError, match="6N"):
        Keypoints.from_flat(torch.zeros(61))


def recording(frames: int = 5) -> Recording:
    generator = np.random.default_rng(0)
    return Recording(generator.uniform(-1, 1, (frames, 478, 3)).astype(np.float32), np.arange(frames) / 25, "test")


def test_a_saved_recording_comes_back_within_a_twentieth_of_a_pixel(tmp_path):
    before = recording()
    before.save(tmp_path / "r.npz")
    after = Recording.load(tmp_path / "r.npz")
    assert np.abs(after.landmarks - before.landmarks).max() < 0.05 / 64
    assert (after.timestamps == before.timestamps).all()
    assert after.source == "test"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda r: (r.landmarks[:, :400], r.timestamps), "recording_shape"),
        (lambda r: (r.landmarks, r.timestamps[:-1]), "recording_shape"),
        (lambda r: (r.landmarks * np.float32("nan"), r.timestamps), "recording_not_finite"),
        (lambda r: (r.landmarks, r.timestamps[::-1].copy()), "recording_order"),
    ],
)
def test_a_damaged_recording_is_refused_with_a_code(change, code):
    with pytest.raises(InputError) as caught:
        Recording(*change(recording()))
    assert caught.value.code == code


def test_files_that_are_no_recordings_are_named(tmp_path):
    with pytest.raises(InputError, match="There is no recording"):
        Recording.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match="not a landmark recording"):
        Recording.load(tmp_path / "text.npz")


@pytest.mark.parametrize(
    "bad", [{"k": 0}, {"k": 17}, {"horizon": 3}, {"temperature": 3.0}, {"method": "magic"}, {"unknown": 1}, {"k": 2.5}]
)
def test_settings_outside_their_range_are_refused(bad):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, ForecastSettings)


def test_a_recording_that_cannot_be_written_leaves_nothing_and_says_so(tmp_path):
    recording = Recording(np.zeros((1, 478, 3), np.float32), np.zeros(1))
    (tmp_path / "taken.npz").mkdir()
    for path in (tmp_path / "taken.npz", tmp_path / "nowhere" / "r.npz"):
        with pytest.raises(InputError) as caught:
            recording.save(path)
        assert caught.value.code == "recording_unwritable"
    assert [path.name for path in tmp_path.iterdir()] == ["taken.npz"]
