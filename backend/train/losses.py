"""What a forecaster learns from: the likelihood of every next frame, and the energy score of its own sampled paths.

The second teaches it to live with its own samples: on little data a model of one step drifts over many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from backend.forecast.gru_nf import Forecaster
from backend.forecast.metrics import energy_score
from backend.forecast.vrnn import Vrnn
from backend.train.data.motion import MotionSampler

if TYPE_CHECKING:
    from backend.train.forecaster import ForecasterTraining


def likelihood_loss(
    model: Forecaster | Vrnn, flat_BTD: Tensor, training: ForecasterTraining, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return, per number, the negative log-likelihood of the next steps (VRNN: its bound), and the losses beside it.

    The latter are those of the point head, and of the flow's Gaussian without its blocks.
    """
    chance = torch.randn(flat_BTD.shape, generator=generator)
    # Each window has its own level of noise, from none to the full one: the live stream may be clean or shaky.
    level = torch.rand(len(flat_BTD), 1, 1, generator=generator) * training.input_noise
    noisy = flat_BTD + (chance * level) @ model.unwhiten
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

    The same score of the paths' first and second differences, in units of the data's, is added with `shake_weight`: where
    a path goes hardly tells a smooth one from a shaking one.
    """
    k, h = training.rollout_paths, training.horizon
    longest = flat_BTD.shape[1] - h
    context = int(torch.randint(min(training.context, longest), longest + 1, (), generator=generator))
    state = model.observe(flat_BTD[:, :context])
    noise = torch.randn(h, len(flat_BTD) * k, model.noise_size, generator=generator)
    paths = model.rollout(state.expand(k), noise).unflatten(0, (-1, k)) / model.spread
    truth = flat_BTD[:, context : context + h] / model.spread
    score, unit = energy_score(paths, truth).mean(), model.step_spread / model.spread
    for order in (1, 2):
        moving, moved = paths.diff(n=order, dim=2), truth.diff(n=order, dim=1)
        score = score + training.shake_weight * energy_score(moving / unit, moved / unit).mean()
    return score


@torch.no_grad()
def validation_score(model: Forecaster | Vrnn, flat_BTD: Tensor, training: ForecasterTraining, paths: int = 20) -> float:
    """Energy score of sampled paths on held-out windows, one fixed seed; what the best weights are chosen by."""
    state = model.observe(flat_BTD[:, : training.context])
    forecast = model.sample(state, paths, training.horizon, torch.Generator().manual_seed(1))
    truth = flat_BTD[:, training.context : training.context + training.horizon]
    return float(energy_score(forecast.paths / model.spread, truth / model.spread).mean())


@torch.no_grad()
def surprise_quantiles(model: Forecaster, sampler: MotionSampler, draws: int = 20) -> Tensor:
    """Return `[101]` quantiles of -log_prob of the true next frame over training windows, once the GRU has seen 8 frames."""
    values = []
    for _ in range(draws):
        flat = sampler.draw(16, augment=False)
        state = model.observe(flat[:, :8])
        for frame in flat[:, 8:].unbind(1):
            values.append(-model.log_prob(state, frame))
            state = model.step(state, frame)
    return torch.quantile(torch.cat(values), torch.linspace(0, 1, 101))
