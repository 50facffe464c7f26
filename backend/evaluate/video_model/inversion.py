"""Measure the flow's inverse: its accuracy, and the speed of Jacobi iteration against solving token by token."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from statistics import median

import torch
from torch import Tensor

from backend.evaluate.common.table import Figures, ScoreTable
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.windows import VideoWindow, WindowSet, encode_noisy, window_noise
from backend.starflow.flow import LatentFlow
from backend.starflow.inversion import JacobiSettings, SolverStats, invert_jacobi, invert_sequential
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

BLOCKS = (4, 8, 16, 32, 64, 96, 128, 256)
"""Tokens that are solved together."""

REPEATS = 3
"""Runs of each method on every window, of which the median time counts."""

SEQUENTIAL = "inversion_sequential"


@dataclass(frozen=True)
class TimedSolution:
    """A sample, and what solving it took."""

    u: Tensor  # tokens of the deep block
    x: Tensor  # latents after all blocks
    deep: SolverStats
    shallow: list[SolverStats]
    deep_ms: float
    ms: float  # of all blocks


@torch.inference_mode()
def round_trip(video: VideoFlow, windows: WindowSet) -> Figures:
    """Map noisy latents of whole windows to noise and back, token by token and by Jacobi iteration without a tolerance.

    Returns:
        By `round_trip_sequential` and `round_trip_jacobi`: `max_error`, the largest absolute difference of any latent number
        (of standard deviation 1), in float32.
    """
    flow, errors = video.model.flow, dict[str, list[float]](sequential=[], jacobi=[])
    for number, window in windows:
        _, x = encode_noisy(video.model, window.pixels, window_noise(windows.seed, number))
        z, _ = flow(x)
        for name, settings in (("sequential", None), ("jacobi", JacobiSettings(flow.tokens_per_frame, 0.0))):
            solver = flow.predictor(window.length, 1)
            u, _ = invert_sequential(solver, z) if settings is None else invert_jacobi(solver, z, settings)
            back, _ = flow.shallow_inverse(u, settings)
            errors[name].append(float((back - x).abs().max()))
    return {f"round_trip_{name}": {"max_error": Metric(max(found))} for name, found in errors.items()}


def inversion(video: VideoFlow, windows: WindowSet) -> Figures:
    """Sample the same future of 16 frames from the same noise token by token and block by block, and compare.

    Returns:
        By `inversion_sequential`, `inversion_as_drawn` (the default settings) and `inversion_block_N`: `passes` and `ms` of the
        deep block, and of the whole sampling with the shallow blocks (`draw_passes`, `draw_ms`); `error` and `draw_error`, norm
        of the difference from the sequential result over its norm; `saved` and `faster`, sequential passes and ms over this
        method's, of the whole sampling (`deep_saved`, `deep_faster`: of the deep block); `settled`, mean tokens that converge
        in a pass of the deep block.
    """
    flow, table = video.model.flow, ScoreTable(windows.seed)
    ways: dict[str, JacobiSettings | None] = {SEQUENTIAL: None, "inversion_as_drawn": JacobiSettings()}
    ways |= {f"inversion_block_{n}": JacobiSettings(block=n) for n in BLOCKS if n <= CHUNK_FRAMES * flow.tokens_per_frame}
    for number, window in windows:
        noise = window_noise(windows.seed, number)
        with torch.inference_mode():
            _, noisy = encode_noisy(video.model, window.pixels[: video.context], noise)
            z = torch.randn(1, CHUNK_FRAMES * flow.tokens_per_frame, flow.config.channels, generator=noise).to(noisy.device)
            found = {name: _repeated(flow, noisy, z, settings) for name, settings in ways.items()}
        table.add(window.person, {name: _row(made, found[SEQUENTIAL]) for name, made in found.items()})
    return {name: _figures(table, name) for name in ways}


def speed(video: VideoFlow, window: VideoWindow, count: int, seed: int = 0) -> Figures:
    """Time the sampling of 16 frames, from pictures to pictures, for one future and for `count` together.

    Args:
        video: the video model.
        window: its first frames are the context.
        count: K.
        seed: of the futures.

    Returns:
        By `draw_1` and `draw_COUNT`: `ms`, the median of three, and `frames_per_s`, of all futures together.
    """
    found = {}
    for futures in dict.fromkeys((1, count)):
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            video.futures(window.frames[: video.context], futures, CHUNK_FRAMES, SamplingSettings(seed=seed))
            times.append(1000 * (time.perf_counter() - began))
        ms = median(times)
        found[f"draw_{futures}"] = {"ms": Metric(ms), "frames_per_s": Metric(1000 * futures * CHUNK_FRAMES / ms)}
    return found


def solve(flow: LatentFlow, noisy: Tensor, z: Tensor, settings: JacobiSettings | None) -> TimedSolution:
    """Sample after known noisy latents `[B, T, H, W, C]` from noise `[B, L, C]`.

    Args:
        flow: the flow.
        noisy: known latents.
        z: noise of the tokens to sample.
        settings: of the Jacobi iteration; None solves token by token.
    """
    solver = flow.predictor(noisy.shape[1] + z.shape[1] // flow.tokens_per_frame, len(noisy))
    last = solver.prefill(flow.shallow_forward(noisy)[0])[-flow.tokens_per_frame :]
    began = _now(z)
    u, deep = invert_sequential(solver, z) if settings is None else invert_jacobi(solver, z, settings, last)
    between = _now(z)
    x, shallow = flow.shallow_inverse(u, settings)
    return TimedSolution(u, x, deep, shallow, 1000 * (between - began), 1000 * (_now(z) - began))


def _repeated(flow: LatentFlow, noisy: Tensor, z: Tensor, settings: JacobiSettings | None) -> TimedSolution:
    runs = [solve(flow, noisy, z, settings) for _ in range(REPEATS)]
    return replace(runs[0], deep_ms=median(run.deep_ms for run in runs), ms=median(run.ms for run in runs))


def _row(made: TimedSolution, oracle: TimedSolution) -> dict[str, list[float]]:
    found = {
        "passes": float(made.deep.nfe),
        "ms": made.deep_ms,
        "error": relative(made.u, oracle.u),
        "draw_passes": float(made.deep.nfe + sum(stats.nfe for stats in made.shallow)),
        "draw_ms": made.ms,
        "draw_error": relative(made.x, oracle.x),
    }
    if made.deep.committed:
        found["settled"] = sum(made.deep.committed) / len(made.deep.committed)
    return {metric: [value] for metric, value in found.items()}


def _figures(table: ScoreTable, name: str) -> dict[str, Metric]:
    metrics = ("passes", "ms", "error", "draw_passes", "draw_ms", "draw_error")
    found = {metric: table.mean(name, metric) for metric in metrics}
    if name == SEQUENTIAL:
        return found
    found["settled"] = table.mean(name, "settled")
    for ratio, metric in {"deep_saved": "passes", "deep_faster": "ms", "saved": "draw_passes", "faster": "draw_ms"}.items():
        found[ratio] = table.over(SEQUENTIAL, f"{ratio}_{name}", metric, (name, metric))
    return found


def relative(made: Tensor, oracle: Tensor) -> float:
    """Return the norm of the difference over the oracle's."""
    return float((made - oracle).norm() / oracle.norm().clamp(min=1e-12))


def _now(x: Tensor) -> float:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    return time.perf_counter()
