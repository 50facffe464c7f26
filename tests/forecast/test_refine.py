import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backend.forecast.refine import ChainState, Metropolis, Quadratic, Refinement, Refiner, block_energy


def noise(generator, rows, features):
    return torch.randn(rows, features, generator=generator), torch.rand(rows, 1, generator=generator).log()


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
        energy = Quadratic(half_stiffness, share * y_hat)
        torch.testing.assert_close(energy(a) - energy(b), formula(a) - formula(b))


def test_the_first_block_s_energy_is_the_noise_s_own():
    assert block_energy(0, 5, 3.0) == (0.5, 0.0)


def test_the_last_block_s_energy_is_the_pull_alone():
    assert block_energy(4, 5, 3.0) == (1.5, 1.0)


def test_metropolis_leaves_its_target_as_it_is():
    """Start from exact draws of N(c, I / a): after many steps they are still draws of it."""
    generator = torch.Generator().manual_seed(0)
    rows, features, stiffness = 20000, 3, 2.5
    centre = torch.tensor([[1.0, -0.5, 0.2]])
    energy = Quadratic(stiffness / 2, centre)
    kernel = Metropolis(0.8)
    state = kernel.init(centre + torch.randn(rows, features, generator=generator) / stiffness**0.5, energy)
    for _ in range(30):
        state, _ = kernel.step(state, energy, *noise(generator, rows, features))
    away = state.y - centre
    torch.testing.assert_close(away.mean(0), torch.zeros(features), atol=0.02, rtol=0)
    torch.testing.assert_close(away.T @ away / rows, torch.eye(features) / stiffness, atol=0.02, rtol=0)
    torch.testing.assert_close(state.energy, energy(state.y))


def test_metropolis_finds_its_target_from_afar():
    generator = torch.Generator().manual_seed(1)
    energy = Quadratic(0.5, torch.tensor([[3.0, -3.0]]))
    kernel = Metropolis(0.9)
    state = kernel.init(torch.zeros(20000, 2), energy)
    for _ in range(80):
        state, _ = kernel.step(state, energy, *noise(generator, 20000, 2))
    torch.testing.assert_close(state.y.mean(0), torch.tensor([3.0, -3.0]), atol=0.04, rtol=0)
    torch.testing.assert_close(state.y.std(0), torch.ones(2), atol=0.04, rtol=0)


def test_metropolis_is_in_detailed_balance_on_a_target_of_two_wells():
    """At equilibrium as many chains go from region i to region j as from j to i, for every pair."""

    def energy(y):
        return (y.square() - 1).square() * 2 + 0.4 * y

    generator = torch.Generator().manual_seed(2)
    rows = 200_000
    axis = torch.linspace(-3, 3, 20001)[:, None]
    weights = torch.exp(-energy(axis))[:, 0]
    y = axis[torch.multinomial(weights, rows, replacement=True, generator=generator)]
    kernel = Metropolis(0.7)
    after, _ = kernel.step(kernel.init(y, energy), energy, *noise(generator, rows, 1))
    edges = torch.tensor([-1.0, -0.3, 0.3, 0.8])
    before_bin, after_bin = torch.bucketize(y[:, 0], edges), torch.bucketize(after.y[:, 0], edges)
    flux = torch.zeros(5, 5).index_put((before_bin, after_bin), torch.ones(rows), accumulate=True)
    # The difference of two Poisson counts has variance n_ij + n_ji.
    spread = (flux + flux.T).clamp_min(1).sqrt()
    assert ((flux - flux.T).abs() / spread).max() < 4
    assert (flux - torch.diag(flux.diagonal())).sum() > 0.1 * rows


def test_a_row_moves_as_a_whole_or_not_at_all():
    generator = torch.Generator().manual_seed(3)
    energy = Quadratic(0.5, torch.zeros(1, 6))
    y = torch.randn(500, 6, generator=generator)
    kernel = Metropolis(0.8)
    state, info = kernel.step(kernel.init(y, energy), energy, *noise(generator, 500, 6))
    moved = state.y != y
    assert torch.equal(moved.any(1), moved.all(1)) and torch.equal(moved.all(1), info.accepted[:, 0])
    assert 0 < info.accepted.float().mean() < 1


def test_a_proposal_that_is_not_a_number_is_rejected():
    energy = Quadratic(0.5, torch.zeros(1, 2))
    kernel = Metropolis(1.0)
    y = torch.zeros(3, 2)
    normal = torch.tensor([[math.nan, 0.0], [math.inf, 0.0], [0.1, 0.1]])
    state, info = kernel.step(kernel.init(y, energy), energy, normal, torch.full((3, 1), -1.0))
    assert info.accepted[:, 0].tolist() == [False, False, True]
    assert torch.isfinite(state.y).all() and torch.isfinite(state.energy).all()


def test_a_downhill_move_is_always_accepted():
    energy = Quadratic(0.5, torch.zeros(1, 2))
    kernel = Metropolis(1.0)
    state = ChainState(torch.full((1, 2), 2.0), energy(torch.full((1, 2), 2.0)))
    after, info = kernel.step(state, energy, torch.full((1, 2), -1.0), torch.zeros(1, 1))
    assert info.accepted.all() and torch.equal(after.y, torch.ones(1, 2))


def test_a_flat_energy_accepts_everything():
    refiner = Refiner(
        Refinement(steps=3, step_size=0.5, consistency=0.0), horizon=1, blocks=1, rows=9, features=4,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    y = refiner.move(0, 0, torch.zeros(9, 4), torch.full((9, 4), math.inf).nan_to_num())
    assert refiner.acceptance() == 1.0 and torch.isfinite(y).all()


def test_acceptance_is_none_before_any_step():
    refiner = Refiner(Refinement(steps=2), horizon=1, blocks=2, rows=1, features=2, generator=None)
    assert refiner.acceptance() is None


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"step_size": -0.1}, {"step_size": math.nan}, {"consistency": math.inf}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="not negative"):
        Refinement(**wrong)
