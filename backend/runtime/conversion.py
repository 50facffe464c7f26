"""Converts the generator's graphs from torch to OpenVINO, writes them to files and reads them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from backend.core.errors import InputError, ModelError
from backend.core.files import write_whole
from backend.core.weights import WEIGHTS, fingerprint
from backend.runtime.graph import RENDER_INPUTS, RENDER_OUTPUTS, GraphSource, tracing

if TYPE_CHECKING:
    from openvino import Model

INT8_GRAPH = "openvino_int8.xml"
"""File name of the int8 render graph, beside the weights that it was made from."""

_MADE_FROM = ["motionfan", "weights"]  # Entry of a graph's file with the fingerprint of its weights.


def convert_graph(source: GraphSource) -> Model:
    """Convert a graph, with dynamic axes; raises `engine_missing` without OpenVINO."""
    require_openvino()
    # `openvino.convert_model` would do all this, but it sends usage reports over the network.
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with tracing():
        traced = torch.jit.trace(source.module, source.inputs, check_trace=False)
        decoder = TorchScriptPythonDecoder(traced, example_input=source.inputs)
    frontend = FrontEndManager().load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    for port, tensor, name in zip(model.inputs, source.inputs, source.input_names, strict=True):
        dynamic = source.dynamic_axes.get(name, {})
        shape = [-1 if axis in dynamic else size for axis, size in enumerate(tensor.shape)]
        port.get_node().set_partial_shape(PartialShape(shape))
        port.get_tensor().set_names({name})
    for port, name in zip(model.outputs, source.output_names, strict=True):
        port.get_tensor().set_names({name})
    model.validate_nodes_and_infer_types()
    return model


def write_graph(model: Model, path: Path, made_from: str) -> None:
    """Write `path` (.xml) and its `.bin` in full precision, both or neither.

    Args:
        model: the graph.
        path: of the `.xml`; its folder is created.
        made_from: `fingerprint` of the weights in it.

    Raises:
        InputError: `engine_missing`; `graph_unwritable`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    model.set_rt_info(made_from, _MADE_FROM)
    weights = path.with_suffix(".bin")
    with write_whole(path) as graph, write_whole(weights) as values, TemporaryDirectory(dir=path.parent, prefix=".") as scratch:
        made = Path(scratch) / path.name
        try:
            # Half precision would round the position grids.
            require_openvino().save_model(model, made, compress_to_fp16=False)
        except RuntimeError:
            message = f"{path} and its .bin cannot be written completely."
            raise InputError("graph_unwritable", message, "Free space on the disk, or choose another place.") from None
        made.replace(graph)
        made.with_suffix(".bin").replace(values)


def read_graph(folder: Path, path: Path | None = None) -> Model:
    """Read the int8 render graph of the generator in a folder, by default from beside its weights.

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
    names = tuple(tuple(port.any_name for port in ports) for ports in (model.inputs, model.outputs))
    if names != (RENDER_INPUTS, RENDER_OUTPUTS):
        raise ModelError("int8_stale", f"{path} was made by another version of MotionFan.", again)
    return model


def require_openvino() -> Any:
    """Return the `openvino` package; raises `engine_missing` if it is not installed or does not load."""
    try:
        import openvino
    except (ImportError, OSError):
        raise InputError(
            "engine_missing", "OpenVINO is not installed.", "Install it with `pip install openvino`, or take the engine torch."
        ) from None
    return openvino
