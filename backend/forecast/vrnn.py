"""VRNN, the model that GRU-SNF is compared with: an RNN with a latent variable at every step (Chung et al. 2015, 1506.02216).

Features and decorrelated steps are those of GRU-NF, the sizes those of the comparison in arXiv 2512.04282. Shape suffixes:
B streams, T time, H horizon, D = 6N, Z latent, R recurrent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from backend.core.weights import load_model, save_model
from backend.forecast.noise import NoiseShape, NoiseSource, RolloutNoise
from backend.forecast.state import Forecast, ForecastState
from backend.forecast.steps import StepModel, previous_frames

MAX_LOG_SCALE = 4.0
"""Log-scales lie in [-4, 4]: a repeated frame cannot drive a density to infinity."""


@dataclass(frozen=True)
class VrnnConfig:
    """Architecture of a `Vrnn`.

    Attributes:
        features, hidden, latent: D = 6N, R and Z.
        net: width of the hidden layers of prior, posterior and decoder.
        mean_frames: see `StepModel`.
    """

    features: int = 60
    hidden: int = 256
    latent: int = 20
    net: int = 128
    mean_frames: int = 32


class DiagonalGaussian(NamedTuple):
    """A normal distribution with independent coordinates; both tensors `[..., n]`."""

    mean: Tensor
    log_scale: Tensor

    def reparameterise(self, noise: Tensor) -> Tensor:
        """Map standard normal noise to a sample."""
        return torch.addcmul(self.mean, noise, self.log_scale.exp())

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density `[...]`."""
        standard = (x - self.mean) * torch.exp(-self.log_scale)
        return -(0.5 * standard.square() + self.log_scale + 0.5 * math.log(2 * math.pi)).sum(-1)

    def kl_divergence(self, other: DiagonalGaussian) -> Tensor:
        """Kullback-Leibler divergence KL(self || other) `[...]`, at least 0."""
        ratio = 2 * (self.log_scale - other.log_scale)
        distance = ((self.mean - other.mean) * torch.exp(-other.log_scale)).square()
        return 0.5 * (ratio.exp() + distance - 1 - ratio).sum(-1)


class _GaussianNet(nn.Module):
    """A hidden layer, then mean and log-scale."""

    def __init__(self, inputs: int, net: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, net), nn.ReLU(), nn.Linear(net, 2 * outputs))

    def forward(self, *given: Tensor) -> DiagonalGaussian:
        mean, raw = self.layers(torch.cat(given, dim=-1)).chunk(2, dim=-1)
        return DiagonalGaussian(mean, MAX_LOG_SCALE * torch.tanh(raw / MAX_LOG_SCALE))


class Vrnn(StepModel):
    """p(x_t | past) = integral of p(x_t | z_t, h_{t-1}) p(z_t | h_{t-1}); h_t = GRU(x_t, z_t, h_{t-1}).

    While a stream is observed, z_t is the posterior's mean; in a rollout it is sampled from the prior.
    """

    def __init__(self, config: VrnnConfig) -> None:
        super().__init__(config.features, 1, config.hidden, config.mean_frames)
        self.config = config
        d, net, z, r = config.features, config.net, config.latent, config.hidden
        self.frame_embed = nn.Sequential(nn.Linear(3 * d, net), nn.ReLU())
        self.latent_embed = nn.Sequential(nn.Linear(z, net), nn.ReLU())
        self.prior = _GaussianNet(r, net, z)
        self.posterior = _GaussianNet(net + r, net, z)
        self.decoder = _GaussianNet(net + r, net, d)
        self.cell = nn.GRUCell(2 * net, r)

    @property
    def noise_size(self) -> int:
        """Standard normal numbers per step of a rollout, Z + D."""
        return self.config.latent + self.config.features

    def elbo(
        self,
        flat_BTD: Tensor,
        warm_up: int,
        kl_scale: float = 1e-4,
        generator: torch.Generator | None = None,
        read_BTD: Tensor | None = None,
    ) -> Tensor:
        """Return the negative evidence lower bound of the steps to frames `warm_up`..T - 1, in nats per number.

        Args:
            flat_BTD: motion; T > warm_up.
            warm_up: frames at the start that only update the state, at least 1.
            kl_scale: weight of KL(posterior || prior). 1 gives the bound itself; 1e-4 is the comparison's choice.
            generator: source of the posterior's samples.
            read_BTD: the frames that the nets read, if they differ from those to be predicted (noise against drift).
        """
        read = flat_BTD if read_BTD is None else read_BTD
        seen_BTN = self.frame_embed(self.features(read, previous_frames(read), self.running_means(read)))
        noise = torch.randn(*flat_BTD.shape[:2], self.config.latent, generator=generator).to(flat_BTD)
        h, hidden, latents, posteriors = flat_BTD.new_zeros(len(flat_BTD), self.config.hidden), [], [], []
        for seen, noise_z in zip(seen_BTN.unbind(1), noise.unbind(1), strict=True):
            posterior = self.posterior(seen, h)
            z = posterior.reparameterise(noise_z)
            hidden.append(h)
            posteriors.append(posterior)
            latents.append(z)
            h = self._next_hidden(seen, z, h)
        h_BTR, z_BTZ = torch.stack(hidden, dim=1)[:, warm_up:], torch.stack(latents, dim=1)[:, warm_up:]
        posterior = DiagonalGaussian(*(torch.stack(part, dim=1)[:, warm_up:] for part in zip(*posteriors, strict=True)))
        step = self.encode_step(flat_BTD[:, warm_up - 1 : -1], flat_BTD[:, warm_up:])
        likelihood = self.decode(z_BTZ, h_BTR).log_prob(step)
        return (kl_scale * posterior.kl_divergence(self.prior(h_BTR)) - likelihood).mean() / self.config.features

    def decode(self, z: Tensor, h: Tensor) -> DiagonalGaussian:
        """Return the distribution of the next decorrelated step `[..., D]` given latent `[..., Z]` and state `[..., R]`."""
        return self.decoder(self.latent_embed(z), h)

    def _next_hidden(self, seen_BN: Tensor, z_BZ: Tensor, h_BR: Tensor) -> Tensor:
        return self.cell(torch.cat([seen_BN, self.latent_embed(z_BZ)], dim=-1), h_BR)

    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Return the state after whole contexts `[B, T, D]`; equal to `start` and T times `step`."""
        state = self.start(len(flat_BTD))
        for frame in flat_BTD.unbind(1):
            state = self.step(state, frame)
        return state

    def _advance(self, state: ForecastState, frame_BD: Tensor, z_BZ: Tensor | None = None) -> ForecastState:
        count, h = state.count + 1, state.h[:, 0]
        mean = self.running_mean(state.mean, frame_BD, count)
        seen = self.frame_embed(self.features(frame_BD, state.frame, mean))
        z = self.posterior(seen, h).mean if z_BZ is None else z_BZ
        return replace(state, h=self._next_hidden(seen, z, h)[:, None], frame=frame_BD, mean=mean, count=count)

    def rollout(self, state: ForecastState, noise_HBS: Tensor) -> Tensor:
        """Map standard normal noise (S = Z + D: latent, then step) to paths `[B, H, D]`; differentiable."""
        frames = []
        for noise in noise_HBS:
            noise_BZ, noise_BD = noise.split([self.config.latent, self.config.features], dim=-1)
            h = state.h[:, 0]
            z = self.prior(h).reparameterise(noise_BZ)
            frame = state.frame + self.decode(z, h).reparameterise(noise_BD) @ self.unwhiten
            frames.append(frame)
            state = self._advance(state, frame, z)
        return torch.stack(frames, dim=1)

    @torch.inference_mode()
    def sample(
        self, state: ForecastState, k: int, horizon: int, source: NoiseSource = None, temperature: float = 1.0
    ) -> Forecast:
        """Sample K futures of H steps for each stream; every path has its own past and its own latents.

        Args:
            state: B streams.
            k: K.
            horizon: H.
            source: of all randomness.
            temperature: scale of the noise.
        """
        shape = NoiseShape(horizon, self.noise_size)
        noise = RolloutNoise.draw(shape, len(state), k, source, self.mean.device).base_TRD
        paths = self.rollout(state.expand(k), noise * temperature)
        return Forecast(paths.unflatten(0, (len(state), k)))

    def save(self, folder: Path, config: dict[str, Any] | None = None) -> None:
        """Write weights (half precision) and `config.json`: the architecture and `config`."""
        save_model(folder, self, self.config, config)

    @classmethod
    def load(cls, folder: Path) -> Vrnn:
        """Read what `save` wrote, frozen.

        Raises:
            ModelError: `vrnn_missing`, `vrnn_damaged`.
        """
        return load_model(folder, "vrnn", lambda architecture: cls(VrnnConfig(**architecture)), "forecaster --kind vrnn")
