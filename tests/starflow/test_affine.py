"""Autoregressive affine maps: invertible, causal, with the log-determinant that autograd finds."""

import pytest
import torch

from backend.starflow.affine import FURTHEST, Affine, Reader
from backend.starflow.inversion import Jacobi, parallel, sequential
from backend.starflow.kalman import Level
from backend.starflow.transformer import positions

WHERE = positions(3, 2, 2)


def trained_like(seed: int = 0) -> Affine:
    """Weights as if training had been at them: the head is not zero any more."""
    torch.manual_seed(seed)
    affine = Affine(4, 64, 2, 4, level=Level(4, 2, 2, 0.2), spread=2)
    torch.nn.init.normal_(affine.head.weight, std=0.06)
    torch.nn.init.normal_(affine.spread.weight, std=0.06)
    torch.nn.init.normal_(affine.start, std=0.5)
    torch.nn.init.normal_(affine.level.log_change)
    return affine.eval()


def test_an_untrained_map_is_the_identity():
    x = torch.randn(2, 12, 4)
    z, log_determinant = Affine(4, 64, 2, 4)(x, WHERE)
    assert torch.allclose(z, x, atol=1e-4)
    assert log_determinant.abs().max() < 1e-2


@pytest.mark.parametrize("prefix", [0, 3])
def test_the_sequential_inverse_undoes_it(prefix):
    affine, x = trained_like(), torch.randn(2, 12, 4)
    before = torch.randn(2, prefix, 64) if prefix else None
    with torch.no_grad():
        z, _ = affine(x, WHERE, before)
        again, effort = sequential(Reader(affine, WHERE, 2, before), z)
    assert (z - x).abs().max() > 0.1
    assert torch.allclose(again, x, atol=1e-4)
    assert effort.passes == 12


@pytest.mark.parametrize("block", [1, 4, 5, 12])
def test_jacobi_finds_what_the_sequential_inverse_finds(block):
    affine, x, before = trained_like(), torch.randn(2, 12, 4), torch.randn(2, 2, 64)
    with torch.no_grad():
        z, _ = affine(x, WHERE, before)
        found, effort = parallel(Reader(affine, WHERE, 2, before), z, Jacobi(block, 0.0))
    assert torch.allclose(found, x, atol=1e-4)
    assert sum(effort.settled) == 12 and min(effort.settled) >= 1


def test_jacobi_stops_early_where_little_changes():
    affine, x = trained_like(), torch.randn(2, 12, 4)
    with torch.no_grad():
        z, _ = affine(x, WHERE)
        exact, slow = sequential(Reader(affine, WHERE, 2), z)
        found, effort = parallel(Reader(affine, WHERE, 2), z, Jacobi(12, 1e-6))
    assert effort.passes < slow.passes
    assert (found - exact).square().sum() < 1e-4 * exact.square().sum()


def test_where_the_transformer_says_nothing_a_block_is_one_pass():
    """The level leads from frame to frame; no guess is needed for that."""
    affine = trained_like()
    torch.nn.init.zeros_(affine.head.weight)
    torch.nn.init.zeros_(affine.spread.weight)
    with torch.no_grad():
        z = torch.randn(2, 12, 4)
        found, effort = parallel(Reader(affine, WHERE, 2), z, Jacobi(8, 1e-8))
        exact, _ = sequential(Reader(affine, WHERE, 2), z)
    assert effort.settled == [8, 4]
    assert torch.allclose(found, exact, atol=1e-3)


def test_a_known_beginning_is_read_in_one_pass_and_told_like_the_rest():
    affine, x = trained_like(), torch.randn(2, 12, 4)
    with torch.no_grad():
        z, _ = affine(x, WHERE)
        for known in (4, 6):
            reader = Reader(affine, WHERE, 2)
            told = reader.take(x[:, :known])
            assert told.shift.shape == told.scale.shape == (2, known, 4) and reader.passes == 1
            found, _ = sequential(reader, z[:, known:])
            assert torch.allclose(found, x[:, known:], atol=1e-4)


def test_a_token_depends_on_those_before_it_and_on_no_other():
    affine, x = trained_like(), torch.randn(1, 12, 4, requires_grad=True)
    z, _ = affine(x, WHERE)
    for index in (0, 5, 11):
        (gradient,) = torch.autograd.grad(z[0, index].sum(), x, retain_graph=True)
        reached = gradient[0].abs().amax(-1) > 0
        assert reached[: index + 1].all() and not reached[index + 1 :].any()


def test_however_far_off_a_token_is_its_directions_stay_short():
    affine = trained_like()
    with torch.no_grad():
        torch.nn.init.normal_(affine.spread.weight, std=5.0)
        told = affine.told(100 * torch.randn(2, 12, 4), WHERE)
    assert told.spread.square().sum((2, 3)).sqrt().max() <= FURTHEST
    assert told.spread.square().sum((2, 3)).sqrt().min() > 0.8 * FURTHEST


def test_the_log_determinant_is_the_jacobians():
    affine, x = trained_like().double(), torch.randn(1, 12, 4)
    _, log_determinant = affine(x.double(), WHERE)
    jacobian = torch.autograd.functional.jacobian(
        lambda flat: affine(flat.view(1, 12, 4), WHERE)[0].flatten(), x.double().flatten()
    )
    assert log_determinant.item() == pytest.approx(torch.linalg.slogdet(jacobian).logabsdet.item(), abs=1e-3)
