"""The whole flow: invertible, with exact likelihood, causal over frames."""

import math

import pytest
import torch

from backend.starflow.inversion import Jacobi, parallel, sequential


def test_from_latents_to_noise_and_back_is_exact(flow):
    x, caption = torch.randn(2, 3, 2, 2, 3), torch.tensor([[1, 2], [3, 0]])
    z, _ = flow(x, caption)
    u, _ = sequential(flow.reader(3, 2, caption), z)
    again, _ = flow.outside(u, Jacobi(4, 0.0))
    assert (z - x.flatten(1, 3)).abs().max() > 0.1
    assert (again - x).abs().max() < 1e-4
    found, _ = parallel(flow.reader(3, 2, caption), z, Jacobi(4, 0.0))
    assert (found - u).abs().max() < 1e-4


def test_the_likelihood_is_the_change_of_variables(flow):
    x = torch.randn(1, 2, 2, 2, 3).double()
    flow.double()
    jacobian = torch.autograd.functional.jacobian(lambda flat: flow(flat.view_as(x))[0].flatten(), x.flatten())
    z, _ = flow(x)
    expected = torch.linalg.slogdet(jacobian).logabsdet - 0.5 * (z.square() + math.log(2 * math.pi)).sum()
    found = flow.log_prob(x).item()
    flow.float()
    assert found == pytest.approx(expected.item(), abs=1e-3)


def test_later_frames_do_not_change_what_is_said_of_earlier_ones(flow):
    x = torch.randn(1, 3, 2, 2, 3)
    other = x.clone()
    other[:, 2] += 1
    first, second = flow(x)[0], flow(other)[0]
    assert torch.equal(first[:, :8], second[:, :8])
    assert not torch.equal(first[:, 8:], second[:, 8:])


def test_the_caption_matters_to_the_deep_block_only(flow):
    x = torch.randn(1, 2, 2, 2, 3)
    assert not torch.allclose(flow(x, torch.tensor([[1]]))[0], flow(x, torch.tensor([[2]]))[0])
    assert torch.equal(flow.inside(x)[0], flow.inside(x)[0])


def test_the_score_is_the_gradient(flow):
    x, direction = torch.randn(1, 2, 2, 2, 3), torch.randn(1, 2, 2, 2, 3)
    flow.double()
    step = 1e-4 * direction.double()
    slope = (flow.log_prob(x.double() + step) - flow.log_prob(x.double() - step)) / 2e-4
    found = (flow.score(x.double()) * direction).sum()
    flow.float()
    assert found.item() == pytest.approx(slope.item(), rel=1e-3)
