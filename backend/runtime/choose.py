"""Chooses the engine that renders a generator."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal, get_args

import structlog
import torch

from backend.animate.generator import Generator
from backend.core.errors import InputError, ModelError
from backend.runtime.conversion import INT8_GRAPH
from backend.runtime.engine import Engine, Precision, TorchEngine

EngineName = Literal["auto", "torch", "openvino"]

log = structlog.get_logger(__name__)


def open_engine(
    folder: Path, generator: Generator, *, device: str = "cpu", engine: EngineName = "auto", precision: Precision = "auto"
) -> Engine:
    """Create the engine that renders a generator.

    `auto` is OpenVINO in int8 if the graph is beside the weights and the processor has the instructions for it (twice as fast
    as torch in bfloat16), else torch.

    Args:
        folder: of the weights, which may contain the int8 graph.
        generator: the model.
        device: where it runs; OpenVINO runs only on the CPU.
        engine: `torch`, `openvino` or `auto`.
        precision: of the convolutions; `auto` is the fastest that the engine offers on this machine.

    Raises:
        InputError: `engine_unknown`, `precision_unusable`; `engine_missing` if OpenVINO is requested but not installed;
            `engine_device` if it is requested on another device than the CPU.
        ModelError: `int8_missing`, `int8_stale` or `int8_damaged` if int8 is requested.
    """
    if engine not in get_args(EngineName):
        raise InputError("engine_unknown", f"There is no engine {engine!r}.", "Choose auto, torch or openvino.")
    if precision not in get_args(Precision):
        raise InputError("precision_unusable", f"There is no precision {precision!r}.", "Choose float32, bfloat16 or int8.")
    on_cpu = torch.device(device).type == "cpu"
    if engine == "openvino" and not on_cpu:
        raise InputError("engine_device", f"OpenVINO does not run on {device}.", "Take the engine torch there.")
    if engine == "openvino" or (engine == "auto" and precision == "int8" and on_cpu):
        return _openvino(folder, generator, precision)
    if engine == "auto" and precision == "auto" and on_cpu and _offers_int8(folder):
        try:
            return _openvino(folder, generator, "int8")
        except (InputError, ModelError) as error:
            log.warning("int8_passed_over", code=error.code, reason=str(error))
    return TorchEngine(generator, device, precision)


def _openvino(folder: Path, generator: Generator, precision: Precision) -> Engine:
    from backend.runtime.openvino import OpenVinoEngine

    if precision == "auto":
        precision = "int8" if _offers_int8(folder) else "float32"
    return OpenVinoEngine(generator, precision, folder)


def _offers_int8(folder: Path) -> bool:
    """Whether there are an int8 graph, OpenVINO, and a processor that sums products of bytes without saturation (VNNI)."""
    has_openvino = importlib.util.find_spec("openvino") is not None
    return (folder / INT8_GRAPH).is_file() and has_openvino and torch.cpu._is_vnni_supported()
