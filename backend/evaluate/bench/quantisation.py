"""Measure the error of a generator in lower precision on real frames of people it was not calibrated with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from backend.animate.generator import Generator
from backend.evaluate.report.report import Metric, Report
from backend.runtime.conversion import convert_graph, read_graph
from backend.runtime.export import CalibrationInputs
from backend.runtime.graph import RENDER_OUTPUTS, render_inputs, render_source
from backend.runtime.openvino import OpenVinoPrecision, compile_graph
from backend.train.data.pairs import Pairs

Outputs = list[dict[str, NDArray[np.float32]]]


def graph_inputs(generator: Generator, pairs: Sequence[Pairs]) -> list[CalibrationInputs]:
    """Return the render graph's inputs for every pair."""
    with torch.inference_mode():
        encoded = [generator.encode(pair.source, pair.source_keypoints) for pair in pairs]
    return [render_inputs(portrait, pair.driving_keypoints) for portrait, pair in zip(encoded, pairs, strict=True)]


def quantisation_error(folder: Path, pairs: Sequence[Pairs], graph: Path | None = None) -> Report:
    """Compare float32, bfloat16 and int8 on held-out pairs.

    Args:
        folder: of the generator.
        pairs: one in each batch, at the network's size.
        graph: the eight-bit graph; beside the weights by default.

    Returns:
        By precision, `l1` to the true frame, in [0, 1]; `difference` from float32's frames, mean absolute, and its 99.9th
        percentile `difference_99.9`, in steps of 1/255; `flow_px`, mean absolute difference of the flow in pixels of the
        network's size; `frames_per_s`, one frame a call, by the CPU time of one thread.

    Raises:
        ModelError: as `read_graph`.
    """
    generator = Generator.load(folder)
    inputs = graph_inputs(generator, pairs)
    plain = convert_graph(render_source(generator))
    exact, results = None, {}
    for precision, used in (("float32", plain), ("bfloat16", plain), ("int8", read_graph(folder, graph))):
        outputs, rate = _run(used, precision, inputs)  # type: ignore[arg-type]
        exact = exact or outputs
        results[precision] = _errors(outputs, exact, pairs, generator.config.size) | {"frames_per_s": Metric(rate)}
    return Report("export", {"model": str(folder), "pairs": len(pairs)}, results)


def _run(graph: object, precision: OpenVinoPrecision, inputs: Sequence[CalibrationInputs]) -> tuple[Outputs, float]:
    request = compile_graph(graph, precision).create_infer_request()
    request.infer(inputs[0])
    began, outputs = time.process_time(), []
    for sample in inputs:
        found = request.infer(sample)
        outputs.append({name: found[name] for name in RENDER_OUTPUTS})
    return outputs, len(inputs) / (time.process_time() - began)


def _errors(outputs: Outputs, exact: Outputs, pairs: Sequence[Pairs], size: int) -> dict[str, Metric]:
    truth = np.concatenate([pair.driving.permute(0, 2, 3, 1).numpy() for pair in pairs])
    frames, expected = (np.concatenate([each["frames"] for each in some]).astype(np.float32) for some in (outputs, exact))
    flow, expected_flow = (np.concatenate([each["flow"] for each in some]) for some in (outputs, exact))
    error = np.abs(frames - expected)
    figures = {
        "l1": np.abs(frames / 255 - truth).mean(),
        "difference": error.mean(),
        "difference_99.9": np.quantile(error, 0.999),
        "flow_px": np.abs(flow - expected_flow).mean() * size / 2,
    }
    return {name: Metric(float(value)) for name, value in figures.items()}
