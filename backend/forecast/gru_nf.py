"""GRU-NF: a GRU reads the keypoints, a normalizing flow conditioned on its whole hidden state gives the next ones.

GRU-SNF is the same weights with MCMC steps between the flow's blocks (`refine.py`). Source: arXiv 2512.04282, after
Rasul et al. 2021 (arXiv 2002.06103). Shape suffixes: B streams, K futures, H horizon, T time, D = 6N keypoint numbers.
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
from backend.forecast.flow import Conditioned, Flow, FlowWeights
from backend.forecast.gru import GruWeights, gru_step
from backend.forecast.refine import Refinement, Refiner
from backend.forecast.state import ForecastState
from backend.forecast.steps import StepModel, frames_before


@dataclass(frozen=True)
class ForecasterConfig:
    """Architecture of a `Forecaster`.

    Attributes:
        features: D = 6N.
        hidden: width of a GRU layer.
        layers: GRU layers L.
        blocks: coupling blocks T; 0 is a GRU with a Gaussian head.
        block_hidden: width of a block's hidden layers.
        mean_frames: the running mean is the plain mean up to this many frames, then forgets at this rate.
        dropout: between GRU layers, in training.
    """

    features: int = 60
    hidden: int = 256
    layers: int = 2
    blocks: int = 5
    block_hidden: int = 192
    mean_frames: int = 32
    dropout: float = 0.2


class Weights(NamedTuple):
    """Weights laid out for the few rows of a rollout, and the log-volume of the decorrelation."""

    gru: list[GruWeights]
    flow: FlowWeights
    point_CD: Tensor
    log_volume: Tensor


class Forecaster(StepModel):
    """The trained GRU-NF with its statistics inside.

    The flow works on *steps*: the difference to the last frame, standardised, then decorrelated. Decorrelation lets one
    isotropic MCMC proposal move the face as faces move, instead of shaking sixty numbers independently.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__(config.features, config.layers, config.hidden, config.mean_frames)
        self.config = config
        d = config.features
        sizes = [3 * d] + [config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(nn.GRU(size, config.hidden, batch_first=True) for size in sizes)
        self.dropout = nn.Dropout(config.dropout)
        self.flow = Flow(d, config.hidden * config.layers, config.blocks, config.block_hidden)
        # The point forecast that the refiner's energy pulls to, in the flow's y: the mean of y given the state.
        self.point = nn.Linear(config.hidden * config.layers, d)
        self.surprise_quantiles: Tensor
        self.register_buffer("surprise_quantiles", torch.linspace(0, 1, 101))
        self._frozen: Weights | None = None

    @property
    def noise(self) -> int:
        """Standard normal numbers that a step of a rollout takes, D."""
        return self.config.features

    def prepare(self) -> Weights:
        """Lay the weights out for rollouts; differentiable."""
        return self._frozen or Weights(
            [GruWeights.of(layer) for layer in self.layers],  # type: ignore[arg-type]
            self.flow.prepare(),
            self.point.weight.t().contiguous(),
            self.log_volume(),
        )

    def freeze(self) -> Forecaster:
        """Make ready to forecast: no gradients, no dropout, weights laid out once for all rollouts."""
        self.requires_grad_(False).eval()
        self._frozen = None
        self._frozen = self.prepare()
        return self

    # Reading a stream

    def step(self, state: ForecastState, flat_BD: Tensor) -> ForecastState:
        """Take in one frame of each stream."""
        first = (state.count == 0)[:, None]
        state = ForecastState(state.h, torch.where(first, flat_BD, state.frame), state.mean, state.count)
        return self._advance(state, flat_BD, self.prepare())

    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Take in whole contexts `[B, T, D]`; the same as `start` and T times `step`."""
        outputs, means = self.read(flat_BTD)
        count = flat_BTD.new_full((len(flat_BTD),), flat_BTD.shape[1])
        return ForecastState(outputs[:, -1], flat_BTD[:, -1], means[:, -1], count)

    def read(self, flat_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states `[B, T, L, hidden]` and running means `[B, T, D]` after every frame."""
        means_BTD = self.running_means(flat_BTD)
        outputs: list[Tensor] = []
        x = self.features(flat_BTD, frames_before(flat_BTD), means_BTD)
        for layer in self.layers:
            x, _ = layer(self.dropout(x) if outputs else x)
            outputs.append(x)
        return torch.stack(outputs, dim=2), means_BTD

    def _advance(self, state: ForecastState, frame_BD: Tensor, weights: Weights) -> ForecastState:
        count = state.count + 1
        mean = self.running_mean(state.mean, frame_BD, count)
        x, h = self.features(frame_BD, state.frame, mean), []
        for layer, before in zip(weights.gru, state.h.unbind(1), strict=True):
            x = gru_step(layer, x, before)
            h.append(x)
        return ForecastState(torch.stack(h, dim=1), frame_BD, mean, count)

    # Forecasting

    def condition(self, h_BLH: Tensor, weights: Weights | None = None) -> tuple[Conditioned, Tensor]:
        """Return the next step's distribution (decorrelated units) and the point forecast y_hat `[B, D]`.

        The point head learns beside the flow and never through it: its input is detached.
        """
        context, weights = h_BLH.flatten(1), weights or self.prepare()
        return self.flow(context, weights.flow), torch.addmm(self.point.bias, context.detach(), weights.point_CD)

    def rollout(
        self,
        state: ForecastState,
        noise_HBD: Tensor,
        refiner: Refiner | None = None,
        log_terms: list[Tensor] | None = None,
    ) -> Tensor:
        """Turn noise into paths `[B, H, D]`, each row fed by its own past; differentiable.

        Args:
            state: B rows, one per path.
            noise_HBD: standard normal noise (times the temperature) of every step.
            refiner: MCMC between the blocks, or None for GRU-NF.
            log_terms: where the terms `[B]` of the paths' log weights are appended: the blocks' log-determinants, the MCMC
                moves' work, the density of what came out; all but the noise's own density.
        """
        weights, frames = self.prepare(), []
        for step, noise in enumerate(noise_HBD):
            given, y_hat = self.condition(state.h, weights)
            after = None if refiner is None else refiner.after(step, y_hat, log_terms)
            x = given.decode(noise, after, log_terms)
            if log_terms is not None:
                log_terms.append(given.log_prob(x))
            frame = torch.addmm(state.frame, x, self.unwhiten)
            frames.append(frame)
            if step + 1 < len(noise_HBD):
                state = self._advance(state, frame, weights)
        return torch.stack(frames, dim=1)

    @torch.inference_mode()
    def sample(
        self,
        state: ForecastState,
        k: int,
        horizon: int,
        generator: Source = None,
        refine: Refinement | None = None,
        temperature: float = 1.0,
        weights: bool = False,
    ) -> Forecast:
        """Sample K futures of H steps for each of B streams; K x B is one tensor.

        The base noise is drawn before the refiner's: with one seed, GRU-NF and GRU-SNF start from the same noise. Given a
        generator per stream, a stream's futures do not depend on the rest of the batch.

        Args:
            state: B streams.
            k: K.
            horizon: H.
            generator: source of all randomness.
            refine: GRU-SNF's moves and noise; None is GRU-NF.
            temperature: scale of the noise that the flow starts from.
            weights: also return each path's log weight, by which refined (or heated) paths stand for the flow's own density
                (Wu, Koehler & Noe 2020, arXiv 2002.06707). It grows wider with every step and block: check its effective
                sample size.

        Returns:
            Forecast with paths `[B, K, H, D]` in the keypoints' own units.

        Raises:
            ValueError: weights at a temperature of 0, where the paths have no density.
        """
        if weights and (temperature <= 0 or (refine is not None and refine.cooling <= 0)):
            raise ValueError("paths have weights at a temperature above 0 only")
        rows, d = len(state) * k, self.config.features
        noise = draw(torch.randn, generator, horizon, rows, d) * temperature
        scale, refiner = temperature, None
        if refine is not None:
            noise, scale = refine.start(noise, k), temperature * refine.cooling
            if refine.steps:
                refiner = refine.begin(horizon=horizon, blocks=self.config.blocks, rows=rows, features=d, generator=generator)
        log_terms: list[Tensor] | None = [] if weights else None
        paths = self.rollout(state.expand(k), noise, refiner, log_terms)
        log_weights = None
        if log_terms is not None:
            log_noise = -0.5 * (noise / scale).square().sum((0, 2)) - horizon * d * (
                math.log(scale) + 0.5 * math.log(2 * math.pi)
            )
            log_weights = (torch.stack(log_terms).sum(0) - log_noise).unflatten(0, (len(state), k))
        acceptance = refiner.acceptance() if refiner else None
        return Forecast(paths.unflatten(0, (len(state), k)), acceptance, log_weights)

    @torch.inference_mode()
    def log_prob(self, state: ForecastState, flat_next_BD: Tensor) -> Tensor:
        """Exact log density `[B]` of the next frame's standardised difference."""
        weights = self.prepare()
        given, _ = self.condition(state.h, weights)
        return given.log_prob(self.encode_step(state.frame, flat_next_BD)) + weights.log_volume

    def surprise(self, state: ForecastState, flat_next_BD: Tensor) -> Tensor:
        """Return `[B]` in [0, 1]: the share of training frames that were less surprising than this next frame."""
        rank = torch.searchsorted(self.surprise_quantiles, -self.log_prob(state, flat_next_BD))
        return rank.clamp(max=100) / 100

    # Files

    def save(self, folder: Path, config: dict[str, Any] | None = None) -> None:
        """Write weights (float16; statistics float32) and `config.json`: the architecture and what `config` adds."""
        save_model(folder, self, self.config, config)

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote, ready to forecast.

        Raises:
            ModelError: files are missing, damaged, or of another architecture.
        """
        return load_model(folder, "forecaster", lambda architecture: cls(ForecasterConfig(**architecture))).freeze()
