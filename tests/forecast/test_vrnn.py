import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from backend.core.errors import ModelError
from backend.forecast.state import ForecastState
from backend.forecast.steps import MotionStatistics
from backend.forecast.vrnn import DiagonalGaussian, Vrnn, VrnnConfig

TINY = VrnnConfig(features=6, hidden=12, latent=2, net=8, mean_frames=5)


def random_vrnn(seed=0, scale=0.4):
    generator = torch.Generator().manual_seed(seed)
    vrnn = Vrnn(TINY)
    for parameter in vrnn.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * scale
    mix = torch.randn(6, 6, generator=generator) * 0.2 + torch.eye(6)
    positive = [torch.rand(6, generator=generator) + 0.5 for _ in range(3)]
    vrnn.set_statistics(MotionStatistics(torch.randn(6, generator=generator), *positive, mix))
    return vrnn.requires_grad_(False).eval()


@pytest.fixture
def vrnn():
    return random_vrnn()


@pytest.fixture
def frames():
    return torch.randn(3, 9, 6, generator=torch.Generator().manual_seed(1)).cumsum(1) * 0.3


def gaussians(seed, shape=(4, 5)):
    generator = torch.Generator().manual_seed(seed)
    return DiagonalGaussian(*torch.randn(2, *shape, generator=generator, dtype=torch.float64))


def reference(gaussian):
    return Independent(Normal(gaussian.mean, gaussian.log_scale.exp()), 1)


def test_density_and_divergence_are_those_of_torch_distributions():
    q, p, x = gaussians(0), gaussians(1), gaussians(2).mean
    torch.testing.assert_close(q.log_prob(x), reference(q).log_prob(x))
    torch.testing.assert_close(q.kl_divergence(p), kl_divergence(reference(q), reference(p)))
    torch.testing.assert_close(q.kl_divergence(q), torch.zeros(4, dtype=torch.float64))


def test_reparameterised_noise_has_the_mean_and_standard_deviation():
    q = gaussians(3, (1, 2))
    draws = q.reparameterise(torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    torch.testing.assert_close(draws.mean(0), q.mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(draws.std(0), q.log_scale.exp()[0], rtol=0.01, atol=0)


def path_terms(vrnn, frames, warm_up, generator):
    """Log p(x, z) - log q(z | x) of the steps after the warm-up, `[B]`, written out step by step, z drawn from q."""
    state, total = vrnn.start(len(frames)), 0.0
    for t, frame in enumerate(frames.unbind(1)):
        before = frame if t == 0 else frames[:, t - 1]
        mean = vrnn.running_mean(state.mean, frame, state.count + 1)
        seen, h = vrnn.frame_embed(vrnn.features(frame, before, mean)), state.h[:, 0]
        q, p = reference(vrnn.posterior(seen, h)), reference(vrnn.prior(h))
        z = q.mean + q.base_dist.stddev * torch.randn(q.mean.shape, generator=generator)
        if t >= warm_up:
            likelihood = reference(vrnn.decode(z, h)).log_prob(vrnn.encode_step(before, frame))
            total = total + likelihood + p.log_prob(z) - q.log_prob(z)
        h = vrnn.cell(torch.cat([seen, vrnn.latent_embed(z)], dim=-1), h)
        state = replace(state, h=h[:, None], frame=frame, mean=mean, count=state.count + 1)
    return total


def test_the_bound_is_its_definition_and_below_the_importance_weighted_likelihood(vrnn, frames):
    """E[log w] is the ELBO; log E[w], by importance sampling, the log-likelihood (Burda et al. 2016)."""
    many, warm_up = 4000, 8  # One step is explained: the warm-up's latents need no weights.
    repeated = frames[:1].repeat(many, 1, 1)
    generator = torch.Generator().manual_seed(0)
    log_weights = path_terms(vrnn, repeated, warm_up, generator)
    bound = -vrnn.elbo(repeated, warm_up, 1.0, torch.Generator().manual_seed(1)) * 6
    error = 4 * log_weights.std() / math.sqrt(many)
    assert abs(bound - log_weights.mean()) < 2 * error
    likelihood = log_weights.logsumexp(0) - math.log(many)
    assert bound < likelihood - 0.05


def test_over_several_steps_too_the_bound_is_the_mean_of_the_path_s_terms(vrnn, frames):
    repeated = frames[1:2].repeat(4000, 1, 1)
    terms = path_terms(vrnn, repeated, 3, torch.Generator().manual_seed(0))
    bound = -vrnn.elbo(repeated, 3, 1.0, torch.Generator().manual_seed(1)) * 6 * 6
    assert abs(bound - terms.mean()) < 8 * terms.std() / math.sqrt(4000)


def test_a_smaller_kl_scale_counts_the_divergence_less(vrnn, frames):
    losses = [vrnn.elbo(frames, 2, scale, torch.Generator().manual_seed(0)) for scale in (0.0, 0.5, 1.0)]
    assert losses[0] < losses[1] < losses[2]
    torch.testing.assert_close(losses[1], (losses[0] + losses[2]) / 2)


def test_what_is_read_may_differ_from_what_is_explained(vrnn, frames):
    def loss(flat, read):
        return vrnn.elbo(flat, 2, 1e-4, torch.Generator().manual_seed(0), read)

    assert torch.equal(loss(frames, None), loss(frames, frames))
    assert loss(frames, None) != loss(frames, frames + 0.1 * frames.flip(1))


def test_streaming_frame_by_frame_equals_the_whole_sequence_and_streams_do_not_touch(vrnn, frames):
    together = vrnn.observe(frames)
    alone = []
    for stream in frames.split(1):
        state = vrnn.start(1)
        for frame in stream.unbind(1):
            state = vrnn.step(state, frame)
        alone.append(state)
    for name in ("h", "frame", "mean", "count"):
        torch.testing.assert_close(getattr(together, name), getattr(ForecastState.cat(alone), name), rtol=1e-4, atol=1e-5)


def test_forecasts_have_their_shape_and_follow_their_seed(vrnn, frames):
    state = vrnn.observe(frames)
    first, same, other = (vrnn.sample(state, 4, 5, torch.Generator().manual_seed(seed)).paths for seed in (0, 0, 1))
    assert first.shape == (3, 4, 5, 6) and torch.isfinite(first).all()
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert torch.pdist(first[0].flatten(1)).min() > 0.1


def test_at_temperature_zero_all_futures_are_one(vrnn, frames):
    paths = vrnn.sample(vrnn.observe(frames), 4, 5, torch.Generator().manual_seed(0), temperature=0.0).paths
    assert (paths - paths[:, :1]).abs().max() < 1e-5


def test_a_step_s_samples_have_the_mean_and_variance_of_the_mixture(vrnn, frames):
    """x = mean(z) + scale(z) * noise, z from the prior: the law of total variance, by quadrature over the 2 latents."""
    state = vrnn.observe(frames[:1])
    paths = vrnn.sample(state, 100_000, 1, torch.Generator().manual_seed(0)).paths[0, :, 0]
    steps = vrnn.encode_step(state.frame, paths)
    axis = torch.linspace(-5, 5, 81)
    grid = torch.cartesian_prod(axis, axis)
    weight = torch.softmax(-0.5 * grid.square().sum(-1), 0)[:, None]
    given = vrnn.decode(vrnn.prior(state.h[:, 0]).reparameterise(grid), state.h[:, 0].expand(len(grid), -1))
    mean = (weight * given.mean).sum(0)
    variance = (weight * ((2 * given.log_scale).exp() + given.mean.square())).sum(0) - mean.square()
    torch.testing.assert_close(steps.mean(0), mean, atol=0.03, rtol=0.02)
    torch.testing.assert_close(steps.var(0), variance, rtol=0.05, atol=0.01)


def test_saving_and_loading_keeps_the_forecast_to_half_precision(vrnn, frames, tmp_path):
    vrnn.save(tmp_path / "vrnn", {"seed": 1})
    loaded = Vrnn.load(tmp_path / "vrnn")
    paths = [model.sample(model.observe(frames), 3, 4, torch.Generator().manual_seed(0)).paths for model in (vrnn, loaded)]
    torch.testing.assert_close(*paths, atol=0.05, rtol=0.05)


def test_a_missing_model_is_called_by_its_name(tmp_path):
    with pytest.raises(ModelError) as caught:
        Vrnn.load(tmp_path)
    assert caught.value.code == "vrnn_missing"


def test_training_on_a_toy_motion_lowers_the_loss_of_motion_not_seen():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vrnn = Vrnn(TINY)
    generator = torch.Generator().manual_seed(0)

    def motion():
        """Circles of random phase: the next step follows from the last."""
        angle = 6.28 * torch.rand(32, 1, 3, generator=generator) + 0.7 * torch.arange(10)[None, :, None]
        return torch.cat([angle.sin(), angle.cos()], dim=-1)

    optimiser = torch.optim.Adam(vrnn.parameters(), 5e-3)
    held_out = motion()
    before = vrnn.elbo(held_out, 3, 1e-4, generator).item()
    for _ in range(120):
        optimiser.zero_grad()
        vrnn.elbo(motion(), 3, 1e-4, generator).backward()
        optimiser.step()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in vrnn.parameters())
    assert vrnn.elbo(held_out, 3, 1e-4, generator).item() < before - 0.3
