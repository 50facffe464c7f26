"""Measure a generator: rendering time by engine, arithmetic, and the memory of a session."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from dataclasses import fields
from itertools import product
from pathlib import Path

import psutil
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import MotionFanError
from backend.core.types import ForecastSettings, Keypoints
from backend.evaluate.bench.timing import measure
from backend.evaluate.common.table import Figures
from backend.evaluate.report.report import Metric
from backend.media.images import bundled_portrait
from backend.pipeline import Pipeline, Stream
from backend.runtime.choose import EngineName, open_engine
from backend.runtime.engine import Precision

FRAMES = 16
"""Frames rendered in one pass when a generator is timed: K = 4 futures, every fourth of H = 16 steps."""

TILES = (128, 256, 512)
"""Edges of tiles in pixels."""

SESSIONS = 16
"""Sessions opened at once when their memory is measured."""

ENGINES: tuple[tuple[EngineName, Precision], ...] = (
    ("torch", "float32"), ("torch", "bfloat16"), ("openvino", "float32"), ("openvino", "bfloat16"), ("openvino", "int8"),
)  # fmt: skip


def time_rendering(name: str, pipeline: Pipeline, stream: Stream, repeats: int) -> Figures:
    """Time a generator: rendering at its own and other tile sizes, and encoding a portrait.

    Args:
        name: of the generator.
        pipeline: holds it.
        stream: what is rendered.
        repeats: three times the timed runs.
    """
    flat, image = _futures(pipeline, stream), bundled_portrait()
    few, size = max(5, repeats // 3), pipeline.generator.size
    names = {size: f"generator_{name}"} | {tile: f"generator_{name}_tile_{tile}" for tile in TILES if tile != size}
    results: Figures = {}
    for tile, key in names.items():
        results[key] = _with_rate(measure(lambda t=tile: pipeline.render([(stream, flat)], t), few, device=pipeline.device))  # type: ignore[misc]
    return results | {f"encode_portrait_{name}": {"ms": measure(lambda: pipeline.portrait(image), few, device=pipeline.device)}}


def time_engines(folder: Path, pipeline: Pipeline, stream: Stream, repeats: int) -> Figures:
    """Time every available engine and precision, with one thread and with two.

    Args:
        folder: of the generator.
        pipeline: with a generator of the same size.
        stream: what is rendered.
        repeats: five times the timed runs.
    """
    generator, image = Generator.load(folder), bundled_portrait()
    driving, keypoints = Keypoints.from_flat(_futures(pipeline, stream)), pipeline.keypoints(image.landmarks)
    results: Figures = {}
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        for (engine, precision), threads in product(ENGINES, (1, 2)):
            torch.set_num_threads(threads)
            try:
                made = open_engine(folder, generator, engine=engine, precision=precision)
            except MotionFanError:
                continue  # Not installed, or no eight-bit graph.
            portrait = made.encode(image.picture, keypoints)
            took = measure(lambda e=made, p=portrait: e.render(p, driving), max(3, repeats // 5))  # type: ignore[misc]
            results[f"{folder.name}_{engine}_{precision}_x{threads}"] = _with_rate(took)
    return results


def count_flops(folder: Path) -> dict[str, Metric]:
    """Count a generator's arithmetic: `gflop` a frame, and `gflop_encode` a portrait (a multiply and an add are two)."""
    generator = Generator.load(folder)
    config = generator.config
    value = torch.linspace(-0.5, 0.5, 2 * config.keypoints).reshape(1, -1, 2)
    face = Keypoints(value, torch.eye(2).repeat(1, config.keypoints, 1, 1))
    with torch.inference_mode():
        with FlopCounterMode(display=False) as encoding:
            portrait = generator.encode(torch.full((1, 3, config.size, config.size), 0.5), face)
        with FlopCounterMode(display=False) as rendering:
            generator(portrait, face)
    return {"gflop": Metric(rendering.get_total_flops() / 1e9), "gflop_encode": Metric(encoding.get_total_flops() / 1e9)}


def session_memory(pipeline: Pipeline) -> dict[str, Metric]:
    """Measure the memory of a session with its own portrait: `mb`, growth of the process; `tensors_mb`, its arrays alone."""
    image = bundled_portrait()
    kept = [pipeline.open(pipeline.portrait(image))]  # The first also allocates what all share.
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)  # Else sessions would reuse memory freed by earlier measurements.
    before = psutil.Process().memory_info().rss
    portraits = [pipeline.portrait(image) for _ in range(SESSIONS)]
    kept += [pipeline.open(portrait) for portrait in portraits]
    gc.collect()
    grown = psutil.Process().memory_info().rss - before
    portrait = portraits[-1]
    encoded = [getattr(portrait.encoded, field.name) for field in fields(EncodedPortrait)]
    arrays = portrait.picture.nbytes + sum(part.nbytes for part in encoded if isinstance(part, Tensor))
    return {"mb": Metric(grown / SESSIONS / 2**20), "tensors_mb": Metric(arrays / 2**20)}


def _futures(pipeline: Pipeline, stream: Stream) -> Tensor:
    fan = pipeline.forecast([stream], [ForecastSettings(k=4, horizon=16)])[0]
    return fan.paths[:, 3::4].flatten(0, 1)[:FRAMES]


def _with_rate(took: Metric) -> dict[str, Metric]:
    return {"ms": took, "frames_per_s": Metric(FRAMES / took.value * 1000)}
