import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.refine import KERNELS, QuadraticEnergy, Refinement, Refiner, block_energy

SIZES = HORIZON, BLOCKS, _, _ = (3, 4, 40, 6)


@given(st.integers(2, 8), st.floats(0, 4), st.integers(0, 100))
def test_the_joined_energy_differs_from_the_formula_by_a_constant(blocks, beta, seed):
    generator = torch.Generator().manual_seed(seed)
    y_hat = torch.randn(1, 5, generator=generator, dtype=torch.float64)
    a, b = torch.randn(2, 1, 5, generator=generator, dtype=torch.float64)
    for index in range(blocks):
        weight = index / (blocks - 1)

        def formula(y, weight=weight):
            prior, pull = y.square().sum(-1, keepdim=True), (y - y_hat).square().sum(-1, keepdim=True)
            return (1 - weight) * prior / 2 + weight * beta * pull / 2

        half_stiffness, share = block_energy(index, blocks, beta)
        energy = QuadraticEnergy(half_stiffness, share * y_hat)
        torch.testing.assert_close(energy(a) - energy(b), formula(a) - formula(b))


def test_the_first_block_s_energy_is_the_noise_s_own():
    assert block_energy(0, 5, 3.0) == (0.5, 0.0)


def test_the_last_block_s_energy_is_the_pull_alone():
    assert block_energy(4, 5, 3.0) == (1.5, 1.0)


def pass_blocks(refiner, y, y_hat, log_terms=None):
    """Send y through all blocks of all steps of a rollout; each `block` rotates and shifts it a little, as a flow's does."""
    trail = []
    for step in range(HORIZON):
        move = refiner.after_block(step, y_hat + step, log_terms)
        for block in range(BLOCKS):
            y = move(block, y.roll(1, dims=1) * 1.1 + 0.1)
            trail.append(y)
    return torch.stack(trail)


@pytest.mark.parametrize("beta", [0.0, 0.35, 2.0])
@pytest.mark.parametrize("step_size", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("steps", [1, 3])
def test_fused_metropolis_makes_the_moves_of_the_plain_kernel_with_the_same_noise(beta, step_size, steps):
    refinement = Refinement(steps, step_size, beta)
    y, y_hat = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))
    fused, plain = (Refiner(refinement, SIZES, torch.Generator().manual_seed(1)) for _ in range(2))
    torch.testing.assert_close(pass_blocks(fused, y, y_hat), pass_blocks(plain, y, y_hat, log_terms=[]))
    assert fused.acceptance() == plain.acceptance()


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_work_is_the_sum_of_the_energy_s_differences(kernel):
    refinement = Refinement(2, 0.4, 0.5, kernel)
    y, y_hat = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))
    refiner = Refiner(refinement, SIZES, torch.Generator().manual_seed(1))
    log_terms = []
    move = refiner.after_block(1, y_hat, log_terms)
    for block in range(4):
        half_stiffness, share = block_energy(block, 4, 0.5)
        energy = QuadraticEnergy(half_stiffness, share * y_hat)
        after = move(block, y)
        torch.testing.assert_close(log_terms[block], (energy(after) - energy(y))[:, 0], atol=1e-5, rtol=1e-5)
        y = after


@pytest.mark.parametrize("kernel", KERNELS)
def test_asking_for_the_work_changes_no_move(kernel):
    y, y_hat = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))
    refinement = Refinement(2, 0.4, 0.5, kernel)
    trails = [
        pass_blocks(Refiner(refinement, SIZES, torch.Generator().manual_seed(1)), y, y_hat, terms) for terms in (None, [])
    ]
    torch.testing.assert_close(*trails)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_flat_energy_accepts_everything(kernel):
    refinement = Refinement(steps=3, step_size=0.5, consistency=0.0, kernel=kernel)
    refiner = Refiner(refinement, (1, 1, 9, 4), torch.Generator().manual_seed(0))
    y = refiner.after_block(0, torch.full((9, 4), math.inf).nan_to_num())(0, torch.zeros(9, 4))
    assert refiner.acceptance() == 1.0 and torch.isfinite(y).all()


def test_a_point_forecast_that_is_not_a_number_moves_nothing():
    refiner = Refiner(Refinement(), (1, 2, 3, 2), torch.Generator().manual_seed(0))
    y = refiner.after_block(0, torch.full((3, 2), math.nan))(1, torch.ones(3, 2))
    assert torch.equal(y, torch.ones(3, 2)) and refiner.acceptance() == 0.0


def test_acceptance_is_none_before_any_step():
    assert Refiner(Refinement(steps=2), (1, 2, 1, 2), None).acceptance() is None


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"step_size": -0.1}, {"step_size": math.nan}, {"consistency": math.inf}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="not negative"):
        Refinement(**wrong)


def test_a_kernel_of_another_name_is_refused():
    with pytest.raises(ValueError, match="metropolis, mala, hmc"):
        Refinement(kernel="gibbs")


# Path weights, on a forecaster of three numbers

MANY = 60_000


@pytest.fixture(scope="module")
def small():
    generator = torch.Generator().manual_seed(3)
    forecaster = Forecaster(ForecasterConfig(features=3, hidden=8, layers=1, blocks=3, block_hidden=8))
    for parameter in forecaster.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    forecaster.freeze()
    return forecaster, forecaster.observe(torch.randn(2, 5, 3, generator=generator))


def sample(small, k, horizon, seed=0, **settings):
    forecaster, state = small
    return forecaster.sample(state, k, horizon, torch.Generator().manual_seed(seed), importance=True, **settings)


def test_without_moves_every_weight_is_one(small):
    assert sample(small, 50, 4).log_weights.abs().max() < 1e-3
    assert small[0].sample(small[1], 2, 3).log_weights is None


def moments(forecast):
    """Per stream: means and second moments of the last frame, `[B, 6]`."""
    last = forecast.paths[:, :, -1]
    return torch.cat([last, last.square()], dim=-1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_weighted_refined_samples_have_the_flow_s_own_moments_and_unweighted_ones_do_not(small, kernel):
    plain = moments(sample(small, MANY, 1, seed=1))
    refined = sample(small, MANY, 1, seed=2, refine=Refinement(2, 0.3, 1.5, kernel))
    values, weights = moments(refined), torch.softmax(refined.log_weights, dim=1)[..., None]
    mean = (weights * values).sum(1)
    # Standard error of a self-normalised estimate by the delta method, and that of the plain mean.
    error = ((weights * (values - mean[:, None])).square().sum(1) + plain.var(1) / MANY).sqrt()
    assert ((mean - plain.mean(1)).abs() / error).max() < 4
    assert ((values.mean(1) - plain.mean(1)).abs() / error).max() > 8


def test_weights_are_normalised_as_they_are(small):
    weights = sample(small, MANY, 1, refine=Refinement(1, 0.2, 1.0)).log_weights.exp()
    assert ((weights.mean(1) - 1).abs() < 5 * weights.std(1) / MANY**0.5).all()


def test_weights_undo_a_temperature_too(small):
    plain = moments(sample(small, MANY, 1, seed=1)).mean(1)
    heated = sample(small, MANY, 1, seed=2, temperature=1.2)
    mean = (torch.softmax(heated.log_weights, dim=1)[..., None] * moments(heated)).sum(1)
    torch.testing.assert_close(mean, plain, rtol=0.03, atol=0.03)


def test_at_temperature_zero_there_are_no_importance_weights(small):
    with pytest.raises(ValueError, match="above 0"):
        sample(small, 2, 2, temperature=0.0)
