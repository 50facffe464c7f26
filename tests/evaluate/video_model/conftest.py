from pathlib import Path

import numpy as np
import pytest
import torch

from backend.core.recording import Recording
from backend.evaluate.common.videos import HeldOutVideo
from backend.evaluate.video_model.windows import FaceVideo, VideoWindow
from backend.keypoints.captions import VOCABULARY
from backend.media.crop import SquareCrop
from backend.starflow.autoencoder import AutoencoderConfig
from backend.starflow.denoiser import DenoiserConfig
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow, StarFlowConfig
from backend.starflow.video import VideoFlow

SMALL = StarFlowConfig(
    18,
    AutoencoderConfig(size=64, shrink=32, channels=4, width=8),
    LatentFlowConfig(2, 2, 4, 64, 1, 64, 1, vocabulary=len(VOCABULARY) - 1, deep_rank=2),
    DenoiserConfig(2, 2, 4, 64, 1),
)
"""Two frames seen, sixteen drawn, four tokens each."""


def made(config=SMALL) -> StarFlow:
    """A small model whose weights look as if training had been at them."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = StarFlow(config)
        for block in (*model.flow.shallow, model.flow.deep):
            torch.nn.init.normal_(block.loc_scale_head.weight, std=0.02)
        torch.nn.init.normal_(model.denoiser.out_proj.weight, std=0.1)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def model() -> StarFlow:
    return made()


@pytest.fixture(scope="session")
def flow_folder(model, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("starflow")
    model.save(folder, {})
    return folder


@pytest.fixture(scope="session")
def video_flow(model) -> VideoFlow:
    return VideoFlow(model)


def window_of(recording: Recording, person: str, length: int, seed: int = 0) -> VideoWindow:
    """A window of smooth pictures that move, with the landmarks of a recording."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(40, 215, (9, 9, 3)).repeat(10, 0).repeat(10, 1)
    frames = np.stack([np.roll(coarse, t % 5, 1)[:64, :64] for t in range(length)]).astype(np.uint8)
    kept = Recording(recording.landmarks[:length], 0.08 * np.arange(length), "made")
    video = HeldOutVideo(Path(f"{person}.mp4"), person)
    return VideoWindow(FaceVideo(video, kept, SquareCrop(0, 0, 256), frames, kept.timestamps, [(0, length)]), 0, length)


@pytest.fixture(scope="session")
def windows(recording) -> list[VideoWindow]:
    """Three windows of two people."""
    return [window_of(recording, person, 18, seed) for seed, person in enumerate(("p1", "p2", "p1"))]
