"""The whole flow: invertible, with exact likelihood, causal over frames."""

import math

import pytest
import torch

from backend.starflow.inversion import JacobiSettings, invert_jacobi, invert_sequential


def test_from_latents_to_noise_and_back_is_exact(flow):
    x, caption = torch.randn(2, 3, 2, 2, 3), torch.tensor([[1, 2], [3, 0]])
    z, _ = flow(x, caption)
    u, _ = invert_sequential(flow.predictor(3, 2, caption), z)
    again, _ = flow.shallow_inverse(u, JacobiSettings(4, 0.0))
    assert (z - x.flatten(1, 3)).abs().max() > 0.1
    assert (again - x).abs().max() < 1e-4
    found, _ = invert_jacobi(flow.predictor(3, 2, caption), z, JacobiSettings(4, 0.0))
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


def test_the_noise_of_a_frame_does_not_depend_on_later_frames(flow):
    x = torch.randn(1, 3, 2, 2, 3)
    other = x.clone()
    other[:, 2] += 1
    first, second = flow(x)[0], flow(other)[0]
    assert torch.equal(first[:, :8], second[:, :8])
    assert not torch.equal(first[:, 8:], second[:, 8:])


def test_only_the_deep_block_depends_on_the_caption(flow):
    x, captions = torch.randn(1, 2, 2, 2, 3), [torch.tensor([[word]]) for word in (1, 2)]
    first, second = (flow(x, caption)[0] for caption in captions)
    assert not torch.allclose(first, second)
    u = flow.shallow_forward(x)[0]
    for z, caption in zip((first, second), captions, strict=True):
        tokens, _ = invert_sequential(flow.predictor(2, 1, caption), z)
        assert torch.allclose(tokens, u, atol=1e-4)


def test_the_score_is_the_gradient(flow):
    x, direction = torch.randn(1, 2, 2, 2, 3), torch.randn(1, 2, 2, 2, 3)
    flow.double()
    step = 1e-4 * direction.double()
    slope = (flow.log_prob(x.double() + step) - flow.log_prob(x.double() - step)) / 2e-4
    found = (flow.score(x.double()) * direction).sum()
    flow.float()
    assert found.item() == pytest.approx(slope.item(), rel=1e-3)
