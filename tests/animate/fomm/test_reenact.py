"""`motionfan reenact`: checkpoint, picture and video in, video out; faults have a code."""

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from backend.__main__ import app
from backend.core.errors import MotionFanError
from backend.media.video_reader import mean_rate, read_video
from backend.media.video_writer import write_video
from tests.animate.fomm import published


@pytest.fixture
def files(tmp_path):
    torch.save(published.small(), tmp_path / "cpk.pth.tar")
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (90, 70, 3), np.uint8)).save(tmp_path / "portrait.png")
    with write_video(tmp_path / "driving.mp4", 10) as video:
        for _ in range(5):
            video.write(random.integers(0, 256, (64, 96, 3), np.uint8))
    return tmp_path


def run(files, *more, **other):
    names = {"checkpoint": "cpk.pth.tar", "portrait": "portrait.png", "driving": "driving.mp4", "out": "out.mp4"} | other
    words = [word for name, file in names.items() for word in (f"--{name}", str(files / file))]
    return CliRunner().invoke(app, ["reenact", *words, "--threads", "1", *more])


@pytest.mark.parametrize("more", [[], ["--absolute"]])
def test_a_picture_moves_as_long_and_as_fast_as_the_video(files, more):
    threads = torch.get_num_threads()
    try:
        result = run(files, "--size", "64", *more)
    finally:
        torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    assert [frame.picture.shape for frame in read_video(files / "out.mp4")] == [(64, 64, 3)] * 5
    frames, rate = mean_rate(files / "out.mp4")
    assert (frames, rate) == (5, pytest.approx(10, rel=0.01))


@pytest.mark.parametrize(
    ("other", "more", "code"),
    [
        ({"checkpoint": "none"}, [], "fomm_missing"),
        ({"checkpoint": "portrait.png"}, [], "fomm_damaged"),
        ({"checkpoint": "."}, [], "detector_missing"),
        ({"portrait": "none.png"}, [], "video_missing"),
        ({"driving": "cpk.pth.tar"}, [], "video_unreadable"),
        ({"out": "out.gif"}, [], "video_suffix"),
        ({}, ["--size", "70"], "size"),
    ],
)
def test_faults_of_the_user_have_a_code_and_leave_nothing_behind(files, other, more, code):
    error = run(files, *more, **other).exception
    assert isinstance(error, MotionFanError), error
    assert error.code == code
    assert not (files / "out.mp4").exists()
