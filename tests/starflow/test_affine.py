"""Autoregressive affine maps: invertible, causal, with the log-determinant that autograd finds."""

import pytest
import torch

from backend.starflow.affine import MAX_FACTOR_NORM, Affine, CachedPredictor
from backend.starflow.inversion import JacobiSettings, invert_jacobi, invert_sequential
from backend.starflow.kalman import KalmanFilter
from backend.starflow.transformer import token_positions

POSITIONS = token_positions(3, 2, 2)


def trained_like(seed: int = 0) -> Affine:
    """Random weights, as after training: the head is not zero."""
    torch.manual_seed(seed)
    affine = Affine(4, 64, 2, 4, kalman=KalmanFilter(4, 2, 2, 0.2), rank=2)
    torch.nn.init.normal_(affine.loc_scale_head.weight, std=0.06)
    torch.nn.init.normal_(affine.factor_head.weight, std=0.06)
    torch.nn.init.normal_(affine.start_token, std=0.5)
    torch.nn.init.normal_(affine.kalman.log_process_variance)
    return affine.eval()


def test_an_untrained_map_is_the_identity():
    x = torch.randn(2, 12, 4)
    z, log_det = Affine(4, 64, 2, 4)(x, POSITIONS)
    assert torch.allclose(z, x, atol=1e-4)
    assert log_det.abs().max() < 1e-2


@pytest.mark.parametrize("prefix", [0, 3])
def test_the_sequential_inverse_undoes_it(prefix):
    affine, x = trained_like(), torch.randn(2, 12, 4)
    before = torch.randn(2, prefix, 64) if prefix else None
    with torch.no_grad():
        z, _ = affine(x, POSITIONS, before)
        again, stats = invert_sequential(CachedPredictor(affine, POSITIONS, 2, before), z)
    assert (z - x).abs().max() > 0.1
    assert torch.allclose(again, x, atol=1e-4)
    assert stats.nfe == 12


@pytest.mark.parametrize("block", [1, 4, 5, 12])
def test_jacobi_finds_what_the_sequential_inverse_finds(block):
    affine, x, before = trained_like(), torch.randn(2, 12, 4), torch.randn(2, 2, 64)
    with torch.no_grad():
        z, _ = affine(x, POSITIONS, before)
        found, stats = invert_jacobi(CachedPredictor(affine, POSITIONS, 2, before), z, JacobiSettings(block, 0.0))
    assert torch.allclose(found, x, atol=1e-4)
    assert sum(stats.committed) == 12 and min(stats.committed) >= 1


def test_jacobi_stops_early_where_little_changes():
    affine, x = trained_like(), torch.randn(2, 12, 4)
    with torch.no_grad():
        z, _ = affine(x, POSITIONS)
        exact, slow = invert_sequential(CachedPredictor(affine, POSITIONS, 2), z)
        found, stats = invert_jacobi(CachedPredictor(affine, POSITIONS, 2), z, JacobiSettings(12, 1e-6))
    assert stats.nfe < slow.nfe
    assert (found - exact).square().sum() < 1e-4 * exact.square().sum()


def test_a_block_takes_one_pass_where_the_transformer_adds_nothing():
    """The Kalman filter is exact within a guess."""
    affine = trained_like()
    torch.nn.init.zeros_(affine.loc_scale_head.weight)
    torch.nn.init.zeros_(affine.factor_head.weight)
    with torch.no_grad():
        z = torch.randn(2, 12, 4)
        found, stats = invert_jacobi(CachedPredictor(affine, POSITIONS, 2), z, JacobiSettings(8, 1e-8))
        exact, _ = invert_sequential(CachedPredictor(affine, POSITIONS, 2), z)
    assert stats.committed == [8, 4]
    assert torch.allclose(found, exact, atol=1e-3)


def test_known_tokens_are_read_in_one_pass_and_change_nothing_else():
    affine, x = trained_like(), torch.randn(2, 12, 4)
    with torch.no_grad():
        z, _ = affine(x, POSITIONS)
        for known in (4, 6):
            predictor = CachedPredictor(affine, POSITIONS, 2)
            conditional = predictor.prefill(x[:, :known])
            assert conditional.loc.shape == conditional.scale.shape == (2, known, 4) and predictor.nfe == 1
            found, _ = invert_sequential(predictor, z[:, known:])
            assert torch.allclose(found, x[:, known:], atol=1e-4)


def test_a_token_depends_on_those_before_it_and_on_no_other():
    affine, x = trained_like(), torch.randn(1, 12, 4, requires_grad=True)
    z, _ = affine(x, POSITIONS)
    for index in (0, 5, 11):
        (gradient,) = torch.autograd.grad(z[0, index].sum(), x, retain_graph=True)
        reached = gradient[0].abs().amax(-1) > 0
        assert reached[: index + 1].all() and not reached[index + 1 :].any()


def test_the_norm_of_the_factors_is_limited_however_large_tokens_are():
    affine = trained_like()
    with torch.no_grad():
        torch.nn.init.normal_(affine.factor_head.weight, std=5.0)
        conditional = affine.conditional(100 * torch.randn(2, 12, 4), POSITIONS)
    assert conditional.factors.square().sum((2, 3)).sqrt().max() <= MAX_FACTOR_NORM
    assert conditional.factors.square().sum((2, 3)).sqrt().min() > 0.8 * MAX_FACTOR_NORM


def test_the_log_det_is_the_jacobians():
    affine, x = trained_like().double(), torch.randn(1, 12, 4)
    _, log_det = affine(x.double(), POSITIONS)
    jacobian = torch.autograd.functional.jacobian(
        lambda flat: affine(flat.view(1, 12, 4), POSITIONS)[0].flatten(), x.double().flatten()
    )
    assert log_det.item() == pytest.approx(torch.linalg.slogdet(jacobian).logabsdet.item(), abs=1e-3)
