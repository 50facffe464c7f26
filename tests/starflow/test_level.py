"""The running level: causal, right about constants, and with the gain that a Kalman filter ends at."""

import pytest
import torch

from backend.starflow.affine import Affine
from backend.starflow.level import Level
from backend.starflow.transformer import positions


def test_it_knows_only_earlier_frames_at_the_same_place():
    level, x = Level(3, 4), torch.randn(1, 14, 3, requires_grad=True)
    found, last = level(x)
    assert found.shape == last.shape == x.shape
    assert not found[:, :4].any() and not last[:, :4].any()
    (gradient,) = torch.autograd.grad(found[0, 9].sum(), x)
    assert gradient[0].abs().sum(-1).nonzero().flatten().tolist() == [1, 5]
    assert torch.equal(last[:, 4:], x[:, :-4])


def test_the_first_frames_are_averaged_however_slow_the_gain():
    level, x = Level(1, 1), torch.tensor([2.0, 4.0, 6.0, 8.0]).view(1, 4, 1)
    torch.nn.init.constant_(level.gain, -10.0)
    assert level(x)[0].flatten().tolist() == pytest.approx([0.0, 2.0, 3.0, 4.0], abs=1e-2)


def test_the_gain_is_the_one_that_the_filters_own_variance_settles_at():
    """Riccati's recursion, step by step, as the oracle."""
    changes, noise = torch.tensor([0.001, 0.04, 0.5]), 0.2
    variance = torch.ones(3)
    for _ in range(500):
        gain = variance / (variance + noise**2)
        variance = (1 - gain) * variance + changes
    level = Level(3, 4)
    deviation = level.expect(changes, noise)
    assert torch.allclose(level.gain.sigmoid(), gain, atol=1e-3)
    assert torch.allclose(deviation, (variance + noise**2).sqrt(), rtol=1e-3)


def test_a_map_that_expects_the_datas_changes_makes_noise_of_a_random_walk():
    torch.manual_seed(0)
    walk = 0.3 * torch.randn(64, 20, 4, 3).cumsum(1)
    noisy = (walk + 0.2 * torch.randn_like(walk)).flatten(1, 2)
    affine = Affine(3, 64, 1, 4, over_frames=True).eval()
    affine.expect(torch.full((3,), 0.09), 0.2)
    z, _ = affine(noisy, positions(20, 2, 2))
    settled = z.unflatten(1, (20, 4))[:, 5:]
    assert settled.std().item() == pytest.approx(1.0, abs=0.02)
    assert (settled[:, 1:] * settled[:, :-1]).mean().abs().item() < 0.03
