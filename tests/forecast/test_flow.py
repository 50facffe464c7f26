import math

import pytest
import torch
import zuko
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import AffineTransform, Independent, Normal

from backend.forecast.flow import RealNvp, coupling_masks


def random_flow(features=6, context=5, blocks=4, seed=0):
    """A flow in float64 whose blocks do something (they start as the identity)."""
    generator = torch.Generator().manual_seed(seed)
    flow = RealNvp(features, context, blocks, hidden=16).double()
    for parameter in flow.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.4
    return flow, generator


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 5), st.integers(1, 7), st.integers(0, 1000))
def test_decoding_undoes_encoding_for_any_shape(features, context, blocks, seed):
    flow, generator = random_flow(features, context, blocks, seed)
    x = torch.randn(3, features, generator=generator, dtype=torch.float64)
    given_context = flow(torch.randn(3, context, generator=generator, dtype=torch.float64))
    z, _ = given_context.encode(x)
    # Seven random blocks may scale by exp(14) and back: rounding grows with them.
    torch.testing.assert_close(given_context.decode(z), x, rtol=1e-5, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 7), st.integers(1, 6), st.integers(0, 1000))
def test_log_determinant_is_that_of_the_autograd_jacobian(features, blocks, seed):
    flow, generator = random_flow(features, 3, blocks, seed)
    x = torch.randn(1, features, generator=generator, dtype=torch.float64)
    given_context = flow(torch.randn(1, 3, generator=generator, dtype=torch.float64))
    jacobian = torch.autograd.functional.jacobian(lambda row: given_context.encode(row)[0], x)[0, :, 0]
    torch.testing.assert_close(given_context.encode(x)[1][0], torch.linalg.slogdet(jacobian)[1])


def test_log_prob_equals_that_of_the_same_flow_built_from_zuko_transforms():
    flow, generator = random_flow(features=6, context=5, blocks=4)
    context = torch.randn(7, 5, generator=generator, dtype=torch.float64)
    x = torch.randn(7, 6, generator=generator, dtype=torch.float64)
    loc, raw = flow.loc_scale_head(context).chunk(2, -1)
    scale = torch.exp(4 * torch.tanh(raw))
    # zuko's transforms go from data to noise, so each block appears as its inverse, last block first.
    transforms = [zuko.transforms.DependentTransform(AffineTransform(-loc / scale, 1 / scale), 1)]
    for block in reversed(range(4)):
        keep = flow.mask[block].bool()

        def meta(kept, block=block, keep=keep):
            hidden = flow.context_proj(context)[:, block * 16 : (block + 1) * 16] + kept @ flow.in_weight[block][keep]
            hidden = torch.relu(torch.relu(hidden) @ flow.hidden_weight[block] + flow.hidden_bias[block])
            raw, shift = (hidden @ flow.out_weight[block] + flow.out_bias[block]).chunk(2, -1)
            log_scale = 2 * torch.tanh(raw[:, ~keep])
            return zuko.transforms.DependentTransform(
                AffineTransform(-shift[:, ~keep] * torch.exp(-log_scale), torch.exp(-log_scale)), 1
            )

        transforms.append(zuko.transforms.CouplingTransform(meta, keep))
    base = Independent(Normal(torch.zeros(7, 6, dtype=torch.float64), 1.0), 1)
    expected = zuko.distributions.NormalizingFlow(zuko.transforms.ComposedTransform(*transforms), base).log_prob(x)
    torch.testing.assert_close(flow(context).log_prob(x), expected)


def test_density_integrates_to_one():
    flow, _ = random_flow(features=2, context=1, blocks=3, seed=3)
    for parameter in flow.parameters():
        parameter.data *= 0.5
    axis = torch.linspace(-12, 12, 601, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    log_prob = flow(torch.ones(1, 1, dtype=torch.float64).expand(len(grid), 1)).log_prob(grid)
    assert math.isclose(log_prob.exp().sum().item() * float(axis[1] - axis[0]) ** 2, 1.0, abs_tol=1e-3)


def test_every_block_sees_the_whole_context():
    flow, generator = random_flow(features=6, context=5, blocks=4)
    context = torch.randn(1, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    entries = flow.context_proj(context).chunk(4, -1)
    for entry in entries:
        (gradient,) = torch.autograd.grad(entry.sum(), context, retain_graph=True)
        assert (gradient != 0).all()


def test_all_weights_receive_gradient_from_log_prob():
    flow, generator = random_flow()
    context = torch.randn(8, 5, generator=generator, dtype=torch.float64)
    flow(context).log_prob(torch.randn(8, 6, generator=generator, dtype=torch.float64)).mean().backward()
    for name, parameter in flow.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all() and parameter.grad.any(), name


def test_a_new_flow_is_the_standard_normal():
    flow = RealNvp(4, 3)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    expected = Normal(0.0, 1.0).log_prob(x).sum(-1)
    torch.testing.assert_close(flow(torch.ones(5, 3)).log_prob(x), expected)


def test_samples_follow_the_generator_and_have_the_density_s_moments():
    flow, _ = random_flow(features=3, context=2, blocks=2, seed=5)
    for name, parameter in flow.named_parameters():
        if name != "gauss.bias":
            parameter.data.zero_()
    flow.loc_scale_head.bias.data = torch.tensor([1.0, -2.0, 0.5, 0.1, 0.0, -0.1], dtype=torch.float64)
    given_context = flow(torch.zeros(20000, 2, dtype=torch.float64))
    draws = given_context.sample(torch.Generator().manual_seed(0))
    again = given_context.sample(torch.Generator().manual_seed(0))
    assert torch.equal(draws, again)
    scale = torch.exp(4 * torch.tanh(flow.loc_scale_head.bias[3:]))
    torch.testing.assert_close(draws.mean(0), flow.loc_scale_head.bias[:3], atol=0.05, rtol=0)
    torch.testing.assert_close(draws.std(0), scale, atol=0.05, rtol=0)


def test_scales_stay_bounded_however_wild_the_context():
    flow = RealNvp(4, 3, 5)
    torch.nn.init.normal_(flow.out_weight, generator=torch.Generator().manual_seed(0))
    given_context = flow(torch.full((2, 3), 1e6))
    z, log_det = given_context.encode(torch.zeros(2, 4))
    assert torch.isfinite(log_det).all()
    assert log_det.abs().max() <= 4 * 4.0 + 5 * 4 * 2.0


@pytest.mark.parametrize("features", [2, 3, 6, 60])
def test_masks_come_in_complementary_pairs_and_neither_side_is_empty(features):
    masks = coupling_masks(features, 6)
    assert torch.equal(masks[0::2] + masks[1::2], torch.ones(3, features, dtype=torch.int64))
    assert ((masks.sum(1) > 0) & (masks.sum(1) < features)).all()


def test_one_feature_is_refused():
    with pytest.raises(ValueError, match="two features"):
        RealNvp(1, 3)
