"""Draw many futures of a stream, and keep the random numbers of the few that stand for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.types import ForecastSettings
from backend.forecast.futures_model import FuturesModel
from backend.forecast.graphs import GraphedForecaster
from backend.forecast.noise import NoiseSource, RolloutNoise
from backend.forecast.refine import Refinement
from backend.forecast.selection import select_futures
from backend.forecast.state import Forecast, ForecastState


@dataclass(frozen=True)
class ChosenNoise:
    """The noise of the K futures that one stream shows.

    Attributes:
        noise: of the K paths.
        shares: part of the draws that are nearest to each path, `[K]`, descending; empty where none were chosen.
    """

    noise: RolloutNoise
    shares: Tensor


@torch.inference_mode()
def draw_and_choose(
    model: FuturesModel | GraphedForecaster,
    state: ForecastState,
    source: NoiseSource,
    settings: ForecastSettings,
    refine: Refinement | None,
) -> tuple[list[ChosenNoise], Forecast | None]:
    """Draw N futures for each of B streams and keep the noise of K that stand for all (`select_futures`).

    Args:
        model: of the futures.
        state: B streams.
        source: of the noise.
        settings: K, H, temperature, and N as a multiple of K; where N = K, all are kept.
        refine: settings of GRU-SNF; None for GRU-NF.

    Returns:
        The noise of every stream, and the forecast with it, which are the kept draws. None where
        N = K, since no forecast was needed.

    Raises:
        InputError: as `select_futures`.
    """
    streams, k, device = len(state), settings.k, state.frame.device
    n = settings.draws
    shape = model.noise_shape(settings.horizon, refine)
    noise = RolloutNoise.draw(shape, streams, n, source, device, coupled=settings.coupled == "on")
    if n == k:
        return [ChosenNoise(kept, state.frame.new_empty(0)) for kept in noise.split(k)], None
    draws = model.forecast(state, noise, refine, settings.temperature)
    kept_BK, share_BK = select_futures(draws.paths, k)
    first_B1 = torch.arange(0, streams * n, n, device=device)[:, None]
    kept = noise[(first_B1 + kept_BK).flatten()].split(k)
    chosen = [ChosenNoise(*pair) for pair in zip(kept, share_BK.unbind(), strict=True)]
    acceptance = None if draws.acceptance is None else draws.acceptance.gather(1, kept_BK)
    return chosen, Forecast(torch.take_along_dim(draws.paths, kept_BK[..., None, None], dim=1), acceptance)
