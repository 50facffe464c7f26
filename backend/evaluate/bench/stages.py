"""`motionfan bench`: time every stage on this machine, and measure memory."""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from torch import Tensor

from backend.core.device import HOST, on_host
from backend.core.recording import Recording
from backend.core.types import ForecastSettings
from backend.core.weights import generator_folder
from backend.evaluate.bench.generators import count_flops, session_memory, time_engines, time_rendering
from backend.evaluate.bench.sharpness import measure_sharpness
from backend.evaluate.bench.timing import measure
from backend.evaluate.common.table import Figures
from backend.evaluate.report.report import Metric, Report
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.paper.flow import PaperFlow
from backend.forecast.paper.loop import PaperLoop
from backend.forecast.refine import Refinement
from backend.forecast.selection import select_futures
from backend.forecast.state import ForecastState
from backend.keypoints.clock import Tick, resample
from backend.media.images import bundled_portrait
from backend.pipeline import Pipeline, Stream
from backend.runtime.choose import EngineName
from backend.runtime.engine import Precision
from backend.server.http.recordings import RECORDINGS

SESSIONS = 32
"""Streams of a batch."""

DEVICE_SESSIONS = 256
"""Streams of a further batch where the device is not the host."""

SAMPLES, CONTEXT, HORIZON = 100, 8, 16
"""One window as in the GRU-SNF paper."""


def bench(
    models: Path,
    recording: Recording,
    *,
    device: str = HOST,
    threads: int = 0,
    engine: EngineName = "auto",
    precision: Precision = "auto",
    all_engines: bool = False,
    repeats: int = 30,
) -> Report:
    """Measure every stage on the bundled portrait and a recording.

    Args:
        models: folder of weights.
        recording: the driver.
        device: of the forecaster and the generators.
        threads: of torch; 0 takes half of the cores.
        engine: what renders; `auto` is the fastest available.
        precision: of the generators.
        all_engines: time all engines and precisions, with one thread and with two, which takes minutes.
        repeats: timed runs of each stage; see `time_sampling` for the paper's loop.
    """
    loads = partial(Pipeline.load, models, device=device, threads=threads, engine=engine, precision=precision)
    folders = sorted(models.glob("generator_*")) or [generator_folder(models, "slim_128")]
    pipelines = [loads(generator=folder.name.removeprefix("generator_")) for folder in folders]
    pipeline, segment = pipelines[0], resample(recording)[0]
    counts = (SESSIONS,) if on_host(pipeline.device) else (SESSIONS, DEVICE_SESSIONS)
    streams, landmarks = _started(pipeline, segment, counts[-1]), recording.landmarks[0]
    keypoints = measure(lambda: pipeline.keypoints(landmarks).flat(), repeats, device=pipeline.device)
    results: Figures = {"keypoints": {"ms": keypoints}}
    results |= time_forecasts(pipeline, streams, repeats, counts)
    context = torch.stack([pipeline.keypoints(face).flat() for face in segment.landmarks[:CONTEXT]])
    results |= time_sampling(pipeline.forecaster, context.reshape(1, CONTEXT, -1), repeats)
    for folder, loaded in zip(folders, pipelines, strict=True):
        (own,) = _started(loaded, segment)
        results |= time_rendering(folder.name.removeprefix("generator_"), loaded, own, repeats)
        results[folder.name] |= count_flops(folder)
        if all_engines:
            results |= time_engines(folder, loaded, own, repeats)
    results |= measure_sharpness(pipeline, RECORDINGS)
    results["session"] = session_memory(pipelines[-1])
    for tiles, size in ((8, 128), (4, 256)):
        sheet = np.ascontiguousarray(np.tile(bundled_portrait().picture[:size, :size], (1, tiles, 1)))
        results[f"jpeg_sheet_{tiles}x{size}"] = {"ms": measure(lambda s=sheet: simplejpeg.encode_jpeg(s, quality=80), repeats)}  # type: ignore[misc]
    results["process"] = {"peak_mb": Metric(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
    used = {"device": device, "threads": torch.get_num_threads(), "repeats": repeats}
    used |= {"engine": pipeline.generator.name, "precision": pipeline.generator.precision}
    return Report("bench", used, results)


def time_forecasts(pipeline: Pipeline, streams: list[Stream], repeats: int, counts: Sequence[int]) -> Figures:
    """Time observing, forecasting and choosing for one stream, and for several as one batch, in `ms` per stream.

    Args:
        pipeline: forecasts.
        streams: ready to forecast, as many as the largest batch has.
        repeats: timed calls; batches run a tenth as often, and at least three times.
        counts: streams of the batches.

    Returns:
        `observe`: one step; `forecast_step`: 8 futures with 2 MCMC steps after each block; `forecast_step_nf`: 8 without;
        `forecast_by_step`: as `forecast_step`, but sampled step by step;
        `forecast_chosen`: 4 of 32 newly drawn ones, with 2 MCMC steps; `choose`: the choice of those 4 alone.
        `observe_batch_N`, `forecast_batch_N`, `forecast_chosen_batch_N`, `choose_batch_N`: the same for N streams at once.
    """
    step = ForecastSettings(k=8, horizon=16, mcmc_steps=2, choose="off")
    chosen = ForecastSettings(k=4, horizon=16, mcmc_steps=2, choose="8x")
    plain = ForecastSettings(k=8, horizon=16, method="gru_nf", choose="off")
    by_step = ForecastSettings(k=8, horizon=16, mcmc_steps=2, choose="off", sampling="steps")
    tick = [Tick(bundled_portrait().landmarks, 0.0, 0, False)]

    def forecast(count: int, settings: ForecastSettings) -> None:
        for stream in streams[:count]:
            stream.seed += settings.choose != "off"  # Another seed draws and chooses again.
        pipeline.forecast(streams[:count], [settings] * count)

    def measured(count: int, work: Callable[[], object]) -> dict[str, Metric]:
        took = measure(work, repeats if count == 1 else max(3, repeats // 10), device=pipeline.device)
        return {"ms": Metric(*(None if value is None else value / count for value in (took.value, took.low, took.high)))}  # type: ignore[arg-type]

    results = {"forecast_step_nf": measured(1, lambda: forecast(1, plain))}
    results["forecast_by_step"] = measured(1, lambda: forecast(1, by_step))
    for count in (1, *counts):
        some, batch = streams[:count], "" if count == 1 else f"_batch_{count}"
        state = ForecastState.cat([stream.state for stream in some])
        draws = pipeline.forecaster.sample(state, chosen.draws, chosen.horizon).paths
        results[f"forecast{batch or '_step'}"] = measured(count, partial(forecast, count, step))
        results[f"forecast_chosen{batch}"] = measured(count, partial(forecast, count, chosen))
        results[f"choose{batch}"] = measured(count, partial(select_futures, draws, chosen.k))
        results[f"observe{batch}"] = measured(count, partial(pipeline.observe, some, [tick] * count))
    return results


def time_sampling(forecaster: Forecaster, context_WCD: Tensor, repeats: int, samples: int = SAMPLES) -> Figures:
    """Time the sampling of one window: ours, the paper's loop on the same weights, and that loop at the paper's sizes.

    The paper's model is an untrained GRU of 3 x 512 with its own flow, since weights do not change the time. All refine by 2
    random-walk steps after each block.

    Args:
        forecaster: ours.
        context_WCD: the window's context.
        repeats: timed runs; the paper's loop runs a tenth as often, and not at all below ten.
        samples: K.

    Returns:
        `ms` by `forecast_window`, `paper_loop` and `paper_loop_512`; `speedup`: the loop's time over ours.
    """

    def ours() -> Tensor:
        state = forecaster.observe(context_WCD)
        return forecaster.sample(state, samples, HORIZON, refine=Refinement(steps=2, step_size=0.35)).paths

    device = context_WCD.device
    window = measure(ours, repeats, device=device)
    results = {"forecast_window": {"ms": window}}
    d = context_WCD.shape[-1]
    published = Forecaster(ForecasterConfig(features=d, hidden=512, layers=3, blocks=0)).to(device).freeze()
    paper_flow = PaperFlow(d, context=3 * 512).to(device)
    loops = {"paper_loop": PaperLoop(forecaster), "paper_loop_512": PaperLoop(published, flow=paper_flow)}
    for name, loop in loops.items() if repeats >= 10 else ():
        took = measure(lambda c=loop: c.sample(context_WCD, samples, HORIZON), repeats // 10, warm_up=0, device=device)  # type: ignore[misc]
        results[name] = {"ms": took, "speedup": Metric(took.value / window.value)}
    return results


def _started(pipeline: Pipeline, segment: Recording, count: int = 1) -> list[Stream]:
    """Return streams of one portrait that have observed a recording."""
    portrait = pipeline.portrait(bundled_portrait())
    streams = [pipeline.open(portrait, seed=seed) for seed in range(count)]
    for i, (face, seconds) in enumerate(zip(segment.landmarks, segment.timestamps, strict=True)):
        pipeline.observe(streams, [[Tick(face, float(seconds), i, False)]] * count)
    return streams
