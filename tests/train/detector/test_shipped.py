"""The weights in models/detector_arm, on sequences they have not seen."""

import pytest

from backend.animate.fomm.model import Fomm
from backend.core.settings import REPOSITORY
from backend.train.detector.arm_scene import arm_video
from backend.train.detector.measure import joint_regression, validate
from backend.train.detector.videos import VideoSet


@pytest.fixture(scope="module")
def detector():
    return Fomm.load(REPOSITORY / "models/detector_arm")


def drawn(seeds, frames):
    return [arm_video(seed, frames) for seed in seeds]


def test_its_keypoints_say_where_the_joints_are(detector):
    # Many sequences of one frame: within one, the arm moves little, and a regression of 20 numbers needs variety.
    videos = VideoSet(drawn(range(50_000, 50_120), 1), drawn(range(50_120, 50_150), 1))
    figures = joint_regression(detector.kp_detector, videos)
    assert figures["joints_r2"] > 0.9


def test_it_rebuilds_frames_better_than_standing_still(detector):
    videos = drawn(range(50_200, 50_204), 20)
    figures = validate(detector, VideoSet(videos[:2], videos[2:]))
    assert figures["l1"] < figures["l1_copy_source"]
