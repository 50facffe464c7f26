"""Rendering by OpenVINO: on processors with eight-bit arithmetic about twice as fast as torch in bfloat16."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.compose import compose, shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.core.errors import InputError
from backend.core.types import Keypoints
from backend.runtime.conversion import read_graph, render_graph, require_openvino
from backend.runtime.graph import PER_FRAME, RENDER_INPUTS, folded, render_inputs, to_bytes

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest, Model

OpenVinoPrecision = Literal["float32", "bfloat16", "int8"]

_HINT = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}  # In int8 all but the convolutions stays in float32.


class OpenVinoEngine:
    """Renders frames as `GeneratorEngine` does; portraits are encoded in torch, once each, in float32.

    Args:
        generator: the trained model, in float32.
        precision: `float32` equals torch; `bfloat16` also rounds positions, so edges may move by a quarter of a pixel;
            `int8` needs the graph that `motionfan export` made.
        folder: of the weights, where `int8` finds its graph.

    Raises:
        InputError: `engine_missing` without OpenVINO.
        ModelError: the graph is missing, damaged, or of other weights.
    """

    name = "openvino"

    def __init__(self, generator: Generator, precision: OpenVinoPrecision = "float32", folder: Path | None = None) -> None:
        if precision == "int8" and folder is None:
            raise InputError("precision_unusable", "int8 needs the folder of the generator.", "Take float32 or bfloat16.")
        graph = read_graph(folder) if folder is not None and precision == "int8" else render_graph(generator)
        self.precision: str = precision
        self.size = generator.config.size
        self._encoder = folded(generator)
        compiled = compile_graph(graph, precision)
        self._requests = [compiled.create_infer_request() for _ in range(torch.get_num_threads())]

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.uint8], keypoints: Keypoints) -> EncodedPortrait:
        """Prepare a portrait `[S, S, 3]` with its keypoints `[N]`, once."""
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        return self._encoder.encode(pixels, keypoints[None])

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> NDArray[np.uint8]:
        """Render frames `[F, size, size, 3]` uint8 of one portrait at keypoints `[F, N]`; see `Engine.render`."""
        size = size or self.size
        picture = None if size == self.size else shrink(portrait.picture, size)
        frames = np.empty((len(driving.value), size, size, 3), np.uint8)
        inputs = render_inputs(portrait, driving)
        turns = len(self._requests)
        for index in range(len(frames) + turns):
            request = self._requests[index % turns]
            if index >= turns:
                request.wait()
                self._take(request, picture, frames[index - turns])
            if index < len(frames):
                row = slice(index, index + 1)
                own = {name: inputs[name][row] for name in RENDER_INPUTS[-PER_FRAME:]}
                request.start_async(inputs | own, share_inputs=True)
        return frames

    def _take(self, request: InferRequest, picture: Tensor | None, frame: NDArray[np.uint8]) -> None:
        """Copy a frame out of a request that is done, or compose it at the picture's own size."""
        if picture is None:
            frame[:] = request.get_tensor("frames").data[0]
            return
        flow, alpha, paint = (torch.from_numpy(request.get_tensor(name).data) for name in ("flow", "alpha", "paint"))
        frame[:] = to_bytes(compose(picture, flow, alpha, paint))[0].numpy()


def compile_graph(graph: Model, precision: OpenVinoPrecision) -> CompiledModel:
    """Make a render graph ready to run on the CPU, one frame a call, and as many calls at once as torch has threads.

    A graph whose shapes are all known runs up to a fifth faster than one of any number of frames, and more frames in one
    call are no faster on a CPU. Threads that each draw their own frame need not wait for one another.
    """
    graph = graph.clone()
    one = {port.any_name: [1, *list(port.get_partial_shape())[1:]] for port in graph.inputs}
    graph.reshape(one)
    threads = torch.get_num_threads()
    options = {
        "INFERENCE_PRECISION_HINT": _HINT[precision],
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        # Pinned threads would fight over the same cores with those of other processes.
        "ENABLE_CPU_PINNING": False,
    }
    compiled: CompiledModel = require_openvino().Core().compile_model(graph, "CPU", options)
    return compiled
