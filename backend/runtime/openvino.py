"""Rendering by OpenVINO: on processors with eight-bit arithmetic about twice as fast as torch in bfloat16."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from backend.animate.compose import compose, shrink
from backend.animate.generator import EncodedPortrait, Generator
from backend.errors import InputError
from backend.runtime.conversion import read_graph, render_graph, require_openvino
from backend.runtime.graph import folded, render_inputs, to_bytes
from backend.types import Keypoints

if TYPE_CHECKING:
    from openvino import CompiledModel, Model

OpenVinoPrecision = Literal["float32", "bfloat16", "int8"]

BATCH = 4
"""Frames in one pass: more would leave the caches."""

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
        self._request = compile_graph(graph, precision).create_infer_request()

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.uint8], keypoints: Keypoints) -> EncodedPortrait:
        """Prepare a portrait `[S, S, 3]` with its keypoints `[N]`, once."""
        pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        return self._encoder.encode(pixels, keypoints[None])

    @torch.inference_mode()
    def render(self, portrait: EncodedPortrait, driving: Keypoints, size: int | None = None) -> NDArray[np.uint8]:
        """Render frames `[F, size, size, 3]` uint8 of one portrait at keypoints `[F, N]`; see `GeneratorEngine.render`."""
        size = size or self.size
        picture = None if size == self.size else shrink(portrait.picture, size)
        frames = np.empty((len(driving.value), size, size, 3), np.uint8)
        for start in range(0, len(frames), BATCH):
            part = driving[start : start + BATCH]
            # What it returns is overwritten by the next pass; it is read before that.
            out = self._request.infer(render_inputs(portrait, part), share_inputs=True, share_outputs=True)
            if picture is None:
                frames[start : start + BATCH] = out["frames"]
            else:
                flow, alpha, paint = (torch.from_numpy(out[name]) for name in ("flow", "alpha", "paint"))
                whole = compose(picture.expand(len(flow), -1, -1, -1), flow, alpha, paint)
                frames[start : start + BATCH] = to_bytes(whole).numpy()
        return frames


def compile_graph(graph: Model, precision: OpenVinoPrecision) -> CompiledModel:
    """Make a graph ready to run on the CPU with as many threads as torch has."""
    options = {
        "INFERENCE_PRECISION_HINT": _HINT[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
        # Pinned threads would fight over the same cores with those of other processes.
        "ENABLE_CPU_PINNING": False,
    }
    compiled: CompiledModel = require_openvino().Core().compile_model(graph, "CPU", options)
    return compiled
