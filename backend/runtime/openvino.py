"""The engine in OpenVINO: with int8 about twice as fast as torch in bfloat16."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from backend.animate.compose import FrameLayers
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints
from backend.runtime.conversion import convert_graph, read_graph, require_openvino
from backend.runtime.engine import Engine
from backend.runtime.graph import PER_FRAME, RENDER_INPUTS, RENDER_OUTPUTS, folded, render_inputs, render_source

if TYPE_CHECKING:
    from openvino import CompiledModel, Model

OpenVinoPrecision = Literal["float32", "bfloat16", "int8"]

_HINT = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}  # In int8, everything except the convolutions stays in float32.


class OpenVinoEngine(Engine):
    """Renders frames in OpenVINO; portraits are encoded in torch in float32.

    Args:
        generator: the trained model, in float32.
        precision: `float32` equals torch; `bfloat16` also rounds positions, so edges may move by a quarter of a pixel;
            `int8` needs the graph that `motionfan export` writes.
        folder: of the weights, which contains the int8 graph.

    Raises:
        InputError: `engine_missing` without OpenVINO; `precision_unusable` for int8 without a folder.
        ModelError: as `read_graph`.
    """

    name = "openvino"

    def __init__(self, generator: Generator, precision: OpenVinoPrecision = "float32", folder: Path | None = None) -> None:
        if precision == "int8" and folder is None:
            raise InputError("precision_unusable", "int8 needs the folder of the generator.", "Take float32 or bfloat16.")
        graph = read_graph(folder) if folder is not None and precision == "int8" else convert_graph(render_source(generator))
        super().__init__(folded(generator), torch.device("cpu"), precision)
        compiled = compile_graph(graph, precision)
        self._requests = [compiled.create_infer_request() for _ in range(torch.get_num_threads())]

    def _layers(self, portrait: EncodedPortrait, driving: Keypoints) -> Iterator[FrameLayers]:
        inputs, slots, count = render_inputs(portrait, driving), len(self._requests), len(driving.value)
        for index in range(count + slots):
            request = self._requests[index % slots]
            if slots <= index:
                request.wait()
                yield FrameLayers(*(torch.from_numpy(request.get_tensor(name).data) for name in RENDER_OUTPUTS))
            if index < count:
                row = slice(index, index + 1)
                row_inputs = {name: inputs[name][row] for name in RENDER_INPUTS[-PER_FRAME:]}
                request.start_async(inputs | row_inputs, share_inputs=True)


def compile_graph(graph: Model, precision: OpenVinoPrecision) -> CompiledModel:
    """Compile a render graph for the CPU: one frame per call, with as many concurrent calls as torch has threads.

    Static shapes run up to a fifth faster than a dynamic number of frames, and several frames in one call are not faster.
    """
    graph = graph.clone()
    graph.reshape({port.any_name: [1, *list(port.get_partial_shape())[1:]] for port in graph.inputs})
    threads = torch.get_num_threads()
    options = {
        "INFERENCE_PRECISION_HINT": _HINT[precision],
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        # Pinned threads would compete with those of other processes for the same cores.
        "ENABLE_CPU_PINNING": False,
    }
    compiled: CompiledModel = require_openvino().Core().compile_model(graph, "CPU", options)
    return compiled
