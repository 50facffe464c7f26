"""Measure whether the surprise of real motion is calibrated and whether it detects anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.evaluate.common.inputs import EvaluationInputs
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.resampling import Resampler, ratio
from backend.evaluate.common.table import Figures
from backend.evaluate.report.report import Metric, Report
from backend.evaluate.surprise import anomalies
from backend.forecast.diagnostics.refinement_check import encode_paths
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.dataset import KeypointSequence, iterate_windows

LENGTH, STRIDE = 40, 8
"""Frames of a window, and between the starts of two."""

WARM_UP = 8
"""Frames before surprise counts, as in the demo."""

SMOOTHING = 5
"""Frames (0.4 s) of the smoothed score."""

LEVELS = 100


@dataclass(frozen=True)
class Timeline:
    """The score around an anomaly: quartiles over windows `[3, T]`, at frames since its onset `[T]`."""

    since: list[int]
    quartiles: list[list[float]]


@dataclass(frozen=True)
class SurpriseResults:
    """The report, and for its pictures the smoothed score around each anomaly and around none."""

    report: Report
    timelines: dict[str, Timeline]


def evaluate_surprise(
    inputs: EvaluationInputs,
    seed: int = 0,
    progress: CountProgress = lambda done, total: None,
) -> SurpriseResults:
    """Measure the surprise of held-out motion, as it is and with an anomaly in every window.

    Args:
        inputs: forecaster and held-out motions.
        seed: of the onsets and of what is random in the anomalies.
        progress: called with anomalies done and all.

    Returns:
        By anomaly, `auroc` of the surprise of its frames (the first one of a brief anomaly) against the same frames of real
        motion, and `auroc_smoothed` of the `smoothed` score `SMOOTHING` frames into it. By `calibration`, of the percentile:
        the Kolmogorov-Smirnov distance `ks` from uniform, the mean, and the shares above 95 % and below 5 %. Intervals are
        95 %, by resampling people.

    Raises:
        InputError: the recordings are too short.
    """
    forecaster = inputs.forecaster
    windows = _windows(inputs.motions, forecaster, seed)
    resampler = Resampler(windows.people, seed)
    plain = surprise(forecaster, windows.flat_WTD)
    plain_smoothed = smoothed(forecaster, plain)
    results: Figures = {}
    timelines = {"none": _timeline(plain_smoothed, windows.onset_W)}
    at, late = partial(_since_onset, windows.onset_W), range(SMOOTHING - 1, SMOOTHING)
    for _, name in counted(anomalies.NAMES, progress):
        found = surprise(forecaster, anomalies.inject(name, windows, seed))
        found_smoothed = smoothed(forecaster, found)
        timelines[name] = _timeline(found_smoothed, windows.onset_W)
        event = range(1) if name in anomalies.BRIEF else range(anomalies.EVENT)
        results[name] = {
            "auroc": resampler.of_pairs(wins(at(found, event), at(plain, event))).metric(),
            "auroc_smoothed": resampler.of_pairs(wins(at(found_smoothed, late), at(plain_smoothed, late))).metric(),
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
    return SurpriseResults(Report("evaluate surprise", settings, results, notes=inputs.notes), timelines)


def surprise(forecaster: Forecaster, flat_WTD: Tensor) -> Tensor:
    """Return -log_prob `[W, T]` of every frame given those before it; NaN for the first `WARM_UP` frames."""
    state = forecaster.observe(flat_WTD[:, :WARM_UP])
    found = encode_paths(forecaster, state, flat_WTD[:, None, WARM_UP:]).nll_BKH[:, 0]
    return torch.cat([torch.full((len(flat_WTD), WARM_UP), torch.nan), found], 1)


def normal_score(forecaster: Forecaster, surprise_WT: Tensor) -> Tensor:
    """Return surprise as a standard normal number: the normal quantile of its percentile in training.

    Below the 1st and above the 99th percentile, where training has few samples, it is extrapolated linearly, with the slope
    between the 1st and 10th, and the 90th and 99th percentile.
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

    It is two-sided: a frozen face is far too likely.
    """
    squares = normal_score(forecaster, surprise_WT).square()
    late = squares.unfold(1, SMOOTHING, 1).mean(-1).sqrt()
    return torch.cat([torch.full((len(late), SMOOTHING - 1), torch.nan), late], 1)


def wins(higher_WF: Tensor, lower_WF: Tensor) -> Tensor:
    """Return `[W, W]`: the share of pairs of frames in which window i of the first is above window j of the second.

    Ties count half; the mean is the area under the ROC curve (Mann-Whitney).
    """
    rows = [
        ((row[:, None, None] > lower_WF).float() + 0.5 * (row[:, None, None] == lower_WF)).mean((0, 2)) for row in higher_WF
    ]
    return torch.stack(rows)


def _windows(motions: Sequence[KeypointSequence], forecaster: Forecaster, seed: int) -> anomalies.AnomalyWindows:
    parts = list(iterate_windows(motions, LENGTH, STRIDE))
    if not parts:
        raise InputError("data_short", f"No recording that fits the model is as long as {LENGTH} steps of 80 ms.")
    onset = np.random.default_rng(seed).integers(WARM_UP + SMOOTHING, LENGTH - 2 * anomalies.EVENT + 1, len(parts))
    flat = torch.from_numpy(np.stack([frames for frames, _ in parts]))
    return anomalies.AnomalyWindows(flat, [motion.person for _, motion in parts], torch.from_numpy(onset), forecaster.step_std)


def _since_onset(onset_W: Tensor, score_WT: Tensor, frames: Sequence[int]) -> Tensor:
    """Return the score `[W, F]` at some frames since each window's onset."""
    return score_WT.gather(1, onset_W[:, None] + torch.tensor(list(frames)))


def _calibration(forecaster: Forecaster, surprise_WT: Tensor, resampler: Resampler) -> dict[str, Metric]:
    """Compare the percentile that the page shows with the uniform distribution that it should have on real motion."""
    seen = surprise_WT[:, WARM_UP:]
    rank = torch.searchsorted(forecaster.surprise_quantiles, seen.contiguous()).clamp(max=LEVELS)
    counts = torch.nn.functional.one_hot(rank, LEVELS + 1).sum(1).double()
    share = (rank.double() / LEVELS).mean(1)
    one = torch.ones_like(share)
    figures = {
        "ks": resampler.of_sums(counts, _uniform_distance),
        "mean": resampler.of_sums(torch.stack([share, one], 1), ratio),
        "above_95": resampler.of_sums(torch.stack([(rank > 95).double().mean(1), one], 1), ratio),
        "below_5": resampler.of_sums(torch.stack([(rank <= 5).double().mean(1), one], 1), ratio),
    }
    found = {name: estimate.metric() for name, estimate in figures.items()}
    found["ks"].histogram = (counts[:, 1:].sum(0).view(20, -1).sum(1) / counts.sum()).tolist()
    return found


def _uniform_distance(counts: Tensor) -> Tensor:
    """Kolmogorov-Smirnov distance from uniform of counts `[..., LEVELS + 1]`; rank r of 0..LEVELS ends at r / LEVELS."""
    cumulative = counts.cumsum(-1) / counts.sum(-1, keepdim=True)
    return (cumulative - torch.arange(LEVELS + 1, dtype=counts.dtype) / LEVELS).abs().amax(-1)


def _timeline(score_WT: Tensor, onset_W: Tensor) -> Timeline:
    since = list(range(-4, anomalies.EVENT + SMOOTHING - 1))
    quartiles = _since_onset(onset_W, score_WT, since).nanquantile(torch.tensor([0.25, 0.5, 0.75]), dim=0)
    return Timeline(since, quartiles.tolist())
