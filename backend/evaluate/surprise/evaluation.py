"""Measure whether the surprise of real motion is calibrated and whether it detects anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.common.inputs import EvaluationInputs
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.resampling import Resampler, ratio
from backend.evaluate.common.table import Figures
from backend.evaluate.report.report import Metric, Report
from backend.evaluate.surprise import anomalies
from backend.forecast.diagnostics.refinement_check import encode_paths
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.dataset import KeypointSequence, stack_windows

LENGTH, STRIDE = 40, 8
"""Frames of a window, and between the starts of two."""

WARM_UP = 8
"""Frames before surprise counts, as in the demo."""

SMOOTHING = 5
"""Frames (0.4 s) of the smoothed score."""

TIMELINE = range(-4, anomalies.EVENT + SMOOTHING - 1)
"""Frames since the onset for which the chart shows the score."""

LEVELS = 100


@dataclass(frozen=True)
class SurpriseResults:
    """The report, and quartiles `[3, T]` of the smoothed score in the frames `TIMELINE` of each anomaly and of `none`."""

    report: Report
    timelines: dict[str, Tensor]


def evaluate_surprise(
    inputs: EvaluationInputs, seed: int = 0, progress: CountProgress = lambda done, total: None
) -> SurpriseResults:
    """Measure the surprise of held-out motion, as it is and with an anomaly in every window.

    Args:
        inputs: forecaster and held-out motions.
        seed: of the onsets and of what is random in the anomalies.
        progress: called with anomalies done and all.

    Returns:
        By anomaly, `auroc` of the surprise of its frames (the first one of a brief anomaly) against the same frames of real
        motion, and `auroc_smoothed` of the `smoothed` score `SMOOTHING` frames into it. By `calibration`, the percentile's
        Kolmogorov-Smirnov distance `ks` from uniform, its mean, and its shares above 95 % and up to 5 %.

    Raises:
        InputError: the recordings are too short.
    """
    forecaster = inputs.forecaster
    windows = _windows(inputs.motions, forecaster, seed)
    resampler = Resampler(windows.people, seed)
    plain = surprise(forecaster, windows.flat_WTD)
    plain_smoothed = smoothed(forecaster, plain)
    results: Figures = {}
    at, late = partial(_since_onset, windows.onset_W), [SMOOTHING - 1]
    scores = {"none": plain_smoothed}
    for _, name in counted(anomalies.NAMES, progress):
        found = surprise(forecaster, anomalies.inject(name, windows, seed))
        scores[name] = smoothed(forecaster, found)
        event = range(1) if name in anomalies.BRIEF else range(anomalies.EVENT)
        results[name] = {
            "auroc": resampler.of_pairs(wins(at(found, event), at(plain, event))).metric(),
            "auroc_smoothed": resampler.of_pairs(wins(at(scores[name], late), at(plain_smoothed, late))).metric(),
        }
    results["calibration"] = _calibration(forecaster, plain, resampler)
    settings = {
        "model": inputs.model.name,
        "windows": len(windows.people),
        "people": len(set(windows.people)),
        "seed": seed,
        "event_frames": anomalies.EVENT,
        "smoothing_frames": SMOOTHING,
        "jump_steps": anomalies.JUMP_STEPS,
        "live_noise": anomalies.LIVE_NOISE,
    }
    quartiles = torch.tensor([0.25, 0.5, 0.75])
    timelines = {name: at(score, TIMELINE).nanquantile(quartiles, dim=0) for name, score in scores.items()}
    return SurpriseResults(Report("evaluate surprise", settings, results, notes=inputs.notes), timelines)


def surprise(forecaster: Forecaster, flat_WTD: Tensor) -> Tensor:
    """Return -log_prob `[W, T]` of every frame given those before it; NaN for the first `WARM_UP` frames."""
    state = forecaster.observe(flat_WTD[:, :WARM_UP])
    found = encode_paths(forecaster, state, flat_WTD[:, None, WARM_UP:]).nll_BKH[:, 0]
    return torch.cat([torch.full((len(flat_WTD), WARM_UP), torch.nan), found], 1)


def normal_score(forecaster: Forecaster, surprise_WT: Tensor) -> Tensor:
    """Return surprise as a standard normal number: the normal quantile of its percentile in training.

    Below the 1st and above the 99th percentile it continues linearly, with the slope to the 10th and from the 90th.
    """
    levels = (torch.arange(LEVELS + 1) / LEVELS).clamp(0.005, 0.995)
    quantiles, scores = forecaster.surprise_quantiles.numpy(), torch.special.ndtri(levels).numpy()
    x = surprise_WT.numpy()
    low, high = ((scores[b] - scores[a]) / (quantiles[b] - quantiles[a] + 1e-12) for a, b in ((1, 10), (90, 99)))
    inside = np.interp(x, quantiles, scores)
    below = np.where(x < quantiles[1], scores[1] + low * (x - quantiles[1]), inside)
    return torch.from_numpy(np.where(x > quantiles[99], scores[99] + high * (x - quantiles[99]), below)).float()


def smoothed(forecaster: Forecaster, surprise_WT: Tensor) -> Tensor:
    """Return the root mean square `[W, T]` of the last `SMOOTHING` normal scores; NaN for the frames before.

    The score is two-sided, since a frozen face is far too likely.
    """
    squares = normal_score(forecaster, surprise_WT).square()
    late = squares.unfold(1, SMOOTHING, 1).mean(-1).sqrt()
    return torch.cat([torch.full((len(late), SMOOTHING - 1), torch.nan), late], 1)


def wins(higher_WF: Tensor, lower_WF: Tensor) -> Tensor:
    """Return `[W, W]`: the share of pairs of frames in which window i of the first is above window j of the second.

    Ties count half; the mean is the area under the ROC curve (Mann-Whitney).
    """
    rows = (row[:, None, None] for row in higher_WF)
    return torch.stack([((row > lower_WF).float() + 0.5 * (row == lower_WF)).mean((0, 2)) for row in rows])


def _windows(motions: Sequence[KeypointSequence], forecaster: Forecaster, seed: int) -> anomalies.AnomalyWindows:
    flat, people = stack_windows(motions, LENGTH, STRIDE)
    onset = np.random.default_rng(seed).integers(WARM_UP + SMOOTHING, LENGTH - 2 * anomalies.EVENT + 1, len(flat))
    return anomalies.AnomalyWindows(torch.from_numpy(flat), people, torch.from_numpy(onset), forecaster.step_std)


def _since_onset(onset_W: Tensor, score_WT: Tensor, frames: Sequence[int]) -> Tensor:
    """Return the score `[W, F]` at some frames since each window's onset."""
    return score_WT.gather(1, onset_W[:, None] + torch.tensor(frames))


def _calibration(forecaster: Forecaster, surprise_WT: Tensor, resampler: Resampler) -> dict[str, Metric]:
    """Compare the percentile that the page shows with the uniform distribution that it should have on real motion."""
    seen = surprise_WT[:, WARM_UP:]
    rank = torch.searchsorted(forecaster.surprise_quantiles, seen.contiguous()).clamp(max=LEVELS)
    counts = torch.nn.functional.one_hot(rank, LEVELS + 1).sum(1).double()
    found = {"ks": resampler.of_sums(counts, _uniform_distance).metric()}
    found["ks"].histogram = (counts[:, 1:].sum(0).view(20, -1).sum(1) / counts.sum()).tolist()
    for name, values in {"mean": rank.double() / LEVELS, "above_95": rank > 95, "below_5": rank <= 5}.items():
        means = values.double().mean(1)
        found[name] = resampler.of_sums(torch.stack([means, torch.ones_like(means)], 1), ratio).metric()
    return found


def _uniform_distance(counts: Tensor) -> Tensor:
    """Return the Kolmogorov-Smirnov distance of counts `[..., LEVELS + 1]` from uniform; rank r ends at r / LEVELS."""
    cumulative = counts.cumsum(-1) / counts.sum(-1, keepdim=True)
    return (cumulative - torch.arange(LEVELS + 1, dtype=counts.dtype) / LEVELS).abs().amax(-1)
