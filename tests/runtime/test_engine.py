"""The engine draws what the model draws."""

import numpy as np
import pytest
import torch

from backend.animate.generator import Generator, GeneratorConfig
from backend.runtime.engine import GeneratorEngine
from backend.types import Keypoints


def trained_like() -> Generator:
    """A generator whose norms have seen data, so that folding them is not trivial."""
    generator = Generator(GeneratorConfig(size=32, motion_channels=8, motion_size=16, paint_channels=16, paint_blocks=2))
    random = torch.Generator().manual_seed(0)
    for name, value in generator.state_dict().items():
        if value.is_floating_point() and "extent" not in name:
            noise = torch.randn(value.shape, generator=random)
            value.copy_(noise.abs() * 0.3 + 0.5 if "running_var" in name or value.dim() == 1 else noise * 0.1)
    return generator.eval()


def keypoints(frames: int, shift: float = 0.0) -> Keypoints:
    value = torch.rand(10, 2, generator=torch.Generator().manual_seed(1)) - 0.5
    moved = value + shift * torch.linspace(0, 1, frames)[:, None, None]
    return Keypoints(moved, (0.3 * torch.eye(2)).expand(frames, 10, 2, 2))


# Smooth: on white noise the smallest difference in flow shows another colour altogether.
WAVES = np.sin(np.linspace(0, 9, 64))[:, None, None] * np.cos(np.linspace(0, 7, 64))[None, :, None]
PICTURE = (127 + 120 * WAVES * np.array([1.0, 0.7, -0.5])).astype(np.uint8)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1.0), ("bfloat16", 6.0)])
def test_frames_equal_the_models_within_the_precision(precision, tolerance):
    generator = trained_like()
    engine = GeneratorEngine(generator, precision=precision)
    frames = engine.render(engine.encode(PICTURE, keypoints(1)[0]), keypoints(20, 0.2), 64)
    picture = torch.from_numpy(PICTURE).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = generator(generator.encode(picture, keypoints(1)).repeat(20), keypoints(20, 0.2)).frames * 255
    assert frames.shape == (20, 64, 64, 3)
    difference = np.abs(frames.astype(np.float32) - expected.permute(0, 2, 3, 1).numpy())
    assert difference.mean() < tolerance / 4
    assert np.quantile(difference, 0.99) <= tolerance


def test_the_engine_leaves_the_model_it_was_given_alone():
    generator = trained_like()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    GeneratorEngine(generator, precision="bfloat16")
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_no_frames_are_no_frames():
    engine = GeneratorEngine(trained_like(), precision="float32")
    assert engine.render(engine.encode(PICTURE, keypoints(1)[0]), keypoints(1)[:0]).shape[0] == 0
