"""The published layout's arithmetic: grids, blur, soft-argmax, Jacobians and flows, against hand-made cases and loops."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from backend.animate.fomm.blocks import GaussianDown
from backend.animate.fomm.dense_motion import FommDenseMotion
from backend.animate.fomm.detector import KeypointDetector
from backend.animate.fomm.grid import corner_grid, gaussians, resize_aligned, warp_aligned
from backend.animate.fomm.hourglass import Hourglass, HourglassSize
from backend.animate.fomm.model import Fomm, FommConfig
from backend.animate.fomm.reenact import reenact
from backend.core.errors import InputError, ModelError
from backend.core.types import Keypoints
from tests.animate.fomm import published

SIZE = HourglassSize(width=4, widest=16, depth=2, factor=2)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_the_grid_spans_from_minus_one_to_one_inclusive():
    grid = corner_grid(5, 3, torch.empty(0))
    assert grid[0, 0].tolist() == [-1, -1] and grid[-1, -1].tolist() == [1, 1]
    assert grid[2, 1].tolist() == [0, 0]
    assert grid[0, 1].tolist() == [0, -1]


def test_a_grid_that_is_resized_is_the_grid_of_that_size():
    small = corner_grid(8, 6, torch.empty(0)).permute(2, 0, 1)[None]
    assert torch.allclose(resize_aligned(small, 16, 24)[0].permute(1, 2, 0), corner_grid(16, 24, small), atol=1e-5)
    assert resize_aligned(small, 8, 6) is small


def test_warping_reads_the_outermost_pixels_at_one_and_black_beyond():
    picture = torch.rand(1, 2, 6, 9, dtype=torch.float32)
    assert torch.allclose(warp_aligned(picture, corner_grid(6, 9, picture)[None]), picture, atol=1e-5)
    flow = torch.rand(1, 4, 5, 2) * 2.6 - 1.3
    rows, columns = (flow[0, ..., 1] + 1) / 2 * 5, (flow[0, ..., 0] + 1) / 2 * 8
    wanted = [map_coordinates(picture[0, c].numpy(), [rows, columns], order=1, cval=0.0, mode="grid-constant") for c in (0, 1)]
    assert np.allclose(warp_aligned(picture, flow)[0].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize(("factor", "kernel"), [(4, 13), (2, 5)])
def test_the_blur_has_the_published_size_and_standard_deviation(factor, kernel):
    down = GaussianDown(factor)
    assert down.weight.shape == (3, 1, kernel, kernel)
    assert down.weight[0, 0].sum().item() == pytest.approx(1, rel=1e-5)
    sigma = (factor - 1) / 2
    middle = kernel // 2
    assert (down.weight[0, 0, middle, middle + 1] / down.weight[0, 0, middle, middle]).item() == pytest.approx(
        math.exp(-1 / (2 * sigma**2)), rel=1e-5
    )
    picture = torch.rand(1, 3, 32, 32)
    y, x = 3 * factor, 4 * factor
    around = torch.nn.functional.pad(picture, [middle] * 4)[0, 1, y : y + kernel, x : x + kernel]
    assert down(picture)[0, 1, 3, 4].item() == pytest.approx((around * down.weight[1, 0]).sum().item(), rel=1e-4)


def test_names_and_shapes_of_the_full_model_are_the_published_ones():
    model = Fomm(FommConfig())
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    got = {name: shape for name, shape in shapes.items() if not name.endswith("num_batches_tracked")}
    wanted = {f"kp_detector.{name}": shape for name, shape in published.detector().items()}
    wanted |= {f"generator.{name}": shape for name, shape in published.generator().items()}
    assert got == wanted


def test_the_hourglass_keeps_the_size_and_ends_with_its_input():
    hourglass = Hourglass(3, SIZE).eval()
    picture = torch.rand(2, 3, 16, 24)
    out = hourglass(picture)
    assert out.shape == (2, 4 + 3, 16, 24) and hourglass.channels == 7
    assert torch.equal(out[:, 4:], picture)


def test_keypoints_are_mean_positions_under_the_heatmaps_and_jacobians_means_under_them():
    detector = KeypointDetector(3, SIZE, 3, 0).eval()
    torch.nn.init.normal_(detector.jacobian.weight, std=0.05)
    picture = torch.rand(2, 3, 48, 48)
    got = detector(picture)
    features = detector.predictor(detector.down(picture))
    logits, matrices = detector.kp(features), detector.jacobian(features)
    assert logits.shape[-2:] == (18, 18)
    line = np.linspace(-1, 1, 18)
    for f in range(2):
        for n in range(3):
            heat = np.exp(logits[f, n].detach().double().numpy() / 0.1)
            heat /= heat.sum()
            value = [(heat.sum(0) * line).sum(), (heat.sum(1) * line).sum()]
            assert got.value[f, n].tolist() == pytest.approx(value, abs=1e-4)
            for entry in range(4):
                mean = (heat * matrices[f, 4 * n + entry].detach().double().numpy()).sum()
                assert got.jacobian[f, n].flatten()[entry].item() == pytest.approx(mean, abs=1e-4)


def test_a_detector_begins_with_identity_jacobians_and_without_maps_keeps_them():
    picture = torch.rand(1, 3, 48, 48)
    for maps in (3, 1, 0):
        assert torch.allclose(KeypointDetector(3, SIZE, maps, 3)(picture).jacobian, torch.eye(2).expand(1, 3, 2, 2), atol=1e-5)


def test_heatmaps_have_the_papers_variance():
    grid = corner_grid(21, 21, torch.empty(0))
    bumps = gaussians(Keypoints(torch.tensor([[[0.0, 0.5]]]), torch.eye(2).expand(1, 1, 2, 2)), grid, 0.01)
    assert bumps[0, 0, 15, 10].item() == pytest.approx(1)
    assert bumps[0, 0, 15, 11].item() == pytest.approx(math.exp(-(0.1**2) / 0.02), rel=1e-4)


def test_keypoints_that_stay_leave_every_pixel_in_place():
    motion = FommDenseMotion(3, SIZE, True).eval()
    keypoints = Keypoints(torch.rand(2, 3, 2) - 0.5, torch.eye(2) + 0.1 * torch.rand(2, 3, 2, 2))
    flow, occlusion = motion(torch.rand(2, 3, 32, 32), keypoints, keypoints)
    assert torch.allclose(flow, corner_grid(16, 16, flow).expand_as(flow), atol=1e-5)
    assert occlusion.shape == (2, 1, 16, 16)


def test_one_keypoint_that_is_trusted_everywhere_moves_all_by_its_affine_map():
    motion = FommDenseMotion(1, SIZE, False).eval()
    torch.nn.init.zeros_(motion.mask.weight)
    motion.mask.bias.data.copy_(torch.tensor([-50.0, 50.0]))
    source = Keypoints(torch.tensor([[[0.1, -0.2]]]), torch.tensor([[[[1.2, 0.1], [0.0, 0.9]]]]))
    driving = Keypoints(torch.tensor([[[0.3, 0.2]]]), torch.tensor([[[[0.8, -0.2], [0.1, 1.1]]]]))
    flow, _ = motion(torch.rand(1, 3, 32, 32), source, driving)
    z = corner_grid(16, 16, flow)[3, 12]
    affine = source.jacobian[0, 0] @ torch.linalg.inv(driving.jacobian[0, 0])
    assert torch.allclose(flow[0, 3, 12], source.value[0, 0] + affine @ (z - driving.value[0, 0]), atol=1e-5)


@pytest.fixture
def small():
    size = HourglassSize(width=4, widest=8, depth=2, factor=2)
    return Fomm(FommConfig(3, 3, 0, True, size, size)).eval()


def test_a_model_is_saved_and_read_back(small, tmp_path):
    small.save(tmp_path / "model", {"note": 1})
    again = Fomm.load(tmp_path / "model")
    assert again.config == small.config
    picture = torch.rand(1, 3, 64, 64)
    assert torch.allclose(again.detect(picture).value, small.detect(picture).value, atol=0.02)
    with pytest.raises(ModelError, match="detector"):
        Fomm.load(tmp_path)


def test_reenacting_compares_with_the_first_picture_and_batches_change_nothing(small):
    random = np.random.default_rng(0)
    source = random.integers(0, 256, (70, 90, 3), np.uint8)
    driving = [random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(5)]
    one, many = (list(reenact(small, source, iter(driving), size=64, batch=batch)) for batch in (1, 4))
    assert len(one) == len(many) == 5
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(one, many, strict=True)) <= 1
    # In the first picture there is no motion yet, whatever the driver.
    other = next(reenact(small, source, [driving[3]], size=64))
    assert np.abs(other.astype(int) - one[0]).max() <= 1
    with pytest.raises(InputError, match="multiples of 8"):
        next(reenact(small, source, driving, size=60))
