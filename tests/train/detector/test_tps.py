"""Thin-plate deformations: their Jacobians are autograd's, pictures and points move together; what follows costs nothing."""

import pytest
import torch
from scipy.interpolate import RBFInterpolator

from backend.animate.fomm.grid import corner_grid, warp_aligned
from backend.core.types import Keypoints
from backend.train.detector.losses import crowding, equivariance, motion_weight
from backend.train.detector.tps import ThinPlate


@pytest.fixture
def plate():
    return ThinPlate.sample(3, torch.Generator().manual_seed(0))


def test_jacobians_are_those_of_autograd(plate):
    z = torch.rand(3, 7, 2, generator=torch.Generator().manual_seed(1)) * 2 - 1
    whole = torch.autograd.functional.jacobian(plate, z)
    for b in range(3):
        for m in range(7):
            assert torch.allclose(plate.jacobian(z)[b, m], whole[b, m, :, b, m], atol=1e-4)


def test_the_bending_part_is_a_thin_plate_spline(plate):
    """Interpolating a bent plate's own values with scipy's thin-plate kernel, at enough points, gives the plate back."""
    nodes = corner_grid(15, 15, torch.empty(0)).flatten(0, 1)
    values = plate(nodes.expand(3, -1, -1))[0]
    z = torch.rand(20, 2, generator=torch.Generator().manual_seed(2)) * 1.6 - 0.8
    scipy = RBFInterpolator(nodes.double(), values.double(), kernel="thin_plate_spline")(z.double())
    assert torch.allclose(plate(z.expand(3, -1, -1))[0].double(), torch.from_numpy(scipy), atol=5e-3)


def test_what_a_deformed_picture_shows_at_z_was_at_t_of_z(plate):
    line = torch.linspace(0, 6, 64)
    picture = (torch.sin(line)[:, None] * torch.cos(1.3 * line) / 2 + 0.5).expand(3, 3, -1, -1).contiguous()
    deformed = plate.deform(picture)
    z = torch.rand(3, 10, 2, generator=torch.Generator().manual_seed(3)) - 0.5
    shown = warp_aligned(deformed, z[:, None])[:, 0, 0]
    was = warp_aligned(picture, plate(z)[:, None])[:, 0, 0]
    assert torch.allclose(shown, was, atol=0.02)


def test_keypoints_that_follow_the_picture_cost_nothing_and_others_do(plate):
    random = torch.Generator().manual_seed(4)
    deformed = Keypoints(
        torch.rand(3, 5, 2, generator=random) - 0.5, torch.eye(2) + 0.1 * torch.randn(3, 5, 2, 2, generator=random)
    )
    found = Keypoints(plate(deformed.value), plate.jacobian(deformed.value) @ deformed.jacobian)
    value, jacobian = equivariance(found, deformed, plate)
    assert value.item() == pytest.approx(0, abs=1e-6) and jacobian.item() == pytest.approx(0, abs=1e-5)
    value, jacobian = equivariance(deformed, deformed, plate)
    assert value > 0.01 and jacobian > 0.01


def test_weights_lie_where_pictures_differ_and_have_mean_one():
    source = torch.zeros(1, 3, 32, 32)
    driving = source.clone()
    driving[..., 8:16, 8:16] = 0.8
    weight = motion_weight(source, driving, 0.5)
    assert weight.mean().item() == pytest.approx(1)
    assert weight[0, 0, 0, 0].item() == pytest.approx(0.5)
    assert weight[0, 0, 10, 10].item() == pytest.approx(0.5 + 0.5 * 16)
    assert torch.equal(motion_weight(source, driving, 0.0), torch.ones(1, 1, 32, 32))


def test_only_keypoints_on_one_another_are_crowded():
    eye = torch.eye(2).expand(1, 3, 2, 2)
    apart = Keypoints(torch.tensor([[[-0.8, 0.0], [0.0, 0.0], [0.8, 0.0]]]), eye)
    assert crowding(apart).item() < 1e-6
    assert crowding(Keypoints(torch.zeros(1, 3, 2), eye)).item() == pytest.approx(1)
    assert crowding(Keypoints(torch.zeros(1, 1, 2), eye[:, :1])).item() == 0
