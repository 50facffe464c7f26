"""Converts the generator's graphs from torch to OpenVINO, writes them to files and reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from backend.animate.generator import Generator
from backend.core.errors import InputError, ModelError
from backend.core.weights import WEIGHTS
from backend.runtime.graph import (
    ENCODE_INPUTS,
    ENCODE_OUTPUTS,
    PER_FRAME,
    RENDER_INPUTS,
    RENDER_OUTPUTS,
    EncodeGraph,
    RenderGraph,
    encode_example,
    folded,
    render_example,
    tracing,
)

if TYPE_CHECKING:
    from openvino import Model

INT8_GRAPH = "openvino_int8.xml"
"""File name of the int8 render graph, beside the weights that it was made from."""

_MADE_FROM = ["motionfan", "weights"]  # Entry of a graph's file with the fingerprint of its weights.


def render_graph(generator: Generator) -> Model:
    """Convert the render graph at the network's own size, with a dynamic number of frames."""
    inputs = render_example(generator)
    free = len(inputs) - PER_FRAME
    shapes = [[-1, *tensor.shape[1:]] if i >= free else list(tensor.shape) for i, tensor in enumerate(inputs)]
    return _convert(RenderGraph(folded(generator)), inputs, shapes, RENDER_INPUTS, RENDER_OUTPUTS)


def encode_graph(generator: Generator) -> Model:
    """Convert the portrait encoder, for pictures of any size from `config.size` up."""
    inputs = encode_example(generator)
    shapes = [[1, 3, -1, -1], *(list(tensor.shape) for tensor in inputs[1:])]
    return _convert(EncodeGraph(folded(generator)), inputs, shapes, ENCODE_INPUTS, ENCODE_OUTPUTS)


def write_graph(model: Model, path: Path, made_from: str) -> None:
    """Write `path` (.xml) and its `.bin` in full precision.

    Args:
        model: the graph.
        path: of the `.xml`; its folder is created.
        made_from: `fingerprint` of the weights in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    model.set_rt_info(made_from, _MADE_FROM)
    # Half precision would round the position grids.
    require_openvino().save_model(model, path, compress_to_fp16=False)


def read_graph(folder: Path, path: Path | None = None) -> Model:
    """Read the int8 render graph of a generator.

    Args:
        folder: of the generator.
        path: of the graph; beside the weights by default.

    Raises:
        ModelError: `int8_missing`; `int8_stale` (made from other weights); `int8_damaged`.
    """
    path = path or folder / INT8_GRAPH
    again = f"Make it with `motionfan export --model {folder} --precision int8 --calibrate DIR -o {folder}`."
    if not (path.is_file() and path.with_suffix(".bin").is_file()):
        raise ModelError("int8_missing", f"There is no eight-bit graph of the generator in {folder}.", again)
    core = require_openvino().Core()
    try:
        model = core.read_model(path)
        made_from = model.get_rt_info(_MADE_FROM).astype(str) if model.has_rt_info(_MADE_FROM) else ""
    except RuntimeError as error:
        raise ModelError("int8_damaged", f"{path} cannot be read.", again) from error
    if made_from != fingerprint(folder):
        raise ModelError("int8_stale", f"{path} was made from other weights than {WEIGHTS} in {folder}.", again)
    if tuple(port.any_name for port in model.inputs) != RENDER_INPUTS:
        raise ModelError("int8_stale", f"{path} was made by another version of MotionFan.", again)
    return model


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of a model's weight file, which a graph made from it stores.

    Raises:
        ModelError: `generator_missing`.
    """
    try:
        return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    except OSError:
        raise ModelError("generator_missing", f"There is no generator in {folder}: no {WEIGHTS}.") from None


def require_openvino() -> Any:
    """Return the `openvino` package.

    Raises:
        InputError: `engine_missing` if it is not installed or does not load.
    """
    try:
        import openvino
    except (ImportError, OSError):
        raise InputError(
            "engine_missing", "OpenVINO is not installed.", "Install it with `pip install openvino`, or take the engine torch."
        ) from None
    return openvino


def _convert(
    module: nn.Module, inputs: tuple[Tensor, ...], shapes: Sequence[list[int]], names: Sequence[str], outputs: Sequence[str]
) -> Model:
    require_openvino()
    # `openvino.convert_model` would do all this, but it sends usage reports over the network.
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with tracing():
        traced = torch.jit.trace(module, inputs, check_trace=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=inputs)
    frontend = FrontEndManager().load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    for port, shape, name in zip(model.inputs, shapes, names, strict=True):
        port.get_node().set_partial_shape(PartialShape(shape))
        port.get_tensor().set_names({name})
    for port, name in zip(model.outputs, outputs, strict=True):
        port.get_tensor().set_names({name})
    model.validate_nodes_and_infer_types()
    return model
