"""The way there and back: how exact the flow's inverse is, and what the Jacobi iteration saves over going token by token."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import torch
from torch import Tensor

from backend.core.progress import Progress
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.windows import Window, source
from backend.starflow.flow import LatentFlow
from backend.starflow.inversion import JacobiSettings, SolverStats, invert_jacobi, invert_sequential
from backend.starflow.model import StarFlow
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

BLOCKS = (4, 8, 16, 32, 64, 96, 128, 256)
"""Tokens that are solved together."""

REPEATS = 3
"""Times that each way is run on every window; the median counts."""

ONE_BY_ONE = "inversion_sequential"


@dataclass(frozen=True)
class Solved:
    """Tokens of the deep block, latents behind all blocks, what both cost, and how long it took in milliseconds."""

    u: Tensor
    x: Tensor
    deep: SolverStats
    shallow: list[SolverStats]
    deep_ms: float
    ms: float

    @property
    def passes(self) -> int:
        """Passes through any block's transformer."""
        return self.deep.nfe + sum(effort.nfe for effort in self.shallow)


@torch.inference_mode()
def round_trip(model: StarFlow, windows: Sequence[Window], seed: int = 0) -> dict[str, dict[str, Metric]]:
    """Send noisy latents of whole windows to noise and back, token by token and by Jacobi without a tolerance.

    Returns:
        By `round_trip_sequential` and `round_trip_jacobi`: `max_error`, the largest absolute difference of any latent number of
        any window (they have deviation 1), in float32.
    """
    flow, worst = model.flow, {"sequential": 0.0, "jacobi": 0.0}
    device, tokens = next(model.parameters()).device, flow.tokens_per_frame
    for number, window in enumerate(windows):
        latents = model.autoencoder.encode(window.pixels.to(device))[None]
        x = latents + flow.config.noise * torch.randn(latents.shape, generator=source(seed, number)).to(device)
        z, _ = flow(x)
        for name in worst:
            solver, exact = flow.predictor(len(latents[0]), 1), None if name == "sequential" else JacobiSettings(tokens, 0.0)
            u, _ = invert_sequential(solver, z) if exact is None else invert_jacobi(solver, z, exact)
            back, _ = flow.shallow_inverse(u, exact)
            worst[name] = max(worst[name], float((back - x).abs().max()))
    return {f"round_trip_{name}": {"max_error": Metric(error)} for name, error in worst.items()}


def inversion(
    model: StarFlow,
    windows: Sequence[Window],
    context: int,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> dict[str, dict[str, Metric]]:
    """Draw the same future from the same noise token by token and block by block, and compare.

    Args:
        model: the model; where it lies, it runs.
        windows: `context` known frames of each are followed by 16 drawn ones, one future at a time.
        context: known frames.
        seed: of the noise.
        progress: told of windows done.

    Returns:
        By `inversion_sequential`, `inversion_as_drawn` (the settings of every draw) and `inversion_block_N`: `passes` and `ms`
        of the deep block, and of the whole draw with the shallow blocks (`draw_passes`, `draw_ms`); `error` and `draw_error`,
        norm of the difference over that of the sequential answer; `saved` and `faster`, sequential passes and ms over this
        one's, of the whole draw (`deep_saved`, `deep_faster` of the deep block); `settled`, tokens that a pass
        of the deep block settled on average.
    """
    flow, table, done = model.flow, Table(seed), 0
    ways: dict[str, JacobiSettings | None] = {ONE_BY_ONE: None}
    ways["inversion_as_drawn"] = JacobiSettings()
    ways |= {f"inversion_block_{n}": JacobiSettings(block=n) for n in BLOCKS if n <= CHUNK_FRAMES * flow.tokens_per_frame}
    for number, window in enumerate(windows):
        random = source(seed, number)
        device = next(model.parameters()).device
        with torch.inference_mode():
            known = model.autoencoder.encode(window.pixels[:context].to(device))[None]
            noisy = known + flow.config.noise * torch.randn(known.shape, generator=random).to(device)
            z = torch.randn(1, CHUNK_FRAMES * flow.tokens_per_frame, flow.config.channels, generator=random).to(device)
            found = {name: _repeated(flow, noisy, z, settings) for name, settings in ways.items()}
        oracle = found[ONE_BY_ONE]
        table.add(window.person, {name: _row(made, oracle) for name, made in found.items()})
        done += 1
        progress(done, len(windows))
    return {name: _figures(table, name) for name in ways}


def speed(video: VideoFlow, window: Window, count: int, seed: int = 0) -> dict[str, dict[str, Metric]]:
    """Time a whole draw of 16 frames, from pictures to pictures, of one future and of `count` together.

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


def solve(flow: LatentFlow, noisy: Tensor, z: Tensor, settings: JacobiSettings | None) -> Solved:
    """Draw behind known noisy latents `[B, T, H, W, C]` from noise `[B, L, C]`: by Jacobi, or token by token where None."""
    solver = flow.predictor(noisy.shape[1] + z.shape[1] // flow.tokens_per_frame, len(noisy))
    last = solver.prefill(flow.shallow_forward(noisy)[0])[-flow.tokens_per_frame :]
    began = _now(z)
    if settings is None:
        u, deep = invert_sequential(solver, z)
    else:
        u, deep = invert_jacobi(solver, z, settings, last)
    between = _now(z)
    x, shallow = flow.shallow_inverse(u, settings)
    return Solved(u, x, deep, shallow, 1000 * (between - began), 1000 * (_now(z) - began))


def _repeated(flow: LatentFlow, noisy: Tensor, z: Tensor, settings: JacobiSettings | None) -> Solved:
    runs = [solve(flow, noisy, z, settings) for _ in range(REPEATS)]
    return replace(runs[0], deep_ms=median(run.deep_ms for run in runs), ms=median(run.ms for run in runs))


def _row(made: Solved, oracle: Solved) -> dict[str, list[float] | Tensor]:
    found: dict[str, list[float] | Tensor] = {
        "passes": [float(made.deep.nfe)],
        "ms": [made.deep_ms],
        "error": [relative(made.u, oracle.u)],
        "draw_passes": [float(made.passes)],
        "draw_ms": [made.ms],
        "draw_error": [relative(made.x, oracle.x)],
    }
    if made.deep.committed:
        found["settled"] = [sum(made.deep.committed) / len(made.deep.committed)]
    return found


def _figures(table: Table, name: str) -> dict[str, Metric]:
    there = ("passes", "ms", "error", "draw_passes", "draw_ms", "draw_error")
    found = {metric: table.mean(name, metric) for metric in there}
    if name == ONE_BY_ONE:
        return found
    found["settled"] = table.mean(name, "settled")
    ratios = {"deep_saved": "passes", "deep_faster": "ms", "saved": "draw_passes", "faster": "draw_ms"}
    return found | {ratio: _over(table, name, ratio, metric) for ratio, metric in ratios.items()}


def _over(table: Table, name: str, ratio: str, metric: str) -> Metric:
    """Sequential over this one."""
    return table.over(ONE_BY_ONE, f"{ratio}_{name}", metric, (name, metric))


def relative(made: Tensor, oracle: Tensor) -> float:
    """Norm of the difference over the oracle's."""
    return float((made - oracle).norm() / oracle.norm().clamp(min=1e-12))


def _now(x: Tensor) -> float:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    return time.perf_counter()
