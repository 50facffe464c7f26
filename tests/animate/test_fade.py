"""Fade: nothing of the networks at the portrait's own keypoints, all of them in real motion."""

import numpy as np
import torch

from backend.animate.fade import FULL_DISTANCE, fade
from backend.animate.transfer import transfer_motion
from backend.core.types import Keypoints
from backend.keypoints.regions import FaceRegions


def moved(by: float, keypoint: int = 4) -> tuple[Keypoints, Keypoints]:
    source = torch.rand(1, 60, generator=torch.Generator().manual_seed(0)) - 0.5
    driving = source.clone()
    driving[:, keypoint * 6 : keypoint * 6 + 6] += by
    return Keypoints.from_flat(source), Keypoints.from_flat(driving)


def test_equal_keypoints_give_exactly_zero():
    assert fade(*moved(0.0)).tolist() == [0.0]


def test_one_keypoint_that_moves_far_enough_is_enough():
    for keypoint in range(10):
        assert fade(*moved(FULL_DISTANCE * 1.01, keypoint)).tolist() == [1.0]


def test_it_grows_smoothly_with_the_distance():
    values = np.array([float(fade(*moved(by))) for by in np.linspace(0, 1.2 * FULL_DISTANCE, 60)])
    steps = np.diff(values)
    assert (steps >= -1e-6).all() and values[0] == 0 and values[-1] == 1
    assert steps.max() < 0.05 and np.abs(np.diff(steps)).max() < 0.006
    assert values[6] < 0.06


def test_most_of_a_recording_is_the_networks_alone(recording, portrait_image):
    regions = FaceRegions()
    driving = regions(torch.from_numpy(recording.landmarks))
    own = regions(torch.from_numpy(portrait_image.landmarks))
    share = fade(own, transfer_motion(own, driving, driving[0]))
    assert share[0] < 1e-6
    assert (share == 1).float().mean() > 0.8
