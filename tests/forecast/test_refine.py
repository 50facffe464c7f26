import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.forecast.block_moments import BlockMoments
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.noise import NoiseShape, RolloutNoise
from backend.forecast.refine import KERNELS, QuadraticEnergy, Refinement, Refiner, block_energies

HORIZON, BLOCKS, ROWS, WIDTH = 3, 4, 40, 6


def some_moments(blocks=BLOCKS, features=WIDTH, seed=5):
    """Moments of blocks that differ from each other and from number to number."""
    generator = torch.Generator().manual_seed(seed)
    moments = BlockMoments(2, blocks, features)
    moments.residual.copy_(torch.rand(blocks, features, generator=generator) + 0.3)
    moments.second.copy_(moments.residual + torch.rand(blocks, features, generator=generator))
    return moments


def refiner_of(refinement, moments=None, *, rows=ROWS, horizon=HORIZON, seed=1, temperature=1.0):
    moments = moments or some_moments()
    z = moments.second.shape[1]
    shape = NoiseShape(1, 1, horizon * moments.blocks * refinement.steps, z)
    noise = RolloutNoise.draw(shape, 1, rows, torch.Generator().manual_seed(seed), torch.device("cpu"))
    return Refiner(refinement, moments, noise, temperature)


@given(st.integers(2, 8), st.floats(0, 4), st.integers(0, 100))
def test_the_joined_energy_differs_from_the_formula_by_a_constant(blocks, beta, seed):
    generator = torch.Generator().manual_seed(seed)
    moments = some_moments(blocks, 5, seed).double()
    y_hat = torch.randn(1, 5, generator=generator, dtype=torch.float64)
    a, b = torch.randn(2, 1, 5, generator=generator, dtype=torch.float64)
    half_stiffness, share = block_energies(moments, beta)
    for index in range(blocks):
        weight = index / (blocks - 1)

        def formula(y, weight=weight, index=index):
            prior = (y.square() / moments.second[index]).sum(-1, keepdim=True)
            pull = ((y - y_hat).square() / moments.residual[index]).sum(-1, keepdim=True)
            return (1 - weight) * prior / 2 + weight * beta * pull / 2

        energy = QuadraticEnergy(half_stiffness[index], share[index] * y_hat)
        torch.testing.assert_close(energy(a) - energy(b), formula(a) - formula(b))


def test_the_first_block_s_energy_is_the_spread_over_all_contexts_and_the_last_one_s_that_around_the_prediction():
    moments = some_moments()
    half_stiffness, share = block_energies(moments, 1.0)
    torch.testing.assert_close(half_stiffness[0], 0.5 / moments.second[0])
    torch.testing.assert_close(half_stiffness[-1], 0.5 / moments.residual[-1])
    assert not share[0].any() and torch.equal(share[-1], torch.ones(WIDTH))


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_many_moves_bring_any_start_to_the_measured_moments_times_the_squared_temperature(temperature):
    moments, rows = some_moments(2, 3), 3000
    refiner = refiner_of(Refinement(100, 1.0), moments, rows=rows, horizon=1, temperature=temperature)
    y_hat = torch.tensor([0.5, -1.0, 2.0]).expand(2, rows, 3)
    move = refiner.after_block(0, y_hat)
    first, last = (move(block, torch.full((rows, 3), 1.0)) for block in (0, 1))
    tolerance = {"rtol": 0.12, "atol": 0.06}
    torch.testing.assert_close(first.var(0), temperature**2 * moments.second[0], **tolerance)
    torch.testing.assert_close(first.mean(0), torch.zeros(3), **tolerance)
    torch.testing.assert_close(last.var(0), temperature**2 * moments.residual[1], **tolerance)
    torch.testing.assert_close(last.mean(0), y_hat[1, 0], **tolerance)


def pass_blocks(refiner, y, y_hat, log_terms=None):
    """Send y through all blocks of all steps of a rollout; each `block` rotates and shifts it a little, as a flow's does."""
    trail = []
    for step in range(HORIZON):
        move = refiner.after_block(step, (y_hat + step).expand(BLOCKS, *y_hat.shape), log_terms)
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
    fused, plain = (refiner_of(refinement, temperature=0.7) for _ in range(2))
    torch.testing.assert_close(pass_blocks(fused, y, y_hat), pass_blocks(plain, y, y_hat, log_terms=[]))
    assert torch.equal(fused.acceptance(1), plain.acceptance(1))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_work_is_the_sum_of_the_energy_s_differences(kernel):
    refinement = Refinement(2, 0.4, 0.5, kernel)
    y, y_hat = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))
    refiner = refiner_of(refinement)
    log_terms = []
    move = refiner.after_block(1, y_hat.expand(BLOCKS, ROWS, WIDTH), log_terms)
    half_stiffness, share = block_energies(some_moments(), 0.5)
    for block in range(BLOCKS):
        energy = QuadraticEnergy(half_stiffness[block], share[block] * y_hat)
        after = move(block, y)
        torch.testing.assert_close(log_terms[block], (energy(after) - energy(y))[:, 0], atol=1e-5, rtol=1e-5)
        y = after


@pytest.mark.parametrize("kernel", KERNELS)
def test_asking_for_the_work_changes_no_move(kernel):
    y, y_hat = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))
    refinement = Refinement(2, 0.4, 0.5, kernel)
    trails = [pass_blocks(refiner_of(refinement), y, y_hat, terms) for terms in (None, [])]
    torch.testing.assert_close(*trails)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_flat_energy_accepts_everything(kernel):
    refinement = Refinement(steps=3, step_size=0.5, consistency=0.0, kernel=kernel)
    refiner = refiner_of(refinement, some_moments(1, 4), rows=9, horizon=1)
    y = refiner.after_block(0, torch.full((1, 9, 4), math.inf).nan_to_num())(0, torch.zeros(9, 4))
    assert (refiner.acceptance(1) == 1.0).all() and torch.isfinite(y).all()


def test_a_prediction_that_is_not_a_number_moves_nothing():
    refiner = refiner_of(Refinement(), some_moments(2, 2), rows=3, horizon=1)
    y = refiner.after_block(0, torch.full((2, 3, 2), math.nan))(1, torch.ones(3, 2))
    assert torch.equal(y, torch.ones(3, 2)) and (refiner.acceptance(1) == 0.0).all()


def test_acceptance_is_none_before_any_step():
    assert refiner_of(Refinement(steps=2)).acceptance(1) is None


def test_noise_without_that_of_mcmc_is_refused():
    noise = RolloutNoise.draw(NoiseShape(1, WIDTH), 1, 2, None, torch.device("cpu"))
    with pytest.raises(ValueError, match="without that of MCMC"):
        Refiner(Refinement(), some_moments(), noise)


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"step_size": -0.1}, {"step_size": math.nan}, {"consistency": math.inf}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="not negative"):
        Refinement(**wrong)


def test_a_kernel_of_another_name_is_refused():
    with pytest.raises(ValueError, match="metropolis, mala, hmc"):
        Refinement(kernel="gibbs")


# Path weights, on a forecaster of one keypoint

MANY = 60_000


@pytest.fixture(scope="module")
def small():
    generator = torch.Generator().manual_seed(3)
    forecaster = Forecaster(ForecasterConfig(features=6, hidden=8, layers=1, blocks=3, block_hidden=8))
    for parameter in forecaster.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.12
    forecaster.freeze()
    return forecaster, forecaster.observe(torch.randn(2, 5, 6, generator=generator))


def sample(small, k, horizon, seed=0, refine=None, temperature=1.0):
    forecaster, state = small
    shape, source = forecaster.noise_shape(horizon, refine), torch.Generator().manual_seed(seed)
    noise = RolloutNoise.draw(shape, len(state), k, source, torch.device("cpu"))
    return forecaster.forecast(state, noise, refine, temperature, importance=True)


def test_without_moves_every_weight_is_one(small):
    assert sample(small, 50, 4).log_weights.abs().max() < 1e-3
    assert small[0].sample(small[1], 2, 3).log_weights is None


def moments(forecast):
    """Per stream: means and second moments of the last frame, `[B, 12]`."""
    last = forecast.paths[:, :, -1]
    return torch.cat([last, last.square()], dim=-1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_weighted_refined_samples_have_the_flow_s_own_moments_and_unweighted_ones_do_not(small, kernel):
    plain = moments(sample(small, MANY, 1, seed=1))
    refined = sample(small, MANY, 1, seed=2, refine=Refinement(2, 0.2, 1.5, kernel))
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
