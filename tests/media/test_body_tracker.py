import numpy as np
import pytest
from typer.testing import CliRunner

from backend.__main__ import app
from backend.core.errors import InputError
from backend.media.body_tracker import track_body
from tests.media.made import astronaut, flat, placed, video


def test_a_body_is_followed_and_frames_without_one_are_left_out(tmp_path):
    seen = [placed(astronaut(), 540, 760, 20 + 6 * i, 20) for i in range(12)]
    gone = [np.full((540, 760, 3), 120, np.uint8)] * 4
    points, times, outside = track_body(video(tmp_path / "a.mp4", [*seen, *gone]))
    assert points.shape == (len(times), 33, 3) and 10 <= len(times) <= 13
    # The nose is where Face Mesh sees the face, and moves with the picture; left and right are the person's own.
    np.testing.assert_allclose(points[0, 0, :2], (20 + 225, 20 + 135), atol=25)
    np.testing.assert_allclose(points[9, 0, 0] - points[0, 0, 0], 54, atol=8)
    assert (points[:, 11, 0] > points[:, 12, 0] + 100).all()
    assert outside.shape == (33,) and outside[0] == 0


def test_a_video_without_a_body_is_an_error(tmp_path):
    with pytest.raises(InputError) as caught:
        track_body(video(tmp_path / "b.mp4", [np.asarray(flat((90, 90, 90)))] * 3))
    assert caught.value.code == "video_no_body"


def test_the_command_writes_keypoints_of_a_body_and_names_what_failed(tmp_path):
    good = video(tmp_path / "good.mp4", [placed(astronaut(), 540, 760, 20 + 3 * i, 20)[:320] for i in range(6)])
    bad = video(tmp_path / "bad.mp4", [np.asarray(flat((90, 90, 90)))] * 3)
    done = CliRunner().invoke(app, ["landmarks", str(good), str(bad), "-o", str(tmp_path / "out"), "--kind", "pose"])
    assert "good.npz: 6 frames with a body" in done.output
    guessed = done.output.partition("only guessed: ")[2].splitlines()[0]
    assert "left hip" in guessed and "left shoulder" not in guessed
    assert isinstance(done.exception, InputError) and done.exception.code == "videos_failed"
    assert "No body was found" in done.exception.message
    with np.load(tmp_path / "out" / "good.npz") as file:
        assert file["keypoints"].shape == (6, 60) and np.isfinite(file["keypoints"]).all()
        assert np.abs(file["keypoints"][:, :2]).max() < 1 and str(file["source"]) == "good.mp4"
    wrong = CliRunner().invoke(app, ["landmarks", str(good), "-o", str(tmp_path), "--kind", "hand"])
    assert isinstance(wrong.exception, InputError) and wrong.exception.code == "kind"
