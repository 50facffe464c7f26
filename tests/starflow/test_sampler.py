"""Sampling, guidance and denoising."""

import pytest
import torch

from backend.starflow.conditional import ConditionalGaussian
from backend.starflow.denoiser import FUTURE_FRAMES, Denoiser, DenoiserConfig
from backend.starflow.guidance import guide
from backend.starflow.inversion import JacobiSettings, invert_jacobi, invert_sequential
from backend.starflow.sampler import sample_latents


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_noise_of_a_clip_gives_the_clip_back_from_its_first_frames(flow):
    x = torch.randn(2, 4, 2, 2, 3)
    z, _ = flow(x)
    u, _ = flow.shallow_forward(x)
    for solve in (invert_sequential, lambda predictor, noise: invert_jacobi(predictor, noise, JacobiSettings(4, 0.0))):
        predictor = flow.predictor(4, 2)
        predictor.prefill(u[:, :8])
        found, _ = solve(predictor, z[:, 8:])
        assert (found - u[:, 8:]).abs().max() < 1e-4


def test_one_seed_gives_one_future_and_another_a_different_one(flow):
    known = torch.randn(1, 2, 2, 2, 3)
    first, again, other = (sample_latents(flow, None, known, 3, source(seed)).latents for seed in (0, 0, 1))
    assert first.shape == (1, 3, 2, 2, 3)
    assert torch.equal(first, again)
    assert (first - other).abs().mean() > 0.1


def test_a_clip_can_begin_from_nothing_but_a_caption(flow):
    nothing = torch.zeros(1, 0, 2, 2, 3)
    left, right = (sample_latents(flow, None, nothing, 2, source(), caption=torch.tensor([[word]])).latents for word in (1, 2))
    assert left.shape == (1, 2, 2, 2, 3)
    assert not torch.allclose(left, right)


def gaussian(mean: float, scale: float) -> ConditionalGaussian:
    return ConditionalGaussian(torch.full((1, 1, 1), mean), torch.full((1, 1, 1), scale), torch.zeros(1, 1, 0, 1))


def test_guidance_of_weight_0_changes_nothing_and_more_goes_further():
    combined = guide(gaussian(1.0, 0.8), gaussian(0.0, 1.0), 0.0)
    assert combined.loc.item() == 1.0 and combined.scale.item() == pytest.approx(0.8)
    combined = guide(gaussian(1.0, 0.8), gaussian(0.0, 1.0), 2.0)
    # The product of Gaussians N_c^(1 + w) N_u^(-w), by its precisions.
    precision = 3 / 0.8**2 - 2
    assert combined.scale.item() == pytest.approx(precision**-0.5, rel=1e-5)
    assert combined.loc.item() == pytest.approx(3 / 0.8**2 / precision, rel=1e-5)


def test_guidance_stays_a_gaussian_where_the_captioned_one_is_wider():
    scale = guide(gaussian(0.0, 2.0), gaussian(0.0, 0.5), 5.0).scale
    assert scale.isfinite() and scale > 0


def test_a_denoised_frame_depends_on_no_frame_later_than_the_next():
    torch.manual_seed(0)
    denoiser = Denoiser(DenoiserConfig(2, 2, 3, 64, 3)).eval()
    torch.nn.init.normal_(denoiser.out_proj.weight)
    x = torch.randn(1, 5, 2, 2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(denoiser(x)[0, 2].sum(), x)
    reached = gradient[0].abs().flatten(1).amax(1) > 0
    assert reached.tolist() == [True, True, True, FUTURE_FRAMES == 1, False]
