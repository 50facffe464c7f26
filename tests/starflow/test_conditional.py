"""What is told of tokens: an exact map with the determinant that autograd finds, and the Gaussian that it promises."""

import pytest
import torch

from backend.starflow.conditional import Told


def told(directions: int, tokens: int = 5, seed: int = 0) -> Told:
    torch.manual_seed(seed)
    return Told(torch.randn(2, tokens, 4), torch.rand(2, tokens, 4) + 0.5, torch.randn(2, tokens, directions, 4))


@pytest.mark.parametrize("directions", [0, 1, 3])
def test_there_and_back(directions):
    here, z = told(directions), torch.randn(2, 5, 4)
    assert torch.allclose(here.noise(here.tokens(z)), z, atol=1e-5)


@pytest.mark.parametrize("directions", [0, 1, 3])
def test_the_log_determinant_is_the_jacobians(directions):
    here, x = told(directions), torch.randn(2, 5, 4)
    jacobian = torch.autograd.functional.jacobian(lambda moved: here.noise(moved)[1, 2], x)[:, 1, 2]
    assert torch.linalg.slogdet(jacobian).logabsdet.item() == pytest.approx(here.log_determinant[1, 2].item(), abs=1e-4)


def test_channels_go_together_along_the_directions():
    one = told(1, tokens=1)[:1]
    drawn = Told(*(part[:1].expand(20000, *part.shape[1:]) for part in (one.shift, one.scale, one.spread)))
    x = drawn.tokens(torch.randn(20000, 1, 4))[:, 0]
    v, scale = one.spread[0, 0, 0], one.scale[0, 0]
    wanted = scale[:, None] * (torch.eye(4) + v[:, None] * v) * scale
    assert torch.allclose(torch.cov(x.T), wanted, atol=0.05 * wanted.abs().max().item())


def test_parts_are_joined_and_taken_apart_whatever_their_directions():
    first, second = told(1, 2), told(3, 4, seed=1)
    both, z = Told.joined([first, second]), torch.randn(2, 6, 4)
    assert len(both) == 6 and both.spread.shape[2] == 3
    assert torch.allclose(both.tokens(z)[:, :2], first.tokens(z[:, :2]))
    assert torch.allclose(both[2:].tokens(z[:, 2:]), second.tokens(z[:, 2:]))


def test_the_identity_and_a_level():
    z = torch.randn(2, 5, 4)
    assert torch.equal(Told.identity(z).tokens(z), z)
    level, deviation = torch.randn(2, 5, 4), torch.rand(2, 5, 4)
    here = told(2)
    assert torch.allclose(here.within(level, deviation).tokens(z), level + deviation * here.tokens(z), atol=1e-5)
