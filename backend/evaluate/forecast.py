"""Score the forecaster against baselines on people it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.report import Metric, Report
from backend.forecast import metrics
from backend.forecast.baselines import Bootstrap, CopyLast, RandomWalk
from backend.forecast.gru_nf import Forecaster
from backend.forecast.motion_bank import displacements
from backend.forecast.refine import Refinement
from backend.keypoints.dataset import Split, read_motions, windows
from backend.types import ForecastSettings, Keypoints

Sampler = Callable[[Tensor, int, int, torch.Generator], Tensor]
"""`(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`."""

SHIPPED = ForecastSettings()


@dataclass(frozen=True)
class ForecastEvaluation:
    """Settings of an evaluation; `refinement` is the demo's own by default.

    Attributes:
        context, horizon: frames seen and forecast.
        samples: K.
        stride: steps between the starts of two windows of a motion.
        split: which people.
        seed: of all samples.
    """

    context: int = 8
    horizon: int = 16
    samples: int = 20
    stride: int = 12
    split: Split = "val"
    seed: int = 0
    refinement: Refinement = field(
        default_factory=lambda: Refinement(SHIPPED.mcmc_steps, SHIPPED.step_size, SHIPPED.consistency)
    )


def evaluate_forecast(model: Path, data: Path, evaluation: ForecastEvaluation | None = None) -> Report:
    """Score baselines, GRU-NF and GRU-SNF on the same windows.

    Args:
        model: folder of the forecaster.
        data: folder of `clips.csv` and landmark recordings.
        evaluation: settings.

    Returns:
        A report. CRPS and energy score are in standardised units (keypoints over their spread in the training people's
        footage), `min_ade` and `apd` in crop units (2 is the crop's side). Intervals are 95 %, by resampling people.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the data cannot be read.
    """
    evaluation = evaluation or ForecastEvaluation()
    forecaster = Forecaster.load(model)
    length = evaluation.context + evaluation.horizon
    train = torch.from_numpy(windows(read_motions(data, "train"), length, 4)[0])
    spread = train.flatten(0, 1).std(0)
    held_out, people = windows(read_motions(data, evaluation.split), length, evaluation.stride)
    flat = torch.from_numpy(held_out)
    results = {
        name: score(sampler, flat, people, spread, evaluation)
        for name, sampler in _methods(forecaster, train, evaluation).items()
    }
    state = forecaster.observe(flat[:, : evaluation.context])
    nll = -forecaster.log_prob(state, flat[:, evaluation.context]) / flat.shape[-1]
    results["gru_nf"]["nll"] = _entry(nll[:, None], torch.ones_like(nll)[:, None], people)
    settings = asdict(evaluation) | {"windows": len(flat), "people": len(set(people))}
    return Report("evaluate forecast", settings, results)


def _methods(forecaster: Forecaster, train: Tensor, evaluation: ForecastEvaluation) -> dict[str, Sampler]:
    def model(refine: Refinement | None, temperature: float = 1.0) -> Sampler:
        def sample(context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
            return forecaster.sample(forecaster.observe(context), k, horizon, generator, refine, temperature).paths

        return sample

    return {
        "copy_last": CopyLast().sample,
        "random_walk": RandomWalk(displacements(train)).sample,
        "bootstrap": Bootstrap(displacements(train)).sample,
        "gru_nf": model(None),
        "gru_nf_t1.2": model(None, 1.2),
        "gru_snf": model(evaluation.refinement),
    }


def score(
    sampler: Sampler, flat_WTD: Tensor, people: list[str], spread: Tensor, evaluation: ForecastEvaluation
) -> dict[str, Metric]:
    """Return every metric of one method on windows `[W, C + H, D]`."""
    context, truth = flat_WTD[:, : evaluation.context], flat_WTD[:, evaluation.context :]
    generator = torch.Generator().manual_seed(evaluation.seed)
    since = time.perf_counter()
    paths = sampler(context, evaluation.samples, evaluation.horizon, generator)
    milliseconds = (time.perf_counter() - since) * 1e3 / len(flat_WTD)
    values, target = Keypoints.from_flat(paths).value, Keypoints.from_flat(truth).value
    units, unit_truth = paths / spread, truth / spread
    per_window = {
        "crps": metrics.crps(units, unit_truth),
        "energy_score": metrics.energy_score(units, unit_truth),
        "min_ade": metrics.min_ade(values, target)[:, None],
        "apd": metrics.apd(values)[:, None],
        **{f"coverage_{level}": metrics.coverage(paths, truth, level / 100) for level in (50, 80, 95)},
    }
    entries = {name: _entry(value, torch.ones_like(value), people) for name, value in per_window.items()}
    entries["acceleration_ratio"] = _entry(*metrics.accelerations(values, target), people)
    return entries | {"ms_per_window": Metric(milliseconds)}


def _entry(value_WH: Tensor, weight_WH: Tensor, people: list[str], resamples: int = 1000) -> Metric:
    """Mean (ratio of sums) and its 95 % interval; whole people are resampled, for windows of one person are not independent."""
    names, group = np.unique(people, return_inverse=True)
    member = torch.zeros(len(names), len(people), dtype=torch.float64)
    member[torch.from_numpy(group), torch.arange(len(people))] = 1
    top, bottom = member @ value_WH.double().mean(1), member @ weight_WH.double().mean(1)
    pick = torch.randint(len(names), (resamples, len(names)), generator=torch.Generator().manual_seed(0))
    ratio = top[pick].sum(1) / bottom[pick].sum(1)
    low, high = torch.quantile(ratio, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    per_step = (value_WH.sum(0) / weight_WH.sum(0)).tolist() if value_WH.shape[1] > 1 else None
    return Metric((top.sum() / bottom.sum()).item(), low, high, per_step)
