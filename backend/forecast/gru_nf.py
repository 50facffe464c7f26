"""GRU-NF: a GRU reads the keypoints; a normalizing flow conditioned on its hidden state samples the next ones.

GRU-SNF uses the same weights, with MCMC steps between the flow's blocks (`refine.py`). Source: arXiv 2512.04282, after
Rasul et al. 2021 (arXiv 2002.06103). Shape suffixes: B streams, K futures, H horizon, T time, D = 6N keypoint numbers.

    >>> forecaster = Forecaster(ForecasterConfig()).freeze()
    >>> state = forecaster.observe(torch.zeros(1, 8, 60))
    >>> forecaster.sample(state, k=4, horizon=16).paths.shape
    torch.Size([1, 4, 16, 60])
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from backend.core.weights import load_model, save_model
from backend.forecast.block_moments import BlockMoments
from backend.forecast.flow import ConditionalFlow, FlowWeights, RealNvp
from backend.forecast.futures_model import FuturesModel
from backend.forecast.gru import GruWeights
from backend.forecast.joint_flow import JointConfig, JointFlow
from backend.forecast.noise import NoiseShape, RolloutNoise
from backend.forecast.refine import Refinement, Refiner
from backend.forecast.state import Forecast, ForecastState
from backend.forecast.steps import StepModel, previous_frames


@dataclass(frozen=True)
class ForecasterConfig:
    """Architecture of a `Forecaster`.

    Attributes:
        features: D = 6N.
        hidden: width of a GRU layer.
        layers: GRU layers L.
        blocks: coupling blocks T; 0 gives a GRU with a Gaussian head.
        block_hidden: width of a block's hidden layers.
        mean_frames: see `StepModel`.
        dropout: probability between GRU layers, in training.
        joint: of the flow over whole paths; None without one.
    """

    features: int = 60
    hidden: int = 192
    layers: int = 1
    blocks: int = 5
    block_hidden: int = 96
    mean_frames: int = 32
    dropout: float = 0.2
    joint: JointConfig | None = None

    @classmethod
    def read(cls, architecture: dict[str, Any]) -> ForecasterConfig:
        """Return the configuration from its entries in `config.json`."""
        joint = architecture.get("joint")
        return cls(**architecture | {"joint": JointConfig(**joint) if joint else None})


class RolloutWeights(NamedTuple):
    """Weights laid out for a rollout, and the log-volume of the decorrelation."""

    gru: list[GruWeights]
    flow: FlowWeights
    log_volume: Tensor


class Forecaster(StepModel, FuturesModel):
    """The GRU-NF with its training statistics; it samples futures step by step.

    The flow works on decorrelated *steps* (`steps.py`), so an isotropic MCMC proposal moves the face as faces move.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__(config.features, config.layers, config.hidden, config.mean_frames)
        self.config = config
        d = config.features
        sizes = [3 * d] + [config.hidden] * (config.layers - 1)
        self.layers = nn.ModuleList(nn.GRU(size, config.hidden, batch_first=True) for size in sizes)
        self.dropout = nn.Dropout(config.dropout)
        self.flow = RealNvp(d, config.hidden * config.layers, config.blocks, config.block_hidden)
        self.moments = BlockMoments(config.hidden * config.layers, config.blocks, d)
        of_joint = config.hidden * config.layers + 3 * d + 2 * self.energy_count
        self.joint = JointFlow(d, of_joint, config.joint) if config.joint else None
        self.surprise_quantiles: Tensor
        self.register_buffer("surprise_quantiles", torch.linspace(0, 1, 101))
        self._frozen: RolloutWeights | None = None

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.mean.device

    @property
    def noise_size(self) -> int:
        """Standard normal numbers per step of a rollout, D."""
        return self.config.features

    def prepare(self) -> RolloutWeights:
        """Lay the weights out for rollouts; differentiable."""
        return self._frozen or RolloutWeights(
            [GruWeights.from_layer(layer) for layer in self.layers],  # type: ignore[arg-type]
            self.flow.prepare(),
            self.log_volume(),
        )

    def freeze(self) -> Forecaster:
        """Prepare for inference: no gradients, no dropout, weights laid out once for all rollouts."""
        self.requires_grad_(False).eval()
        self._frozen = None
        self._frozen = self.prepare()
        return self

    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Return the state after whole contexts `[B, T, D]`; equal to `start` and T times `step`."""
        return self.states(flat_BTD)[:, -1]

    def states(self, flat_BTD: Tensor) -> ForecastState:
        """Return the states after every frame of sequences `[B, T, D]`, with the axes B and T in front."""
        h, means = self.hidden_states(flat_BTD)
        steps = flat_BTD - previous_frames(flat_BTD)
        energy = self.running_means(self.energies(steps, flat_BTD - means))
        count = torch.arange(1.0, flat_BTD.shape[1] + 1, device=flat_BTD.device).expand(len(flat_BTD), -1)
        return ForecastState(h, flat_BTD, means, count, steps, energy)

    def hidden_states(self, flat_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states `[B, T, L, hidden]` and running means `[B, T, D]` after every frame."""
        means_BTD = self.running_means(flat_BTD)
        outputs: list[Tensor] = []
        x = self.features(flat_BTD, previous_frames(flat_BTD), means_BTD)
        for layer in self.layers:
            x, _ = layer(self.dropout(x) if outputs else x)
            outputs.append(x)
        return torch.stack(outputs, dim=2), means_BTD

    def _advance(self, state: ForecastState, frame_BD: Tensor, weights: RolloutWeights | None = None) -> ForecastState:
        weights, count = weights or self.prepare(), state.count + 1
        mean = self.running_mean(state.mean, frame_BD, count)
        x, h = self.features(frame_BD, state.frame, mean), []
        for layer, before in zip(weights.gru, state.h.unbind(1), strict=True):
            x = layer.step(x, before)
            h.append(x)
        return replace(state, h=torch.stack(h, dim=1), frame=frame_BD, mean=mean, count=count)

    def condition(self, h_BLH: Tensor, weights: RolloutWeights | None = None) -> ConditionalFlow:
        """Return the next step's distribution, in decorrelated units."""
        return self.flow(h_BLH.flatten(1), (weights or self.prepare()).flow)

    def rollout(
        self, state: ForecastState, noise_HBD: Tensor, refiner: Refiner | None = None, log_terms: list[Tensor] | None = None
    ) -> Tensor:
        """Map noise to paths `[B, H, D]`, each row conditioned on its own past; differentiable.

        Args:
            state: B rows, one per path.
            noise_HBD: standard normal noise (times the temperature) of every step.
            refiner: MCMC between the blocks, or None for GRU-NF.
            log_terms: receives the terms `[B]` of the paths' log weights, except the log density of the noise.
        """
        weights, frames = self.prepare(), []
        for step, noise in enumerate(noise_HBD):
            conditional = self.condition(state.h, weights)
            after = None
            if refiner is not None:
                after = refiner.after_block(step, self.moments.predict(state.h.flatten(1)), log_terms)
            x = conditional.decode(noise, after, log_terms)
            if log_terms is not None:
                log_terms.append(conditional.log_prob(x))
            frame = torch.addmm(state.frame, x, self.unwhiten)
            frames.append(frame)
            if step + 1 < len(noise_HBD):
                state = self._advance(state, frame, weights)
        return torch.stack(frames, dim=1)

    def noise_shape(self, horizon: int, refine: Refinement | None = None) -> NoiseShape:
        """Return how many random numbers a path of `horizon` steps takes."""
        d, moves = self.config.features, horizon * self.config.blocks * (refine.steps if refine else 0)
        return NoiseShape(horizon, d, moves, d)

    @torch.inference_mode()
    def forecast(
        self,
        state: ForecastState,
        noise: RolloutNoise,
        refine: Refinement | None = None,
        temperature: float = 1.0,
        importance: bool = False,
    ) -> Forecast:
        """Map noise to the futures of B streams.

        Args:
            state: B streams.
            noise: of B * K paths (`noise_shape`), stream after stream.
            refine: settings of GRU-SNF; None for GRU-NF. At a temperature of 0, nothing moves.
            temperature: scale of the base noise, and of the moves.
            importance: also return each path's log importance weight, which corrects refined (or tempered) paths to the
                flow's own density (Wu, Koehler & Noe 2020, arXiv 2002.06707); its variance grows with every step and block.

        Raises:
            ValueError: importance weights at a temperature of 0, where the paths have no density.
        """
        if importance and temperature <= 0:
            raise ValueError("paths have weights at a temperature above 0 only")
        base, k = noise.base_TRD * temperature, len(noise) // len(state)
        refiner = Refiner.start(refine, self.moments, noise, temperature)
        log_terms: list[Tensor] | None = [] if importance else None
        paths = self.rollout(state.expand(k), base, refiner, log_terms)
        log_weights = None
        if log_terms is not None:
            log_norm = base[:, 0].numel() * (math.log(temperature) + 0.5 * math.log(2 * math.pi))
            log_noise = -0.5 * noise.base_TRD.square().sum((0, 2)) - log_norm
            log_weights = (torch.stack(log_terms).sum(0) - log_noise).unflatten(0, (len(state), k))
        acceptance = refiner.acceptance(k) if refiner else None
        return Forecast(paths.unflatten(0, (len(state), k)), acceptance, log_weights)

    def refined_noise(
        self, state: ForecastState, paths_BKHD: Tensor, noise: RolloutNoise, refine: Refinement, temperature: float = 1.0
    ) -> Tensor:
        """Return the base noise `[R, D]` of the first step, which the paths tell; see `FuturesModel`."""
        rows = state.expand(paths_BKHD.shape[1])
        step = self.encode_step(rows.frame, paths_BKHD[:, :, 0].flatten(0, 1))
        return self.condition(rows.h).encode(step)[0]

    @torch.inference_mode()
    def log_prob(self, state: ForecastState, flat_next_BD: Tensor) -> Tensor:
        """Exact log density `[B]` of the standardised difference to the next frame `[B, D]`."""
        weights = self.prepare()
        conditional = self.condition(state.h, weights)
        return conditional.log_prob(self.encode_step(state.frame, flat_next_BD)) + weights.log_volume

    def surprise(self, state: ForecastState, flat_next_BD: Tensor) -> Tensor:
        """Return `[B]` in [0, 1]: the share of training frames with a higher density than this next frame `[B, D]`."""
        rank = torch.searchsorted(self.surprise_quantiles, -self.log_prob(state, flat_next_BD))
        return rank.clamp(max=100) / 100

    def save(self, folder: Path, config: dict[str, Any] | None = None) -> None:
        """Write weights (half precision) and `config.json`: the architecture and `config`."""
        save_model(folder, self, self.config, config)

    @classmethod
    def load(cls, folder: Path) -> Forecaster:
        """Read what `save` wrote, frozen.

        Raises:
            ModelError: `forecaster_missing`, `forecaster_damaged`.
        """
        return load_model(folder, "forecaster", lambda architecture: cls(ForecasterConfig.read(architecture))).freeze()
