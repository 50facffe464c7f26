"""Training the video model: every stage, from start to end, resumed; and the windows it is trained on."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.keypoints.captions import VOCABULARY
from backend.starflow.autoencoder import AutoencoderConfig
from backend.starflow.denoiser import DenoiserConfig
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow, StarFlowConfig
from backend.train.data.pack import Pack
from backend.train.data.video_clips import LatentCache, VideoClips
from backend.train.settings import StarFlowTraining
from backend.train.starflow import train_starflow

SMALL = StarFlowConfig(
    4,
    AutoencoderConfig(size=64, shrink=32, channels=4, width=8),
    LatentFlowConfig(2, 2, 4, 64, 1, 64, 1, vocabulary=len(VOCABULARY) - 1, deep_rank=2),
    DenoiserConfig(2, 2, 4, 64, 1),
)
QUICK = StarFlowTraining(minutes=1e-3, batch=2, known=2, validate_every=1, threads=1, architecture=SMALL)


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_stages_follow_one_another(packed, tmp_path):
    start = None
    for stage in ("autoencoder", "flow", "denoiser"):
        before = StarFlow.load(start).state_dict() if start else {}
        start = train_starflow(packed, tmp_path / stage, replace(QUICK, stage=stage), start_from=start)
        after = StarFlow.load(start).state_dict()
        others = [name for name in before if not name.startswith((stage, "first"))]
        assert all(torch.equal(before[name], after[name]) for name in others)
        assert list((tmp_path / stage / "samples").glob("*.png"))
    assert StarFlow.load(start).config == SMALL
    assert json.loads((start / "config.json").read_text())["training"]["stage"] == "denoiser"


def test_the_regression_that_the_flow_is_compared_with_is_one_deep_block_on_the_same_latents(packed, tmp_path):
    start = train_starflow(packed, tmp_path / "autoencoder", replace(QUICK, stage="autoencoder"))
    best = train_starflow(packed, tmp_path / "regression", replace(QUICK, stage="regression"), start_from=start)
    model, before = StarFlow.load(best), StarFlow.load(start)
    assert len(model.flow.shallow) == 0 and model.flow.config.noise == 0
    weights = before.autoencoder.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in model.autoencoder.state_dict().items())


def test_training_goes_on_where_it_was_cut(packed, tmp_path):
    settings = replace(QUICK, stage="autoencoder")
    train_starflow(packed, tmp_path, settings)
    first = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    train_starflow(packed, tmp_path, replace(settings, minutes=1.0 / 20))
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps[: len(first)] == first and steps[len(first)] == first[-1] + 1


def test_a_stage_without_those_before_it_says_so(packed, tmp_path):
    with pytest.raises(InputError, match="parts before it"):
        train_starflow(packed, tmp_path, QUICK)


def test_windows_are_of_one_clip_and_in_order(packed):
    clips = VideoClips(Pack(packed), 64, 4)
    windows = clips.sample(8, np.random.default_rng(0))
    assert windows.shape == (8, 4)
    assert (np.diff(windows, axis=1) == 1).all()
    assert clips.pictures(windows[0]).shape == (4, 3, 64, 64)


def test_cached_latents_are_those_of_the_frames_and_of_their_mirror(packed):
    clips = VideoClips(Pack(packed), 64, 4)
    encode = lambda pictures: pictures[:, :, ::16, ::16].permute(0, 2, 3, 1)  # noqa: E731
    window = clips.sample(1, np.random.default_rng(0))
    cache = LatentCache(clips, encode)
    pictures = clips.pictures(window[0])
    assert torch.allclose(cache(window, np.array([[False]]))[0], encode(pictures), atol=1e-3)
    assert torch.allclose(cache(window, np.array([[True]]))[0], encode(pictures.flip(-1)), atol=1e-3)


def test_a_mirror_turns_left_into_right(packed):
    clips = VideoClips(Pack(packed), 64, 4)
    window = clips.sample(1, np.random.default_rng(0))
    clips._pack.landmarks[window[0][-1], 1, 0] += 0.3  # the nose goes to the picture's right, the person's left
    plain, mirrored = (clips.captions(window, np.array([side]))[0].tolist() for side in (False, True))
    assert VOCABULARY.index("turns left") in plain and VOCABULARY.index("turns right") in mirrored
