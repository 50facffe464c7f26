"""The interface of models that map noise to futures, whatever their way of sampling."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from backend.forecast.noise import NoiseShape, NoiseSource, RolloutNoise
from backend.forecast.refine import Refinement
from backend.forecast.state import Forecast, ForecastState


class FuturesModel(ABC):
    """Maps noise to the futures of streams. Shape suffixes: B streams, K futures, D keypoint numbers."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where states, noise and paths are."""

    @abstractmethod
    def start(self, batch: int) -> ForecastState:
        """Return the initial state of `batch` streams."""

    @abstractmethod
    def observe(self, flat_BTD: Tensor) -> ForecastState:
        """Return the state after whole contexts `[B, T, D]`."""

    @abstractmethod
    def noise_shape(self, horizon: int, refine: Refinement | None = None) -> NoiseShape:
        """Return how many random numbers a path of `horizon` steps takes."""

    @abstractmethod
    def forecast(
        self, state: ForecastState, noise: RolloutNoise, refine: Refinement | None = None, temperature: float = 1.0
    ) -> Forecast:
        """Map noise to the futures of B streams.

        Args:
            state: B streams.
            noise: of B * K paths (`noise_shape`), stream after stream.
            refine: settings of GRU-SNF; None for GRU-NF. At a temperature of 0, nothing moves.
            temperature: scale of the base noise, and of the moves.
        """

    @abstractmethod
    def refined_noise(
        self, state: ForecastState, paths_BKHD: Tensor, noise: RolloutNoise, refine: Refinement, temperature: float = 1.0
    ) -> Tensor:
        """Return the base noise `[R, Z]` from which the flow alone would have sampled what refinement made of the first pass.

        Args:
            state: B streams, before the paths begin.
            paths_BKHD: refined futures.
            noise: that they were made from.
            refine: with these settings.
            temperature: of the futures.
        """

    def sample(
        self,
        state: ForecastState,
        k: int,
        horizon: int,
        source: NoiseSource = None,
        refine: Refinement | None = None,
        temperature: float = 1.0,
        coupled: bool = False,
    ) -> Forecast:
        """Draw noise and sample K futures of H steps for each of B streams; see `forecast`.

        Args:
            state: B streams.
            k: K.
            horizon: H.
            source: of all randomness, on the model's device.
            refine: settings of GRU-SNF; None for GRU-NF.
            temperature: scale of the base noise.
            coupled: make the base noise of a stream's futures antithetic.
        """
        noise = RolloutNoise.draw(self.noise_shape(horizon, refine), len(state), k, source, self.device, coupled=coupled)
        return self.forecast(state, noise, refine, temperature)
