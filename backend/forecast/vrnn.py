"""VRNN, the predecessors' model: a recurrent net with a latent variable at every step (Chung et al. 2015, arXiv 1506.02216).

It reads the features and forecasts the decorrelated steps of `GRU-NF`, with the sizes that GRU-SNF was compared with
(arXiv 2512.04282): what differs is the model. Shape suffixes: B streams, T time, H horizon, D = 6N, Z latent, R recurrent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from backend.core.types import Forecast
from backend.core.weights import load_model, save_model
from backend.forecast.antithetic import Source, draw
from backend.forecast.state import ForecastState
from backend.forecast.steps import StepModel, frames_before

LOG_SCALE = 4.0
"""Log-scales lie in [-4, 4]: a repeated frame cannot drive a density to infinity."""


@dataclass(frozen=True)
class VrnnConfig:
    """Architecture of a `Vrnn`.

    Attributes:
        features: D = 6N.
        hidden: width of the GRU.
        latent: Z.
        net: width of the hidden layers of prior, posterior and decoder.
        mean_frames: the running mean is the plain mean up to this many frames, then forgets at this rate.
    """

    features: int = 60
    hidden: int = 256
    latent: int = 20
    net: int = 128
    mean_frames: int = 32


class Gaussian(NamedTuple):
    """A normal distribution with independent coordinates; both tensors `[..., n]`."""

    mean: Tensor
    log_scale: Tensor

    def transport(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise into a draw; differentiable."""
        return torch.addcmul(self.mean, noise, self.log_scale.exp())

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density `[...]`."""
        standard = (x - self.mean) * torch.exp(-self.log_scale)
        return -(0.5 * standard.square() + self.log_scale + 0.5 * math.log(2 * math.pi)).sum(-1)

    def divergence(self, other: Gaussian) -> Tensor:
        """Kullback-Leibler divergence KL(self || other) `[...]`, at least 0."""
        ratio = 2 * (self.log_scale - other.log_scale)
        apart = ((self.mean - other.mean) * torch.exp(-other.log_scale)).square()
        return 0.5 * (ratio.exp() + apart - 1 - ratio).sum(-1)


class _GaussianNet(nn.Module):
    """A hidden layer, then mean and log-scale."""

    def __init__(self, inputs: int, net: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, net), nn.ReLU(), nn.Linear(net, 2 * outputs))

    def forward(self, *given: Tensor) -> Gaussian:
        mean, raw = self.layers(torch.cat(given, dim=-1)).chunk(2, dim=-1)
        return Gaussian(mean, LOG_SCALE * torch.tanh(raw / LOG_SCALE))


class Vrnn(StepModel):
    """p(x_t | past) = integral of p(x_t | z_t, h_{t-1}) p(z_t | h_{t-1}); h_t = GRU(x_t, z_t, h_{t-1}).

    While a stream is watched z_t is the posterior's mean, so that a state does not depend on chance; in a rollout it comes
    from the prior.
    """

    def __init__(self, config: VrnnConfig) -> None:
        super().__init__(config.features, 1, config.hidden, config.mean_frames)
        self.config = config
        d, net, z, r = config.features, config.net, config.latent, config.hidden
        self.see = nn.Sequential(nn.Linear(3 * d, net), nn.ReLU())
        self.explain = nn.Sequential(nn.Linear(z, net), nn.ReLU())
        self.prior = _GaussianNet(r, net, z)
        self.posterior = _GaussianNet(net + r, net, z)
        self.decoder = _GaussianNet(net + r, net, d)
        self.cell = nn.GRUCell(2 * net, r)

    @property
    def noise(self) -> int:
        """Standard normal numbers that a step of a rollout takes, Z + D."""
        return self.config.latent + self.config.features

    # Learning

    def elbo(
        self,
        flat_BTD: Tensor,
        warm_up: int,
        kl_scale: float = 1e-4,
        generator: torch.Generator | None = None,
        read_BTD: Tensor | None = None,
    ) -> Tensor:
        """Return the negative evidence lower bound per number, mean over the steps to frames `warm_up`..T - 1; to minimise.

        Args:
            flat_BTD: motion; T > warm_up.
            warm_up: frames at the start that only warm the state, at least 1.
            kl_scale: weight of KL(posterior || prior). 1 is the bound itself; 1e-4 the predecessors' choice.
            generator: source of the posterior's draws.
            read_BTD: the frames that the nets read, where they differ from those to be explained (noise against drift).

        Returns:
            A scalar in nats per number, of the density of decorrelated steps.
        """
        given = flat_BTD if read_BTD is None else read_BTD
        seen_BTN = self.see(self.features(given, frames_before(given), self.running_means(given)))
        noise = torch.randn(*flat_BTD.shape[:2], self.config.latent, generator=generator).to(flat_BTD)
        h, befores, latents, posteriors = flat_BTD.new_zeros(len(flat_BTD), self.config.hidden), [], [], []
        for seen, chance in zip(seen_BTN.unbind(1), noise.unbind(1), strict=True):
            posterior = self.posterior(seen, h)
            z = posterior.transport(chance)
            befores.append(h)
            posteriors.append(posterior)
            latents.append(z)
            h = self._remember(seen, z, h)
        h_BTR, z_BTZ = torch.stack(befores, dim=1)[:, warm_up:], torch.stack(latents, dim=1)[:, warm_up:]
        posterior = Gaussian(*(torch.stack(part, dim=1)[:, warm_up:] for part in zip(*posteriors, strict=True)))
        step = self.encode_step(flat_BTD[:, warm_up - 1 : -1], flat_BTD[:, warm_up:])
        likelihood = self.decode(z_BTZ, h_BTR).log_prob(step)
        return (kl_scale * posterior.divergence(self.prior(h_BTR)) - likelihood).mean() / self.config.features

    def decode(self, z: Tensor, h: Tensor) -> Gaussian:
        """Return the distribution of the next decorrelated step `[..., D]` given latent `[..., Z]` and state `[..., R]`."""
        return self.decoder(self.explain(z), h)

    def _remember(self, seen_BN: Tensor, z_BZ: Tensor, h_BR: Tensor) -> Tensor:
        return self.cell(torch.cat([seen_BN, self.explain(z_BZ)], dim=-1), h_BR)

    # Reading a stream

    def step(self, state: ForecastState, flat_BD: Tensor) -> ForecastState:
        """Take in one frame of each stream."""
        before = torch.where((state.count == 0)[:, None], flat_BD, state.frame)
        return self._advance(state, before, flat_BD, None)

    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Take in whole contexts `[B, T, D]`; the same as `start` and T times `step`."""
        state = self.start(len(flat_BTD))
        for frame in flat_BTD.unbind(1):
            state = self.step(state, frame)
        return state

    def _advance(self, state: ForecastState, before_BD: Tensor, frame_BD: Tensor, z_BZ: Tensor | None) -> ForecastState:
        count, h = state.count + 1, state.h[:, 0]
        mean = self.running_mean(state.mean, frame_BD, count)
        seen = self.see(self.features(frame_BD, before_BD, mean))
        z = self.posterior(seen, h).mean if z_BZ is None else z_BZ
        return ForecastState(self._remember(seen, z, h)[:, None], frame_BD, mean, count)

    # Forecasting

    def rollout(self, state: ForecastState, noise_HBS: Tensor) -> Tensor:
        """Turn standard normal noise (Z numbers for the latent, D for the step) into paths `[B, H, D]`; differentiable."""
        frames = []
        for noise in noise_HBS:
            chance, noise_BD = noise.split([self.config.latent, self.config.features], dim=-1)
            h = state.h[:, 0]
            z = self.prior(h).transport(chance)
            frame = state.frame + self.decode(z, h).transport(noise_BD) @ self.unwhiten
            frames.append(frame)
            state = self._advance(state, state.frame, frame, z)
        return torch.stack(frames, dim=1)

    @torch.inference_mode()
    def sample(
        self, state: ForecastState, k: int, horizon: int, generator: Source = None, temperature: float = 1.0
    ) -> Forecast:
        """Sample K futures of H steps for each stream; every path is fed by its own past and its own latents.

        Returns:
            Forecast with paths `[B, K, H, D]` in the keypoints' own units.
        """
        noise = draw(torch.randn, generator, horizon, len(state) * k, self.noise)
        paths = self.rollout(state.expand(k), noise * temperature)
        return Forecast(paths.unflatten(0, (len(state), k)))

    # Files

    def save(self, folder: Path, config: dict[str, Any] | None = None) -> None:
        """Write weights (float16; statistics float32) and `config.json`: the architecture and what `config` adds."""
        save_model(folder, self, self.config, config)

    @classmethod
    def load(cls, folder: Path) -> Vrnn:
        """Read what `save` wrote, ready to forecast.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return load_model(folder, "vrnn", lambda architecture: cls(VrnnConfig(**architecture)), "forecaster --kind vrnn")
