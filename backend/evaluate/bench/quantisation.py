"""Measure the error of a generator in lower precision on real frames of people it was not calibrated with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from backend.animate.compose import FrameLayers, compose
from backend.animate.generator import Generator
from backend.evaluate.report.report import Metric, Report
from backend.runtime.conversion import convert_graph, read_graph
from backend.runtime.export import CalibrationInputs
from backend.runtime.graph import RENDER_OUTPUTS, render_inputs, render_source, to_bytes
from backend.runtime.openvino import OpenVinoPrecision, compile_graph
from backend.train.data.pairs import Pairs

Outputs = list[FrameLayers]


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
        results[precision] = _errors(outputs, exact, pairs) | {"frames_per_s": Metric(rate)}
    return Report("export", {"model": str(folder), "pairs": len(pairs)}, results)


def _run(graph: object, precision: OpenVinoPrecision, inputs: Sequence[CalibrationInputs]) -> tuple[Outputs, float]:
    request = compile_graph(graph, precision).create_infer_request()
    request.infer(inputs[0])
    began, outputs = time.process_time(), []
    for sample in inputs:
        found = request.infer(sample)
        outputs.append(FrameLayers(*(torch.from_numpy(found[name]) for name in RENDER_OUTPUTS)))
    return outputs, len(inputs) / (time.process_time() - began)


def _errors(outputs: Outputs, exact: Outputs, pairs: Sequence[Pairs]) -> dict[str, Metric]:
    frames, expected = (
        torch.cat([compose(pair.source, layers) for pair, layers in zip(pairs, some, strict=True)]) for some in (outputs, exact)
    )
    offset, expected_offset = (torch.cat([layers.offset for layers in some]) for some in (outputs, exact))
    error = (to_bytes(frames).float() - to_bytes(expected).float()).abs()
    figures = {
        "l1": (frames - torch.cat([pair.driving for pair in pairs])).abs().mean(),
        "difference": error.mean(),
        "difference_99.9": torch.quantile(error.flatten(), 0.999),
        "flow_px": (offset - expected_offset).abs().mean() * frames.shape[-1] / 2,
    }
    return {name: Metric(float(value)) for name, value in figures.items()}
