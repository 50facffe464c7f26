"""The drawn robot arm: its joints are where the picture shows them, links keep their length, things move only when pushed."""

import numpy as np
import pytest

from backend.train.detector.arm_motion import FORE, GRIPPER, TABLE, UPPER, elbow_of, push, simulate
from backend.train.detector.arm_scene import arm_video, write_scene


@pytest.fixture(scope="module")
def video():
    return arm_video(3, frames=12)


def test_frames_and_joints_have_their_shapes(video):
    assert video.frames.shape == (12, 64, 64, 3) and video.frames.dtype == np.uint8
    assert video.joints.shape == (12, 4, 2) and np.abs(video.joints).max() < 1.3


def test_the_same_seed_gives_the_same_and_another_another(video):
    assert np.array_equal(arm_video(3, frames=12).frames, video.frames)
    assert not np.array_equal(arm_video(4, frames=12).frames, video.frames)


def test_the_elbow_is_dark_and_the_wrist_red_where_the_joints_say(video):
    for picture, joints in zip(video.frames.astype(int), video.joints, strict=True):
        columns, rows = ((joints + 1) * 32 - 0.5).round().astype(int).clip(0, 63).T
        elbow, wrist = picture[rows[1], columns[1]], picture[rows[2], columns[2]]
        assert elbow.max() - elbow.min() < 60
        assert wrist[0] > wrist[1] + 40 and wrist[0] > wrist[2] + 40


@pytest.mark.parametrize("seed", range(8))
def test_links_keep_their_length_and_the_arm_moves_smoothly(seed):
    motion = simulate(30, 4, np.random.default_rng(seed))
    assert np.allclose(np.linalg.norm(motion.elbow - motion.shoulder, axis=-1), UPPER)
    assert np.allclose(np.linalg.norm(motion.gripper - motion.elbow, axis=-1), FORE)
    assert np.linalg.norm(np.diff(motion.gripper, axis=0), axis=-1).max() < 0.2


def test_both_elbows_are_possible():
    shoulder, gripper = np.zeros(2), np.array([0.9, 0.3])
    left, right = (elbow_of(shoulder, gripper, side) for side in (1.0, -1.0))
    for elbow in (left, right):
        assert np.linalg.norm(elbow) == pytest.approx(UPPER) and np.linalg.norm(elbow - gripper) == pytest.approx(FORE)
    assert not np.allclose(left, right)


@pytest.mark.parametrize("seed", range(8))
def test_things_move_only_when_touched_and_stay_on_the_table(seed):
    motion = simulate(30, 4, np.random.default_rng(seed))
    assert np.abs(motion.things).max() <= TABLE + 1e-9
    far = np.linalg.norm(motion.things - motion.gripper[:, None], axis=-1) > 1.0
    chained = far[1:].all(1) & far[:-1].all(1)
    assert np.allclose(np.diff(motion.things, axis=0)[chained], 0, atol=1e-9)


def test_a_thing_in_the_way_is_pushed_ahead_and_pushes_the_next():
    places, radii = np.array([[0.3, 0.0], [0.55, 0.0]]), np.array([0.12, 0.12])
    for x in np.linspace(0, 0.2, 30):
        places = push(places, radii, np.array([x, 0.0]))
    assert places[0] == pytest.approx([0.2 + GRIPPER + 0.12, 0], abs=0.02)
    assert places[1, 0] - places[0, 0] == pytest.approx(0.24, abs=0.02)
    assert np.array_equal(push(places, radii, np.array([-0.8, 0.8])), places)


def test_things_are_pushed_in_most_sequences():
    pushed = [np.ptp(simulate(30, 4, np.random.default_rng(seed)).things, axis=0).max() > 0.1 for seed in range(12)]
    assert np.mean(pushed) > 0.5


def test_a_scene_is_written_as_videos(tmp_path):
    write_scene(tmp_path, 2, seed=7)
    with np.load(tmp_path / "arm_00001.npz") as file:
        assert np.array_equal(file["frames"], arm_video(8).frames) and file["joints"].shape == (30, 4, 2)
