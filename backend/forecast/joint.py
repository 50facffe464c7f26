"""Forecasts whole paths at once, from the state of a `Forecaster`: one pass of a flow instead of one for each step.

GRU-SNF works as in `gru_nf.py`: MCMC moves the samples between the blocks of this flow. Shape suffixes: B streams, K futures,
R = B * K paths, H horizon, D = 6N keypoint numbers, Z numbers of the flow, C context.

    >>> forecaster = Forecaster(ForecasterConfig(joint=JointConfig())).freeze()
    >>> state = forecaster.observe(torch.zeros(1, 8, 60))
    >>> JointForecaster(forecaster).sample(state, k=4, horizon=16).paths.shape
    torch.Size([1, 4, 16, 60])
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from backend.core.errors import ModelError
from backend.forecast.flow import AfterBlock
from backend.forecast.futures_model import FuturesModel
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint_flow import ENERGY_FLOOR, PathDistribution
from backend.forecast.noise import NoiseShape, RolloutNoise
from backend.forecast.refine import Refinement, Refiner
from backend.forecast.state import Forecast, ForecastState


class JointForecaster(FuturesModel):
    """Samples futures with the joint flow of a forecaster.

    Args:
        forecaster: frozen; it observes.

    Raises:
        ModelError: `joint_missing`: the forecaster has no such flow.
    """

    def __init__(self, forecaster: Forecaster) -> None:
        if forecaster.joint is None:
            hint = "Train one with `motionfan train joint`."
            raise ModelError("joint_missing", "This forecaster has no flow over whole paths.", hint)
        self._forecaster, self._flow = forecaster, forecaster.joint
        self._weights = self._flow.prepare()

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._forecaster.device

    def start(self, batch: int) -> ForecastState:
        """Return the initial state of `batch` streams."""
        return self._forecaster.start(batch)

    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Return the state after whole contexts `[B, T, D]`."""
        return self._forecaster.observe(flat_BTD)

    def noise_shape(self, horizon: int, refine: Refinement | None = None) -> NoiseShape:
        """Return how many random numbers a path of `horizon` steps takes: those of one pass for every T steps."""
        config = self._flow.config
        passes = math.ceil(horizon / config.steps)
        moves = passes * config.blocks * (refine.steps if refine else 0)
        return NoiseShape(passes, self._flow.noise_size, moves, config.slow, horizon)

    @torch.inference_mode()
    def forecast(
        self, state: ForecastState, noise: RolloutNoise, refine: Refinement | None = None, temperature: float = 1.0
    ) -> Forecast:
        """Map noise to the futures of B streams; see `FuturesModel`."""
        streams, paths, left = len(state), len(noise), noise.steps
        refiner = Refiner.start(refine, self._flow.moments, noise, temperature)
        parts: list[Tensor] = []
        for index, base_RS in enumerate(noise.base_TRD):
            if parts:  # Longer than one pass: each path continues from its own end.
                state = self._follow(state.expand(paths // len(state)), parts[-1])
            given, k, steps = self._condition(state), paths // len(state), min(left, self._flow.config.steps)
            away_RHD = self._flow.decode(given, base_RS * temperature, k, steps, _moves(refiner, index, given, k))
            parts.append(state.frame.repeat_interleave(k, 0)[:, None] + away_RHD)
            left -= steps
        k = paths // streams
        return Forecast(torch.cat(parts, 1).unflatten(0, (streams, k)), refiner.acceptance(k) if refiner else None)

    @torch.inference_mode()
    def refined_noise(
        self, state: ForecastState, paths_BKHD: Tensor, noise: RolloutNoise, refine: Refinement, temperature: float = 1.0
    ) -> Tensor:
        """Return the base noise `[R, Z]` of the slow components; see `FuturesModel`. The first pass is repeated."""
        given, k = self._condition(state), paths_BKHD.shape[1]
        refiner = Refiner.start(refine, self._flow.moments, noise, temperature)
        slow = given.slow.repeat(k)
        base_RZ = noise.base_TRD[0, :, : self._flow.config.slow] * temperature
        return slow.encode(slow.decode(base_RZ, _moves(refiner, 0, given, k)))[0]

    def _condition(self, state: ForecastState) -> PathDistribution:
        return self._flow.condition(*joint_context(self._forecaster, state), self._weights)

    def _follow(self, state: ForecastState, path_RHD: Tensor) -> ForecastState:
        """Return the state after the frames of a path."""
        for frame in path_RHD.unbind(1):
            state = self._forecaster.step(state, frame)
        return state


def joint_context(forecaster: Forecaster, state: ForecastState) -> tuple[Tensor, Tensor]:
    """Return what the joint flow is conditioned on: a context `[..., C]`, and the mean energy of the steps `[..., 1]`.

    The context is the GRU's hidden state, the features of the last frame, and the logarithms of the energies: of the last step
    and their running means, which tell a quiet person from a pause.
    """
    features = forecaster.features(state.frame, state.frame - state.step, state.mean)
    now = forecaster.energies(state.step, state.frame - state.mean)
    levels = torch.cat([now, state.energy], -1).add(ENERGY_FLOOR).log().mul(0.5)
    of_steps = state.energy[..., state.energy.shape[-1] // 2 - 1, None]
    return torch.cat([state.h.flatten(-2), features, levels], -1), of_steps


def _moves(refiner: Refiner | None, index: int, given: PathDistribution, k: int) -> AfterBlock | None:
    return None if refiner is None else refiner.after_block(index, given.y_hat_TBZ.repeat_interleave(k, 1))
