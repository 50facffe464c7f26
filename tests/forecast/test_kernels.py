"""Each kernel, on known target distributions."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch.distributions import MultivariateNormal

from backend.forecast.kernels import ChainState, Hmc, Mala, Metropolis
from backend.forecast.refine import QuadraticEnergy

KERNELS = pytest.mark.parametrize("make", [Metropolis, Mala, Hmc])


def noise(generator, rows, features, dtype=torch.float32):
    normal = torch.randn(rows, features, generator=generator, dtype=dtype)
    return normal, torch.rand(rows, 1, generator=generator, dtype=dtype).log()


def run(kernel, y, energy, steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    state, rate = kernel.init(y, energy), 0.0
    for _ in range(steps):
        state, accepted = kernel.step(state, energy, *noise(generator, *y.shape))
        rate += accepted.float().mean().item() / steps
    return state, rate


class TwoWells:
    """U(y) = 2 (y^2 - 1)^2 + 0.4 y, summed over coordinates: no normal distribution, and no symmetric one."""

    def __call__(self, y):
        return ((y.square() - 1).square() * 2 + 0.4 * y).sum(-1, keepdim=True)

    def gradient(self, y):
        return 8 * y * (y.square() - 1) + 0.4

    def sample(self, rows, generator):
        axis = torch.linspace(-3, 3, 20001)[:, None]
        return axis[torch.multinomial(torch.exp(-self(axis))[:, 0], rows, replacement=True, generator=generator)]


@dataclass
class Correlated:
    """A normal distribution with correlated coordinates."""

    mean: torch.Tensor
    covariance: torch.Tensor

    def __call__(self, y):
        away = y - self.mean
        return 0.5 * (away * self.gradient(y)).sum(-1, keepdim=True)

    def gradient(self, y):
        return (y - self.mean) @ torch.linalg.inv(self.covariance)


CORRELATED = Correlated(torch.tensor([1.0, -0.5, 0.2]), torch.tensor([[1.0, 0.6, 0.0], [0.6, 0.8, -0.2], [0.0, -0.2, 0.5]]))


@pytest.mark.parametrize("energy", [TwoWells(), CORRELATED, QuadraticEnergy(1.3, torch.tensor([0.3, -1.0, 2.0]))])
def test_the_energies_gradients_are_autograd_s(energy):
    y = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (expected,) = torch.autograd.grad(energy(y).sum(), y)
    torch.testing.assert_close(energy.gradient(y.detach()), expected, rtol=1e-4, atol=1e-5)


@KERNELS
@pytest.mark.parametrize("step_size", [0.4, 0.9])
def test_a_kernel_leaves_its_target_invariant(make, step_size):
    """Start from exact draws of a correlated normal: after many steps they are still draws of it."""
    rows = 20000
    generator = torch.Generator().manual_seed(1)
    exact = torch.randn(rows, 3, generator=generator) @ torch.linalg.cholesky(CORRELATED.covariance).T + CORRELATED.mean
    state, rate = run(make(step_size), exact, CORRELATED, 30)
    assert 0.1 < rate < 0.9999
    torch.testing.assert_close(state.y.mean(0), CORRELATED.mean, atol=0.03, rtol=0)
    torch.testing.assert_close(torch.cov(state.y.T), CORRELATED.covariance, atol=0.04, rtol=0)
    torch.testing.assert_close(state.energy, CORRELATED(state.y))


@KERNELS
def test_a_kernel_finds_its_target_from_afar(make):
    energy = QuadraticEnergy(0.5, torch.tensor([[3.0, -3.0]]))
    state, _ = run(make(0.9), torch.zeros(20000, 2), energy, 80)
    torch.testing.assert_close(state.y.mean(0), torch.tensor([3.0, -3.0]), atol=0.04, rtol=0)
    torch.testing.assert_close(state.y.std(0), torch.ones(2), atol=0.04, rtol=0)


@KERNELS
def test_a_kernel_is_in_detailed_balance_on_a_target_of_two_wells(make):
    """At equilibrium as many chains go from region i to region j as from j to i, for every pair."""
    energy, rows = TwoWells(), 200_000
    generator = torch.Generator().manual_seed(2)
    y = energy.sample(rows, generator)
    kernel = make(0.5)
    after, accepted = kernel.step(kernel.init(y, energy), energy, *noise(generator, rows, 1))
    edges = torch.tensor([-1.0, -0.3, 0.3, 0.8])
    before_bin, after_bin = torch.bucketize(y[:, 0], edges), torch.bucketize(after.y[:, 0], edges)
    flux = torch.zeros(5, 5).index_put((before_bin, after_bin), torch.ones(rows), accumulate=True)
    # The difference of two Poisson counts has variance n_ij + n_ji.
    deviation = (flux + flux.T).clamp_min(1).sqrt()
    assert ((flux - flux.T).abs() / deviation).max() < 4
    assert (flux - torch.diag(flux.diagonal())).sum() > 0.1 * rows
    assert accepted.float().mean() < 0.99


@KERNELS
def test_a_row_moves_as_a_whole_or_not_at_all(make):
    y = torch.randn(500, 6, generator=torch.Generator().manual_seed(3))
    kernel, energy = make(1.6), QuadraticEnergy(0.5, torch.zeros(1, 6))
    state, accepted = kernel.step(kernel.init(y, energy), energy, *noise(torch.Generator().manual_seed(4), 500, 6))
    moved = state.y != y
    assert torch.equal(moved.any(1), moved.all(1)) and torch.equal(moved.all(1), accepted[:, 0])
    assert 0 < accepted.float().mean() < 1


@KERNELS
def test_a_proposal_that_is_not_a_number_is_rejected(make):
    energy, kernel, y = QuadraticEnergy(0.5, torch.zeros(1, 2)), make(1.0), torch.zeros(3, 2)
    normal = torch.tensor([[math.nan, 0.0], [math.inf, 0.0], [0.1, 0.1]])
    state, accepted = kernel.step(kernel.init(y, energy), energy, normal, torch.full((3, 1), -1.0))
    assert accepted[:, 0].tolist() == [False, False, True]
    assert torch.isfinite(state.y).all() and torch.isfinite(state.energy).all()


@KERNELS
def test_where_the_energy_is_flat_every_kernel_moves_by_step_size_times_noise(make):
    y = torch.randn(50, 3, generator=torch.Generator().manual_seed(5))
    normal, log_uniform = noise(torch.Generator().manual_seed(6), 50, 3)
    kernel, energy = make(0.7), QuadraticEnergy(0.0, torch.zeros(3))
    state, accepted = kernel.step(kernel.init(y, energy), energy, normal, log_uniform)
    assert accepted.all()
    torch.testing.assert_close(state.y, y + 0.7 * normal)


def test_metropolis_accepts_every_downhill_move():
    energy = QuadraticEnergy(0.5, torch.zeros(1, 2))
    start = torch.full((1, 2), 2.0)
    after, accepted = Metropolis(1.0).step(
        ChainState(start, energy(start)), energy, torch.full((1, 2), -1.0), torch.zeros(1, 1)
    )
    assert accepted.all() and torch.equal(after.y, torch.ones(1, 2))


@pytest.mark.parametrize("log_uniform", [-0.05, -0.5, -2.0])
def test_mala_accepts_by_the_ratio_of_target_times_proposal(log_uniform):
    """The Metropolis-Hastings ratio with the proposals' densities from torch.distributions."""
    s = 0.9
    energy, generator = TwoWells(), torch.Generator().manual_seed(7)
    y = 1.5 * torch.randn(300, 2, generator=generator, dtype=torch.float64)
    normal = torch.randn(300, 2, generator=generator, dtype=torch.float64)

    def log_proposal(there, here):
        eye = torch.eye(2, dtype=torch.float64) * s**2
        return MultivariateNormal(here - s**2 / 2 * energy.gradient(here), eye).log_prob(there)[:, None]

    proposal = y - s**2 / 2 * energy.gradient(y) + s * normal
    ratio = energy(y) - energy(proposal) + log_proposal(y, proposal) - log_proposal(proposal, y)
    kernel = Mala(s)
    state, accepted = kernel.step(kernel.init(y, energy), energy, normal, torch.full_like(ratio, log_uniform))
    assert torch.equal(accepted, ratio > log_uniform)
    torch.testing.assert_close(state.y, torch.where(ratio > log_uniform, proposal, y))


def test_one_leap_of_hmc_is_mala():
    energy, y = TwoWells(), torch.randn(200, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    shared = noise(torch.Generator().manual_seed(9), 200, 2, torch.float64)
    (hmc, hmc_accepted), (mala, mala_accepted) = (
        kernel.step(kernel.init(y, energy), energy, *shared) for kernel in (Hmc(0.6, leaps=1), Mala(0.6))
    )
    torch.testing.assert_close(hmc.y, mala.y)
    assert torch.equal(hmc_accepted, mala_accepted) and 0 < hmc_accepted.float().mean() < 1


def test_hmc_s_trajectories_run_back_when_the_momentum_is_negated():
    generator = torch.Generator().manual_seed(10)
    y, momentum = torch.randn(2, 100, 3, generator=generator, dtype=torch.float64)
    kernel, energy = Hmc(0.8, leaps=5), TwoWells()
    there = kernel.integrate(y, momentum, energy)
    back = kernel.integrate(there[0], -there[1], energy)
    torch.testing.assert_close(back[0], y)
    torch.testing.assert_close(back[1], -momentum)


def test_hmc_s_energy_error_falls_with_the_square_of_the_leap():
    generator = torch.Generator().manual_seed(11)
    y, momentum = torch.randn(2, 200, 3, generator=generator, dtype=torch.float64)
    energy = TwoWells()

    def error(leaps):
        ending, speed = Hmc(0.5, leaps).integrate(y, momentum, energy)
        total = energy(ending) + speed.square().sum(-1, keepdim=True) / 2
        return (total - energy(y) - momentum.square().sum(-1, keepdim=True) / 2).abs().median().item()

    errors = [error(leaps) for leaps in (16, 32, 64)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.15) and errors[1] / errors[2] == pytest.approx(4, rel=0.15)
