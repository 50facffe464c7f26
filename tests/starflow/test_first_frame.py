"""The first-frame distribution: a Gaussian with the data's principal components."""

import pytest
import torch

from backend.starflow.first_frame import RANK, FirstFrame

SHAPE = (4, 4, 8)


def faces(count: int = 4000) -> torch.Tensor:
    """Three directions of variation, and a little noise."""
    torch.manual_seed(0)
    directions = torch.randn(3, 128)
    return (2 + torch.randn(count, 3) @ directions + 0.1 * torch.randn(count, 128)).unflatten(1, SHAPE)


def fitted() -> FirstFrame:
    first = FirstFrame(SHAPE)
    first.fit(faces())
    return first


def test_samples_have_the_mean_and_covariance_of_the_data():
    data, samples = faces().flatten(1), fitted().sample(4000, 1.0, torch.Generator().manual_seed(1)).flatten(1)
    assert (data.mean(0) - samples.mean(0)).abs().max() < 0.2
    assert torch.allclose(torch.cov(data.T), torch.cov(samples.T), rtol=0.15, atol=0.5)


def test_without_temperature_there_is_only_the_average():
    first = fitted()
    samples = first.sample(2, 0.0, torch.Generator())
    assert torch.allclose(samples[0].flatten(), first.mean) and torch.equal(samples[0], samples[1])


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_density_is_that_of_a_gaussian_with_the_whole_covariance(noise):
    first, x = fitted(), faces(3)
    covariance = first.factors @ first.factors.T + torch.diag(first.residual_variance + noise**2)
    oracle = torch.distributions.MultivariateNormal(first.mean, covariance).log_prob(x.flatten(1))
    assert torch.allclose(first.log_prob(x, noise), oracle, rtol=1e-3, atol=0.5)


def test_it_takes_no_more_components_than_there_are_numbers():
    assert FirstFrame((1, 2, 3)).factors.shape == (6, 6)
    assert FirstFrame(SHAPE).factors.shape == (128, RANK)
