"""Shared fixtures: small models with random weights, the bundled portrait, a bundled recording."""

from pathlib import Path

import pytest
import torch
from hypothesis import settings

from backend.animate.generator import Generator, GeneratorConfig
from backend.core.recording import Recording
from backend.core.settings import REPOSITORY
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint_flow import JointConfig
from backend.keypoints.captions import VOCABULARY
from backend.media.images import PortraitImage, bundled_portrait
from backend.pipeline import Pipeline
from backend.starflow.autoencoder import AutoencoderConfig
from backend.starflow.denoiser import DenoiserConfig
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow, StarFlowConfig

settings.register_profile("untimed", deadline=None)  # Durations depend on the machine.
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright's event loop occupies the main thread, where `asyncio.run` would then fail."""
    items.sort(key=lambda item: "e2e" in item.path.parts)


@pytest.fixture(scope="session")
def small_models(tmp_path_factory) -> Path:
    """A models folder whose networks are tiny and untrained."""
    folder = tmp_path_factory.mktemp("models")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        joint = JointConfig(slow=12, blocks=2, block_hidden=16, context_hidden=16)
        Forecaster(ForecasterConfig(hidden=16, blocks=3, block_hidden=16, joint=joint)).save(folder / "forecaster")
        config = GeneratorConfig(
            size=32,
            motion_channels=8,
            motion_size=16,
            inpainting_size=32,
            inpainting_channels=16,
            inpainting_blocks=1,
            eye_mouth_size=16,
        )
        Generator(config).save(folder / "generator_slim_128", {})
    return folder


@pytest.fixture(scope="session")
def tiny_video_flow(tmp_path_factory) -> Path:
    """A small untrained video model with as many frames as the shipped one."""
    folder = tmp_path_factory.mktemp("starflow")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        StarFlow(
            StarFlowConfig(
                24,
                AutoencoderConfig(size=64, shrink=32, channels=4, width=8),
                LatentFlowConfig(2, 2, 4, 64, 1, 64, 1, vocabulary=len(VOCABULARY) - 1, deep_rank=2),
                DenoiserConfig(2, 2, 4, 64, 1),
            )
        ).save(folder, {})
    return folder


@pytest.fixture(scope="session")
def portrait_image() -> PortraitImage:
    return bundled_portrait()


@pytest.fixture(scope="session")
def recording() -> Recording:
    return Recording.load(REPOSITORY / "backend/assets/recordings/talking.npz")


@pytest.fixture
def pipeline(small_models) -> Pipeline:
    return Pipeline.load(small_models, precision="float32")
