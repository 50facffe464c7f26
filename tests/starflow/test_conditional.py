"""Conditional Gaussians: invertible, with autograd's log-determinant and the covariance that their factors give."""

import pytest
import torch

from backend.starflow.conditional import ConditionalGaussian


def random_gaussian(rank: int, tokens: int = 5, seed: int = 0) -> ConditionalGaussian:
    torch.manual_seed(seed)
    return ConditionalGaussian(torch.randn(2, tokens, 4), torch.rand(2, tokens, 4) + 0.5, torch.randn(2, tokens, rank, 4))


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_forward_undoes_inverse(rank):
    gaussian, z = random_gaussian(rank), torch.randn(2, 5, 4)
    assert torch.allclose(gaussian.forward(gaussian.inverse(z)), z, atol=1e-5)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_the_log_determinant_is_the_jacobians(rank):
    gaussian, x = random_gaussian(rank), torch.randn(2, 5, 4)
    jacobian = torch.autograd.functional.jacobian(lambda tokens: gaussian.forward(tokens)[1, 2], x)[:, 1, 2]
    assert torch.linalg.slogdet(jacobian).logabsdet.item() == pytest.approx(gaussian.log_det[1, 2].item(), abs=1e-4)


def test_samples_have_the_covariance_that_the_factors_give():
    one = random_gaussian(1, tokens=1)[:1]
    parts = (one.loc, one.scale, one.factors)
    repeated = ConditionalGaussian(*(part[:1].expand(20000, *part.shape[1:]) for part in parts))
    x = repeated.inverse(torch.randn(20000, 1, 4))[:, 0]
    v, scale = one.factors[0, 0, 0], one.scale[0, 0]
    wanted = scale[:, None] * (torch.eye(4) + v[:, None] * v) * scale
    assert torch.allclose(torch.cov(x.T), wanted, atol=0.05 * wanted.abs().max().item())


def test_parts_of_different_rank_are_concatenated_and_sliced():
    first, second = random_gaussian(1, 2), random_gaussian(3, 4, seed=1)
    both, z = ConditionalGaussian.concat([first, second]), torch.randn(2, 6, 4)
    assert len(both) == 6 and both.factors.shape[2] == 3
    assert torch.allclose(both.inverse(z)[:, :2], first.inverse(z[:, :2]))
    assert torch.allclose(both[2:].inverse(z[:, 2:]), second.inverse(z[:, 2:]))


def test_the_standard_gaussian_is_the_identity_and_unstandardizing_rescales():
    z = torch.randn(2, 5, 4)
    assert torch.equal(ConditionalGaussian.standard(z).inverse(z), z)
    mean, std = torch.randn(2, 5, 4), torch.rand(2, 5, 4)
    gaussian = random_gaussian(2)
    assert torch.allclose(gaussian.unstandardize(mean, std).inverse(z), mean + std * gaussian.inverse(z), atol=1e-5)
