"""Losses of a forecaster: the likelihood of every next frame, and the energy score of its own sampled paths.

The energy score trains the model on its own samples: with little data, a model of one step drifts over many.
"""

from __future__ import annotations

import torch
from torch import Tensor

from backend.forecast.gru_nf import Forecaster
from backend.forecast.metrics import energy_score
from backend.forecast.vrnn import Vrnn
from backend.train.data.motion import MotionSampler
from backend.train.settings import ForecasterTraining


def likelihood_loss(
    model: Forecaster | Vrnn, flat_BTD: Tensor, training: ForecasterTraining, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Compute the negative log-likelihood of the next steps per number (VRNN: its bound), and the losses beside it.

    Args:
        model: in training mode.
        flat_BTD: windows of keypoints.
        training: noise and weights.
        generator: source of the noise.

    Returns:
        The likelihood loss; and the sum of the point head's loss and of the flow's Gaussian without its blocks (VRNN: 0).
    """
    noise = torch.randn(flat_BTD.shape, generator=generator)
    # Each window has its own noise level, from 0 to the full one: a live stream may be clean or jittery.
    level = torch.rand(len(flat_BTD), 1, 1, generator=generator) * training.input_noise
    noisy = flat_BTD + (noise * level) @ model.unwhiten
    first = training.warm_up
    if isinstance(model, Vrnn):
        bound = model.elbo(flat_BTD, first, generator=generator, read_BTD=noisy)
        return bound, torch.zeros_like(bound)
    h, _ = model.hidden_states(noisy)
    step = model.encode_step(flat_BTD[:, first - 1 : -1], flat_BTD[:, first:]).flatten(0, 1)
    step = step + training.target_noise * torch.randn(step.shape, generator=generator)
    given, y_hat = model.condition(h[:, first - 1 : -1].flatten(0, 1))
    point = (y_hat - given.normalise(step).detach().clamp(-10, 10)).square().mean()
    # The Gaussian alone must explain the steps too: so the flow's y has unit variance, as the refiner's energy assumes.
    gaussian = given.log_scale.mean() + 0.5 * given.normalise(step).clamp(-10, 10).square().mean()
    return -given.log_prob(step).mean() / step.shape[-1], point + training.gaussian_weight * gaussian


def rollout_loss(
    model: Forecaster | Vrnn, flat_BTD: Tensor, training: ForecasterTraining, generator: torch.Generator
) -> Tensor:
    """Energy score of sampled paths, mean over steps, in standardised units; differentiable.

    The same score of the paths' first and second differences, in units of the data's, is added with `jitter_weight`: the
    positions alone hardly tell a smooth path from a jittery one.

    Args:
        model: in training mode.
        flat_BTD: windows of keypoints; a random part at their start is the context.
        training: number and length of the paths.
        generator: source of the noise.
    """
    k, h = training.rollout_paths, training.horizon
    longest = flat_BTD.shape[1] - h
    context = int(torch.randint(min(training.context, longest), longest + 1, (), generator=generator))
    state = model.observe(flat_BTD[:, :context])
    noise = torch.randn(h, len(flat_BTD) * k, model.noise_size, generator=generator)
    paths = model.rollout(state.expand(k), noise).unflatten(0, (-1, k)) / model.std
    truth = flat_BTD[:, context : context + h] / model.std
    score, unit = energy_score(paths, truth).mean(), model.step_std / model.std
    for order in (1, 2):
        predicted, true = paths.diff(n=order, dim=2), truth.diff(n=order, dim=1)
        score = score + training.jitter_weight * energy_score(predicted / unit, true / unit).mean()
    return score


@torch.no_grad()
def validation_score(model: Forecaster | Vrnn, flat_BTD: Tensor, training: ForecasterTraining, paths: int = 20) -> float:
    """Energy score of sampled paths on held-out windows, with one fixed seed.

    Args:
        model: in evaluation mode.
        flat_BTD: windows of held-out people.
        training: frames seen and forecast.
        paths: sampled per window.
    """
    state = model.observe(flat_BTD[:, : training.context])
    forecast = model.sample(state, paths, training.horizon, torch.Generator().manual_seed(1))
    truth = flat_BTD[:, training.context : training.context + training.horizon]
    return float(energy_score(forecast.paths / model.std, truth / model.std).mean())


@torch.no_grad()
def surprise_quantiles(model: Forecaster, sampler: MotionSampler, batches: int = 20) -> Tensor:
    """Compute `[101]` quantiles of -log_prob of the true next frame, from frame 9 of training windows on.

    Args:
        model: in evaluation mode.
        sampler: of windows longer than 8 frames.
        batches: of 16 windows.
    """
    values = []
    for _ in range(batches):
        flat = sampler.sample(16, augment=False)
        state = model.observe(flat[:, :8])
        for frame in flat[:, 8:].unbind(1):
            values.append(-model.log_prob(state, frame))
            state = model.step(state, frame)
    return torch.quantile(torch.cat(values), torch.linspace(0, 1, 101))
