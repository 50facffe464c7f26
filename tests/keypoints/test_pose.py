"""Ten keypoints of a body: places and directions of its parts."""

import numpy as np
import pytest
import torch

from backend.core.recording import save_keypoints
from backend.core.types import Keypoints
from backend.keypoints.pose import CANONICAL_BODY, LIMBS, POSE_KEYPOINTS, body_square, pose_keypoints
from backend.keypoints.reading import read_tracks
from backend.keypoints.regions import FaceRegions


def found(body):
    keypoints = Keypoints.from_flat(torch.from_numpy(pose_keypoints(body[None].astype(np.float32))))
    return keypoints.value[0].numpy(), keypoints.jacobian[0].numpy()


def turned(degrees):
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])


def test_the_canonical_body_has_no_rotation_and_its_joints_are_keypoints():
    value, jacobian = found(CANONICAL_BODY)
    assert value.shape == (10, 2) == (len(POSE_KEYPOINTS), 2)
    np.testing.assert_allclose(jacobian, np.broadcast_to(np.eye(2), (10, 2, 2)), atol=1e-5)
    for name, (joint, _) in LIMBS.items():
        np.testing.assert_allclose(value[POSE_KEYPOINTS.index(name)], CANONICAL_BODY[joint], atol=1e-6)
    assert value[POSE_KEYPOINTS.index("left_wrist"), 0] > 0 > value[POSE_KEYPOINTS.index("right_wrist"), 0]


def test_a_body_that_is_turned_and_larger_has_keypoints_that_are_too():
    change = 1.4 * turned(25)
    value, jacobian = found(CANONICAL_BODY @ change.T + (0.3, -0.2))
    np.testing.assert_allclose(value, found(CANONICAL_BODY)[0] @ change.T + (0.3, -0.2), atol=1e-5)
    np.testing.assert_allclose(jacobian, np.broadcast_to(change, (10, 2, 2)), atol=1e-5)


def test_a_raised_forearm_turns_its_elbow_alone():
    """A straight limb has points on one line: its Jacobian is the limb's turn, and stays invertible."""
    body = CANONICAL_BODY.copy()
    forearm = [15, 17, 19, 21]
    body[forearm] = (body[forearm] - body[13]) @ turned(-120).T + body[13]
    _, jacobian = found(body)
    np.testing.assert_allclose(jacobian[POSE_KEYPOINTS.index("left_elbow")], turned(-120), atol=1e-5)
    np.testing.assert_allclose(jacobian[POSE_KEYPOINTS.index("left_wrist")], turned(-120), atol=1e-5)
    still = [place for place, name in enumerate(POSE_KEYPOINTS) if name not in ("left_elbow", "left_wrist")]
    np.testing.assert_allclose(jacobian[still], np.broadcast_to(np.eye(2), (8, 2, 2)), atol=1e-5)


def test_a_torso_seen_from_the_side_is_narrower():
    _, jacobian = found(CANONICAL_BODY * (0.5, 1))
    np.testing.assert_allclose(jacobian[POSE_KEYPOINTS.index("torso")], [[0.5, 0], [0, 1]], atol=1e-5)


@pytest.mark.parametrize("width", [1.0, 0.1])
def test_the_square_is_centred_on_the_shoulders_and_as_large_as_the_body(width):
    """Also where the shoulders are seen from the side."""
    pixels = CANONICAL_BODY * (100 * width, 100) + (320, 240)
    x, y, side = body_square(np.stack([pixels, pixels, pixels + 500]))
    assert (x + side / 2, y + side / 2) == pytest.approx((320, 240)) and side == pytest.approx(200)


def test_a_recording_of_a_body_is_read_as_keypoints_and_broken_where_the_body_was_lost(tmp_path):
    flat = pose_keypoints(np.broadcast_to(CANONICAL_BODY, (20, 33, 2)).astype(np.float32))
    times = np.concatenate([np.arange(12) / 25, 2 + np.arange(8) / 25])
    save_keypoints(tmp_path / "a.npz", flat, times, "film.mp4")
    tracks = read_tracks(tmp_path / "a.npz", FaceRegions())
    assert [track.flat.shape for track in tracks] == [(12, 60), (8, 60)]
    assert all(track.layout == "flat" for track in tracks)
    # Frames far apart throughout are no gaps.
    save_keypoints(tmp_path / "slow.npz", flat, np.arange(20) / 3.0)
    assert len(read_tracks(tmp_path / "slow.npz", FaceRegions())) == 1
