"""How fast a generator draws, by which engine, how much work that is, and what a session keeps in memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import psutil
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import MotionFanError
from backend.core.types import ForecastSettings, Keypoints
from backend.evaluate.report.report import Metric
from backend.media.images import bundled_portrait
from backend.pipeline import Pipeline, Portrait, Stream
from backend.runtime.choose import EngineName, open_engine
from backend.runtime.engine import Precision

FRAMES = 16
"""Frames rendered in one pass when a generator is timed: K = 4 futures, every fourth of H = 16 steps."""

TILES = (128, 256, 512)
"""Sides of tiles, in pixels, that one network draws."""

SESSIONS = 16
"""Sessions opened at once when their memory is measured."""

ENGINES: tuple[tuple[EngineName, Precision], ...] = (
    ("torch", "float32"),
    ("torch", "bfloat16"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("openvino", "int8"),
)

Row = dict[str, Metric]
Measure = Callable[[Callable[[], object], int], Metric]


def drawing(name: str, pipeline: Pipeline, stream: Stream, repeats: int, measure: Measure) -> dict[str, Row]:
    """Time a pipeline's generator: at its own size, at other sizes of tiles, and a portrait's encoding."""
    flat = _futures(pipeline, stream)
    few = max(5, repeats // 3)
    size = pipeline.generator.size
    rendered = measure(lambda: pipeline.render([(stream, flat)], size), few)
    results = {f"generator_{name}": {"ms": rendered, "frames_per_s": _rate(rendered)}}
    for tile in TILES:
        if tile != size:
            rendered = measure(lambda t=tile: pipeline.render([(stream, flat)], t), few)  # type: ignore[misc]
            results[f"generator_{name}_tile_{tile}"] = {"ms": rendered, "frames_per_s": _rate(rendered)}
    image = bundled_portrait()
    return results | {f"encode_portrait_{name}": {"ms": measure(lambda: pipeline.portrait(image), few)}}


def engines(folder: Path, pipeline: Pipeline, stream: Stream, repeats: int, measure: Measure) -> dict[str, Row]:
    """Time every engine and precision that runs here, by one thread and by two."""
    name = folder.name.removeprefix("generator_")
    generator = Generator.load(folder)
    driving = Keypoints.from_flat(_futures(pipeline, stream))
    image = bundled_portrait()
    keypoints = pipeline.keypoints(image.landmarks)
    results: dict[str, Row] = {}
    for engine, precision in ENGINES:
        for threads in (1, 2):
            with _threads(threads):
                try:
                    made = open_engine(folder, generator, engine=engine, precision=precision)
                except MotionFanError:
                    continue  # Not installed, or no eight-bit graph: what runs is measured.
                portrait = made.encode(image.picture, keypoints)
                took = measure(lambda e=made, p=portrait: e.render(p, driving), max(3, repeats // 5))  # type: ignore[misc]
            results[f"generator_{name}_{engine}_{precision}_x{threads}"] = {"ms": took, "frames_per_s": _rate(took)}
    return results


def work(folder: Path) -> Row:
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


def session_memory(pipeline: Pipeline) -> Row:
    """Measure what a session with a portrait of its own keeps: `mb`, growth of the process; `tensors_mb`, what it can name."""
    image = bundled_portrait()
    kept = [pipeline.open(pipeline.portrait(image))]  # The first also pays for what all share.
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)  # Else sessions would move into what earlier measurements left, and weigh nothing.
    before = psutil.Process().memory_info().rss
    kept += [pipeline.open(pipeline.portrait(image)) for _ in range(SESSIONS)]
    gc.collect()
    grown = psutil.Process().memory_info().rss - before
    return {"mb": Metric(grown / SESSIONS / 2**20), "tensors_mb": Metric(_bytes(kept[-1].portrait) / 2**20)}


def _bytes(portrait: Portrait) -> int:
    encoded = [getattr(portrait.encoded, field.name) for field in fields(EncodedPortrait)]
    return portrait.picture.nbytes + sum(part.nbytes for part in encoded if isinstance(part, Tensor))


def _futures(pipeline: Pipeline, stream: Stream) -> Tensor:
    fan = pipeline.forecast([stream], [ForecastSettings(k=4, horizon=16)])[0]
    return fan.paths[:, 3::4].flatten(0, 1)[:FRAMES]


def _rate(took: Metric) -> Metric:
    return Metric(FRAMES / took.value * 1000)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
