"""Likelihood as a feature: is the surprise of real motion calibrated, and does it notice what is wrong with motion?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.evaluate.common.inputs import gather
from backend.evaluate.common.resampling import Estimate, Resampler, ratio
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
"""Frames (0.4 s) that the smoothed score looks back on."""

LEVELS = 100


@dataclass(frozen=True)
class Timeline:
    """What the score does around an anomaly: quartiles over windows `[3, T]`, at frames since its onset `[T]`."""

    since: list[int]
    quartiles: list[list[float]]


@dataclass(frozen=True)
class SurpriseEvaluation:
    """The report and what pictures of it are made from: the smoothed score around each anomaly, and around none."""

    report: Report
    timelines: dict[str, Timeline]


def evaluate_surprise(
    recordings: Path,
    models: Path,
    *,
    model: Path | None = None,
    split: Path | None = None,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> SurpriseEvaluation:
    """Measure the surprise of held-out motion, as it is and with an anomaly in every window.

    Args:
        recordings: folder of landmark recordings or keypoint arrays (see `read_evaluation_set`).
        models: folder of all models.
        model: folder of the forecaster; by default one of `models` that fits the recordings.
        split: a CSV of which recordings are held out.
        seed: of the moments and of what is random in the anomalies.
        progress: told of anomalies done.

    Returns:
        Per anomaly `auroc`: of the surprise of its frames (of the first one, where the anomaly is brief) against the same
        frames of untouched motion; and `auroc_smoothed`: of `smoothed` when `SMOOTHING` frames of it have been seen.
        `calibration`: the Kolmogorov-Smirnov distance `ks` of the percentile from uniform, its mean, and the shares above
        95 % and below 5 %.
        Intervals are 95 %, by resampling people.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the recordings cannot be read, do not fit or are too short.
    """
    material = gather(recordings, models, model, split)
    forecaster = material.forecaster
    moments = _moments(material.motions, forecaster, seed)
    resampler = Resampler(moments.people, seed)
    plain = surprise(forecaster, moments.flat_WTD)
    usual = smoothed(forecaster, plain)
    results: dict[str, dict[str, Metric]] = {}
    timelines = {"none": _timeline(usual, moments.onset_W)}
    for done, name in enumerate(anomalies.NAMES):
        progress(done, len(anomalies.NAMES))
        found = surprise(forecaster, anomalies.inject(name, moments, seed))
        score = smoothed(forecaster, found)
        timelines[name] = _timeline(score, moments.onset_W)
        frames = range(1) if name in anomalies.BRIEF else range(anomalies.EVENT)
        late = range(SMOOTHING - 1, SMOOTHING)
        results[name] = {
            "auroc": _metric(resampler.of_pairs(wins(_at(found, moments, frames), _at(plain, moments, frames)))),
            "auroc_smoothed": _metric(resampler.of_pairs(wins(_at(score, moments, late), _at(usual, moments, late)))),
        }
    results["calibration"] = _calibration(forecaster, plain, resampler)
    progress(len(anomalies.NAMES), len(anomalies.NAMES))
    settings = {
        "model": material.model.name,
        "windows": len(moments.people),
        "people": len(set(moments.people)),
        "seed": seed,
        "event_frames": anomalies.EVENT,
        "smoothing_frames": SMOOTHING,
        "jump_steps": anomalies.JUMP_STEPS,
        "live_noise": anomalies.LIVE_NOISE,
    }
    return SurpriseEvaluation(Report("evaluate surprise", settings, results, notes=material.notes), timelines)


def surprise(forecaster: Forecaster, flat_WTD: Tensor) -> Tensor:
    """Return -log_prob `[W, T]` of every frame given those before it; NaN for the first `WARM_UP` frames."""
    state = forecaster.observe(flat_WTD[:, :WARM_UP])
    found = encode_paths(forecaster, state, flat_WTD[:, None, WARM_UP:]).nll_BKH[:, 0]
    return torch.cat([torch.full((len(flat_WTD), WARM_UP), torch.nan), found], 1)


def normal_score(forecaster: Forecaster, surprise_WT: Tensor) -> Tensor:
    """Return surprise as a standard normal number: the percentile against training through the normal quantile function.

    Beyond the 1st and the 99th percentile, where training says little, it goes on as straight as between the 10th and the 1st,
    and the 90th and the 99th.
    """
    levels = (torch.arange(LEVELS + 1) / LEVELS).clamp(0.005, 0.995)
    quantiles, scores = forecaster.surprise_quantiles.numpy(), torch.special.ndtri(levels).numpy()
    x = surprise_WT.numpy()
    low, high = ((scores[b] - scores[a]) / (quantiles[b] - quantiles[a] + 1e-12) for a, b in ((1, 10), (90, 99)))
    inside = np.interp(x, quantiles, scores)
    below = np.where(x < quantiles[1], scores[1] + low * (x - quantiles[1]), inside)
    return torch.from_numpy(np.where(x > quantiles[99], scores[99] + high * (x - quantiles[99]), below)).float()


def smoothed(forecaster: Forecaster, surprise_WT: Tensor) -> Tensor:
    """Return the root mean square `[W, T]` of the last `SMOOTHING` normal scores; less than that many give NaN.

    Two-sided, since what is far too likely is as wrong as what is far too unlikely: a frozen face moves less than any does.
    """
    squares = normal_score(forecaster, surprise_WT).square()
    late = squares.unfold(1, SMOOTHING, 1).mean(-1).sqrt()
    return torch.cat([torch.full((len(late), SMOOTHING - 1), torch.nan), late], 1)


def wins(higher_WF: Tensor, lower_WF: Tensor) -> Tensor:
    """Return `[W, W]`: the share of pairs of frames in which window i of the first is above window j of the second.

    Ties count half; the mean over all is the area under the ROC curve (Mann-Whitney).
    """
    rows = [
        ((row[:, None, None] > lower_WF).float() + 0.5 * (row[:, None, None] == lower_WF)).mean((0, 2)) for row in higher_WF
    ]
    return torch.stack(rows)


def _moments(motions: Sequence[KeypointSequence], forecaster: Forecaster, seed: int) -> anomalies.Moments:
    parts = list(iterate_windows(motions, LENGTH, STRIDE))
    if not parts:
        raise InputError("data_short", f"No recording that fits the model is as long as {LENGTH} steps of 80 ms.")
    onset = np.random.default_rng(seed).integers(WARM_UP + SMOOTHING, LENGTH - 2 * anomalies.EVENT + 1, len(parts))
    flat = torch.from_numpy(np.stack([frames for frames, _ in parts]))
    return anomalies.Moments(flat, [motion.person for _, motion in parts], torch.from_numpy(onset), forecaster.step_spread)


def _at(score_WT: Tensor, moments: anomalies.Moments, frames: range) -> Tensor:
    """Return the score `[W, F]` at some frames after each window's onset."""
    return score_WT.gather(1, moments.onset_W[:, None] + torch.tensor(list(frames)))


def _metric(estimate: Estimate) -> Metric:
    low, high = estimate.interval() or (None, None)
    return Metric(estimate.value, low, high)


def _calibration(forecaster: Forecaster, surprise_WT: Tensor, resampler: Resampler) -> dict[str, Metric]:
    """Compare the percentile that the page shows with what it ought to be over all of real motion: uniform."""
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
    found = {name: _metric(estimate) for name, estimate in figures.items()}
    found["ks"].histogram = (counts[:, 1:].sum(0).view(20, -1).sum(1) / counts.sum()).tolist()
    return found


def _uniform_distance(counts: Tensor) -> Tensor:
    """Kolmogorov-Smirnov distance from uniform of counts `[..., LEVELS + 1]`; rank r of 0..LEVELS ends at r / LEVELS."""
    cumulative = counts.cumsum(-1) / counts.sum(-1, keepdim=True)
    return (cumulative - torch.arange(LEVELS + 1, dtype=counts.dtype) / LEVELS).abs().amax(-1)


def _timeline(score_WT: Tensor, onset_W: Tensor) -> Timeline:
    since = list(range(-4, anomalies.EVENT + SMOOTHING - 1))
    around = score_WT.gather(1, onset_W[:, None] + torch.tensor(since))
    quartiles = around.nanquantile(torch.tensor([0.25, 0.5, 0.75]), dim=0)
    return Timeline(since, quartiles.tolist())
