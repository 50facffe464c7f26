"""Compose: a pure function of portrait, flow, alpha and paint, at any resolution."""

import pytest
import torch

from backend.animate.compose import compose, identity_grid, resize_flow, warp


def picture(size: int, frames: int = 2) -> torch.Tensor:
    return torch.rand(frames, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_the_identity_flow_returns_the_picture():
    portrait = picture(24)
    grid = identity_grid(24, 24, portrait).expand(2, 24, 24, 2)
    assert torch.allclose(warp(portrait, grid), portrait, atol=1e-5)


@pytest.mark.parametrize("size", [32, 48, 96])
def test_a_small_identity_flow_leaves_a_portrait_of_any_size_alone(size):
    portrait = picture(size)
    flow = identity_grid(16, 16, portrait).expand(2, 16, 16, 2)
    out = compose(portrait, flow, torch.ones(2, 1, 32, 32), torch.zeros(2, 3, 32, 32))
    assert torch.allclose(out, portrait, atol=1e-4)


def test_alpha_zero_shows_only_the_inpainted_colour():
    flow = identity_grid(8, 8, torch.zeros(())).expand(2, 8, 8, 2)
    paint = torch.full((2, 3, 16, 16), 0.3)
    assert torch.allclose(compose(picture(64), flow, torch.zeros(2, 1, 16, 16), paint), torch.tensor(0.3))


def test_a_constant_shift_stays_constant_when_the_flow_is_resized():
    flow = identity_grid(8, 8, torch.zeros(())).expand(1, 8, 8, 2) + 0.25
    large = resize_flow(flow, 20, 20) - identity_grid(20, 20, flow)
    assert torch.allclose(large, torch.tensor(0.25), atol=1e-6)
