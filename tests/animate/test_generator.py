"""Dense motion and generator: shapes, the do-nothing case, gradients, files."""

import json

import pytest
import torch

from backend.animate.compose import identity_grid, shrink
from backend.animate.dense_motion import DenseMotion, canonical_offsets, sparse_motions
from backend.animate.generator import MAX_SIZES, Generator, GeneratorConfig
from backend.core.errors import ModelError
from backend.core.types import Keypoints

SMALL = GeneratorConfig(
    size=32,
    motion_channels=8,
    motion_size=16,
    inpainting_size=16,
    inpainting_channels=16,
    inpainting_blocks=1,
    eye_mouth_size=16,
    eye_mouth_channels=8,
)


def keypoints(frames: int, shift: float = 0.0) -> Keypoints:
    value = torch.rand(1, 10, 2, generator=torch.Generator().manual_seed(1)) - 0.5 + shift
    return Keypoints(value.expand(frames, 10, 2), (0.3 * torch.eye(2)).expand(frames, 10, 2, 2))


def test_equal_keypoints_mean_identity_motions():
    grid = identity_grid(16, 16, torch.zeros(()))
    motions = sparse_motions(keypoints(2), canonical_offsets(keypoints(2), grid), grid)
    assert motions.shape == (2, 11, 16, 16, 2)
    assert torch.allclose(motions, grid.expand_as(motions), atol=1e-5)


def test_a_sparse_motion_maps_the_driving_keypoint_onto_the_source_keypoint():
    source, driving = keypoints(1), keypoints(1, 0.2)
    for n in range(10):
        grid = driving.value[0, n].view(1, 1, 2)
        motions = sparse_motions(source, canonical_offsets(driving, grid), grid)
        assert torch.allclose(motions[0, n + 1, 0, 0], source.value[0, n], atol=1e-6)


def test_an_untrained_motion_network_with_equal_keypoints_is_the_identity():
    motion = DenseMotion(10, 120, channels=8, size=16).eval()
    flow, occlusion = motion(torch.rand(2, 3, 16, 16), keypoints(2), keypoints(2), torch.zeros(2, 120))
    assert torch.allclose(flow, identity_grid(16, 16, flow).expand_as(flow), atol=1e-5)
    assert occlusion.shape == (2, 1, 16, 16)


@pytest.mark.parametrize("portrait", [32, 64])
def test_frames_have_the_portraits_size_and_lie_in_the_unit_range(portrait):
    generator = Generator(SMALL).eval()
    encoded = generator.encode(torch.rand(1, 3, portrait, portrait), keypoints(1)).repeat(5)
    out = generator(encoded, keypoints(5, 0.1))
    assert out.frames.shape == (5, 3, portrait, portrait)
    assert 0 <= out.frames.min() and out.frames.max() <= 1


def test_a_portrait_is_shrunk_once_for_each_of_a_few_sizes():
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    portrait = Generator(SMALL).eval().encode(picture, keypoints(1))
    first = portrait.at_size(8)
    assert torch.equal(first, shrink(picture, 8)) and portrait.at_size(8) is first
    for size in range(9, 9 + MAX_SIZES):
        portrait.at_size(size)
    assert portrait.at_size(8) is not first, "old sizes are not kept"


def test_every_weight_gets_a_gradient():
    generator = Generator(SMALL)
    for head in (generator.dense_motion.head, *[block.film for block in generator.inpainting.blocks]):
        torch.nn.init.normal_(head.weight, std=0.1)
    out = generator(generator.encode(torch.rand(2, 3, 32, 32), keypoints(2)), keypoints(2, 0.1))
    (out.frames.mean() + out.occlusion.mean()).backward()
    assert [name for name, p in generator.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


def test_saved_weights_come_back_in_half_precision(tmp_path):
    generator = Generator(SMALL).eval()
    generator.save(tmp_path, {"step": 3})
    again = Generator.load(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["step"] == 3
    for old, new in zip(generator.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.allclose(old.float(), new.float(), atol=1e-3)


def test_missing_and_damaged_weights_are_named(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        Generator.load(tmp_path)
    Generator(SMALL).save(tmp_path, {})
    (tmp_path / "weights.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="cannot be used"):
        Generator.load(tmp_path)
