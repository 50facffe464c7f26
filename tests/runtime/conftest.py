"""Generators that the engines' tests render with: tiny and untrained, and the shipped one."""

import numpy as np
import pytest
import torch

from backend.animate.compose import FrameLayers, compose, shrink
from backend.animate.generator import Generator, GeneratorConfig
from backend.core.settings import REPOSITORY
from backend.core.types import Keypoints, Layers
from backend.keypoints.regions import FaceRegions
from backend.runtime.conversion import convert_graph
from backend.runtime.graph import render_source, to_bytes

MODELS = REPOSITORY / "models"
SHIPPED = MODELS / "generator_slim_128"


@pytest.fixture(scope="session")
def shipped() -> Generator:
    return Generator.load(SHIPPED)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """An untrained generator whose every part does something: no weight and no statistic is left at its start."""
    folder = tmp_path_factory.mktemp("tiny") / "generator_tiny"
    with torch.random.fork_rng():
        torch.manual_seed(3)
        tiny = Generator(
            GeneratorConfig(
                size=32,
                motion_channels=8,
                motion_size=16,
                inpainting_size=16,
                inpainting_channels=16,
                inpainting_blocks=2,
                eye_mouth_size=16,
                eye_mouth_channels=8,
            )
        )
        for name, tensor in tiny.state_dict().items():
            if tensor.is_floating_point():
                noise = torch.randn_like(tensor) * 0.1
                tensor.add_(noise.abs() if name.endswith("running_var") else noise)
    tiny.save(folder, {})
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder) -> Generator:
    return Generator.load(tiny_folder)


@pytest.fixture(scope="session")
def driving(recording) -> Keypoints:
    return FaceRegions()(torch.from_numpy(recording.landmarks[::12]))


@pytest.fixture(scope="session")
def source(portrait_image) -> Keypoints:
    return FaceRegions()(torch.from_numpy(portrait_image.landmarks))


@pytest.fixture(scope="session")
def tiny_graph(tiny):
    """The tiny generator's render graph."""
    pytest.importorskip("openvino")
    return convert_graph(render_source(tiny))


def composed(picture: np.ndarray, layers: Layers, size: int) -> np.ndarray:
    """Frames made of an engine's layers, by the model's own `compose`."""
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    unit = lambda part: torch.from_numpy(part).float() / 255
    given = FrameLayers(
        *map(torch.from_numpy, (layers.fade, layers.centres, layers.axes, layers.offset)),
        unit(layers.alpha)[:, None],
        unit(layers.paint).movedim(-1, 1),
        unit(layers.opacity)[:, :, None],
        unit(layers.colour).movedim(-1, 2),
    )
    return to_bytes(compose(shrink(pixels, size).expand(len(layers.fade), -1, -1, -1), given)).numpy().astype(int)
