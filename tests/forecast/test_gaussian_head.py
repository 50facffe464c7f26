"""`ForecasterConfig(blocks=0)`: a GRU with a Gaussian head."""

import warnings

import pytest
import torch
from torch.distributions import MultivariateNormal

from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.refine import Refinement
from backend.forecast.steps import MotionStatistics


@pytest.fixture
def head():
    generator = torch.Generator().manual_seed(0)
    forecaster = Forecaster(ForecasterConfig(features=6, hidden=16, blocks=0, block_hidden=16))
    for parameter in forecaster.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    mix = torch.randn(6, 6, generator=generator) * 0.2 + torch.eye(6)
    positive = [torch.rand(6, generator=generator) + 0.5 for _ in range(3)]
    forecaster.set_statistics(MotionStatistics(torch.randn(6, generator=generator), *positive, mix))
    return forecaster.freeze()


@pytest.fixture
def frames():
    return torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(1)).cumsum(1) * 0.3


def reference(head, state):
    """The head's normal distribution of the standardised difference."""
    given = head.condition(state.h)
    mix = head.unwhiten / head.step_std
    scaled = given.log_scale.exp()[:, :, None] * mix
    return MultivariateNormal(given.loc @ mix, scaled.mT @ scaled)


def test_density_is_the_normal_distribution_s(head, frames):
    state = head.observe(frames[:, :-1])
    difference = (frames[:, -1] - state.frame) / head.step_std
    expected = reference(head, state).log_prob(difference)
    torch.testing.assert_close(head.log_prob(state, frames[:, -1]), expected, rtol=1e-3, atol=1e-3)


def test_samples_have_the_normal_distribution_s_mean_and_covariance(head, frames):
    state = head.observe(frames[:1])
    paths = head.sample(state, 50_000, 1, torch.Generator().manual_seed(0)).paths[0, :, 0]
    difference = (paths - state.frame) / head.step_std
    expected = reference(head, state)
    standard = torch.linalg.solve_triangular(expected.scale_tril[0], (difference - expected.mean).T, upper=False)
    torch.testing.assert_close(standard.mean(1), torch.zeros(6), atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(standard), torch.eye(6), atol=0.03, rtol=0)


def test_there_is_nothing_to_refine_between_no_blocks(head, frames):
    state = head.observe(frames)
    plain = head.sample(state, 3, 5, torch.Generator().manual_seed(0))
    refined = head.sample(state, 3, 5, torch.Generator().manual_seed(0), Refinement(steps=3))
    assert torch.equal(plain.paths, refined.paths) and refined.acceptance is None


def test_it_is_saved_and_loaded_without_a_warning(head, frames, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head.save(tmp_path)
        loaded = Forecaster.load(tmp_path)
    paths = [model.sample(model.observe(frames), 3, 4, torch.Generator().manual_seed(0)).paths for model in (head, loaded)]
    torch.testing.assert_close(*paths, atol=0.02, rtol=0.02)
