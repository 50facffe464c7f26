"""The torch engine renders what the model renders."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.animate.compose import shrink
from backend.animate.generator import Generator
from backend.core.settings import REPOSITORY
from backend.core.types import Keypoints
from backend.keypoints.regions import FaceRegions
from backend.runtime.engine import TorchEngine
from backend.runtime.graph import to_bytes
from tests.runtime.conftest import composed


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.load(REPOSITORY / "models/generator_slim_128")


@pytest.fixture(scope="module")
def driving(recording) -> Keypoints:
    return FaceRegions()(torch.from_numpy(recording.landmarks[::12]))


@pytest.mark.parametrize(("precision", "mean", "nearly_all"), [("float32", 0.05, 1), ("bfloat16", 0.5, 6)])
@pytest.mark.parametrize("size", [128, 256])
def test_frames_equal_the_models_within_the_precision(generator, driving, portrait_image, precision, mean, nearly_all, size):
    """In steps of 1/255: `mean` over all pixels, `nearly_all` for 99.9 % of them."""
    engine = TorchEngine(generator, precision=precision)
    keypoints = FaceRegions()(torch.from_numpy(portrait_image.landmarks))
    frames = engine.render(engine.encode(portrait_image.picture, keypoints), driving, size)
    picture = shrink(torch.from_numpy(portrait_image.picture).permute(2, 0, 1)[None].float() / 255, size)
    full = torch.from_numpy(portrait_image.picture).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        encoded = replace(generator.encode(full, keypoints[None]), picture=picture).repeat(len(driving.value))
        expected = generator(encoded, driving).frames * 255
    assert frames.shape == (len(driving.value), size, size, 3)
    difference = np.abs(frames - expected.permute(0, 2, 3, 1).numpy().round())
    assert difference.mean() <= mean
    assert np.quantile(difference, 0.999) <= nearly_all


def test_the_engine_does_not_change_the_model_it_was_given(generator):
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    TorchEngine(generator, precision="bfloat16")
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_no_frames_are_no_frames(generator, driving, portrait_image):
    engine = TorchEngine(generator, precision="float32")
    assert engine.render(engine.encode(portrait_image.picture, driving[0]), driving[:0]).shape == (0, 128, 128, 3)


def test_layers_are_what_frames_are_composed_of(generator, driving, portrait_image):
    engine = TorchEngine(generator, precision="float32")
    portrait = engine.encode(portrait_image.picture, FaceRegions()(torch.from_numpy(portrait_image.landmarks)))
    found = engine.layers(portrait, driving)
    assert found.offset.shape == (len(driving.value), 2, 64, 64)
    assert found.alpha.shape == found.paint.shape[:3] == (len(driving.value), 128, 128)
    assert found.opacity.shape == found.colour.shape[:4] == (len(driving.value), 3, 48, 48)
    frames = composed(portrait_image.picture, found, 200)
    difference = np.abs(frames - engine.render(portrait, driving, 200))
    assert difference.mean() < 0.5 and difference.max() <= 3


def test_at_the_portraits_own_keypoints_every_engine_shows_the_portrait(generator, portrait_image):
    engine = TorchEngine(generator, precision="bfloat16")
    keypoints = FaceRegions()(torch.from_numpy(portrait_image.landmarks))
    portrait = engine.encode(portrait_image.picture, keypoints)
    for size in (96, 128, 256, len(portrait_image.picture)):
        expected = to_bytes(shrink(portrait.picture, size))[0].numpy().astype(int)
        assert np.abs(engine.render(portrait, keypoints[None], size)[0] - expected).max() <= 1
