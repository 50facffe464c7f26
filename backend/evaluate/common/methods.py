"""The forecasting methods that are compared, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from backend.core.errors import InputError, ModelError
from backend.core.types import Choose, ForecastSettings
from backend.forecast.baselines import Bootstrap, CopyLast, RandomWalk
from backend.forecast.choice import draw_and_choose
from backend.forecast.displacement_bank import load_bank
from backend.forecast.futures_model import FuturesModel
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint import JointForecaster
from backend.forecast.noise import RolloutNoise
from backend.forecast.paper.loop import PaperLoop
from backend.forecast.refine import Refinement
from backend.forecast.set_energy import SetEnergy
from backend.forecast.vrnn import Vrnn

PathSampler = Callable[[Tensor, int, int, torch.Generator], Tensor]
"""`(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`."""

NAMES = (
    "copy_last", "random_walk", "bootstrap", "gru_gaussian", "vrnn", "gru_nf", "gru_nf_coupled", "gru_nf_set", "gru_nf_chosen",
    "gru_nf_t1.2", "gru_snf", "gru_snf_coupled", "gru_snf_chosen", "gru_snf_mala", "gru_snf_hmc", "joint_nf", "joint_nf_chosen",
    "joint_snf", "joint_snf_chosen", "paper_nf", "paper_snf",
)  # fmt: skip
"""Methods in the order of the table; `gru_nf_tX` also exists for any other temperature X up to 5."""

SAME_DRAWS = (
    "gru_nf_coupled", "gru_nf_set", "gru_nf_chosen", "gru_snf_coupled", "gru_snf_chosen", "joint_nf_chosen", "joint_snf_chosen",
)  # fmt: skip
"""Methods whose independent futures are those of another method: only their futures shown together differ."""

TEMPERATURE = re.compile(r"gru_nf_t(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class PathForecaster:
    """A forecaster of whole paths."""

    sample: PathSampler  # K independent futures
    nll: Callable[[Tensor, int], Tensor] | None = None  # `(windows [W, T, D], frames seen) -> [W, T - seen]` nats per number
    joint_sample: PathSampler | None = None  # K futures shown together: antithetic, or chosen from many draws
    joint_groups: int = 6  # groups of such futures scored for each window; fewer where a group is expensive


def shipped_refinement() -> Refinement:
    """Return the demo's own refinement."""
    return Refinement.from_settings(ForecastSettings())


def build_methods(
    model: Path, forecaster: Forecaster, names: Sequence[str] = (), choose: Choose = "8x"
) -> tuple[dict[str, PathForecaster], list[str]]:
    """Load forecasting methods.

    Args:
        model: folder of the forecaster; its variants lie beside it.
        forecaster: the one in that folder.
        names: which methods; all that are available by default.
        choose: how many futures are drawn for each chosen one.

    Returns:
        The methods in the table's order, and a sentence for each that was left out because its model is missing.

    Raises:
        InputError: `method_unknown`, or `method_missing` where a method of `names` has no model.
    """
    for name in names:
        if name not in NAMES and not _temperature(name):
            hint = f"There are {', '.join(NAMES)}, and gru_nf_tX (X up to 5)."
            raise InputError("method_unknown", f"There is no method {name}.", hint)
    found: dict[str, PathForecaster] = {}
    left_out: list[str] = []
    for name in sorted(set(names), key=_table_order) or NAMES:
        try:
            found[name] = _build(name, model, forecaster, choose)
        except ModelError as error:
            if names:
                raise InputError("method_missing", f"{name} is not available. {error.message}", error.hint) from None
            left_out.append(f"{name}: {error.message}")
    return found, left_out


@torch.inference_mode()
def nll(forecaster: Forecaster, flat_WTD: Tensor, seen: int, unit_D: Tensor) -> Tensor:
    """Return the negative log likelihood `[W, T - seen]` per number of each frame given all before it.

    Args:
        forecaster: the model.
        flat_WTD: windows.
        seen: frames at the start that are not scored.
        unit_D: the unit of frame-to-frame differences, which makes models of different training data comparable.
    """
    state, found = forecaster.observe(flat_WTD[:, :seen]), []
    volume = (forecaster.step_std / unit_D).log().sum()
    for frame in flat_WTD[:, seen:].unbind(1):
        found.append((volume - forecaster.log_prob(state, frame)) / flat_WTD.shape[-1])
        state = forecaster.step(state, frame)
    return torch.stack(found, dim=1)


def _build(name: str, model: Path, forecaster: Forecaster, choose: Choose) -> PathForecaster:
    width = forecaster.config.features
    if temperature := _temperature(name):
        return PathForecaster(path_sampler(forecaster, None, temperature))
    if name.startswith(("gru_nf", "gru_snf", "joint_")):
        sampling, base, ingredient = [*name.split("_"), ""][:3]
        futures = JointForecaster(forecaster) if sampling == "joint" else forecaster
        refinement = shipped_refinement() if base == "snf" else None
        if refinement is not None and ingredient in ("mala", "hmc"):
            refinement = replace(refinement, kernel=ingredient)  # type: ignore[arg-type]
        independent = path_sampler(futures, refinement)
        if ingredient == "chosen":
            return PathForecaster(independent, joint_sample=_choosing(futures, refinement, choose), joint_groups=3)
        coupled = path_sampler(futures, refinement, coupled=True) if ingredient == "coupled" else None
        if ingredient == "set":
            coupled = _repelling(forecaster)
        likelihood = partial(nll, forecaster, unit_D=forecaster.step_std) if name == "gru_nf" else None
        return PathForecaster(independent, likelihood, coupled)
    if name in ("paper_nf", "paper_snf"):
        return PathForecaster(PaperLoop(forecaster, steps=0 if name == "paper_nf" else 2).sample)
    if name == "copy_last":
        return PathForecaster(CopyLast().sample)
    if name in ("random_walk", "bootstrap"):
        bank = load_bank(model)
        _check_width(bank.shape[-1], width, "training motion", model)
        return PathForecaster(RandomWalk(bank).sample if name == "random_walk" else Bootstrap(bank).sample)
    if name == "vrnn":
        folder = model.with_name(f"{model.name}_vrnn")
        vrnn = Vrnn.load(folder)
        _check_width(vrnn.config.features, width, "vrnn", folder)
        return PathForecaster(lambda context, k, horizon, source: vrnn.sample(vrnn.observe(context), k, horizon, source).paths)
    folder = model.with_name(f"{model.name}_gaussian")
    gaussian = Forecaster.load(folder)
    _check_width(gaussian.config.features, width, "forecaster", folder)
    return PathForecaster(path_sampler(gaussian), partial(nll, gaussian, unit_D=forecaster.step_std))


def path_sampler(
    model: FuturesModel,
    refine: Refinement | None = None,
    temperature: float = 1.0,
    rates: list[float] | None = None,
    *,
    coupled: bool = False,
) -> PathSampler:
    """Return a function that samples paths.

    Args:
        model: of the futures.
        refine: settings of MCMC; None does not refine.
        temperature: scale of the base noise.
        rates: receives the acceptance rate of every call that refines.
        coupled: make the noise of a window's paths antithetic.
    """

    def sample(context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
        found = model.sample(model.observe(context), k, horizon, generator, refine, temperature, coupled)
        if rates is not None and found.acceptance is not None:
            rates.append(float(found.acceptance.mean()))
        return found.paths

    return sample


def _repelling(forecaster: Forecaster) -> PathSampler:
    """Return a function that samples K paths as a set under the set energy."""
    scale_D = (forecaster.unwhiten / forecaster.std).norm(dim=1)

    def sample(context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
        state, shape = forecaster.observe(context), forecaster.noise_shape(horizon)
        noise = RolloutNoise.draw(shape, len(state), k, generator, context.device)
        return forecaster.forecast(state, RolloutNoise(SetEnergy().refine(noise.base_TRD, k, scale_D, generator))).paths

    return sample


def _choosing(model: FuturesModel, refine: Refinement | None, choose: Choose) -> PathSampler:
    """Return a function that draws several times K paths and chooses K of them, as the demo does."""

    def sample(context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
        settings = ForecastSettings(k=k, horizon=horizon, choose=choose)
        _, forecast = draw_and_choose(model, model.observe(context), generator, settings, refine)
        assert forecast is not None  # Only choose="off" forecasts nothing.
        return forecast.paths

    return sample


def _check_width(width: int, wanted: int, kind: str, folder: Path) -> None:
    if width != wanted:
        raise ModelError("width", f"The {kind} in {folder} is made for {width} numbers a frame, not {wanted}.")


def _temperature(name: str) -> float | None:
    """Return X of `gru_nf_tX`, if it is in range; None for other names."""
    match = TEMPERATURE.fullmatch(name)
    return float(match[1]) if match and 0 < float(match[1]) <= 5 else None


def _table_order(name: str) -> tuple[float, str]:
    """Return a key that orders by the table, with other temperatures beside the table's own."""
    return NAMES.index(name if name in NAMES else "gru_nf_t1.2"), name
