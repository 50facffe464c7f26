"""Exports a generator to ONNX files, for pages that render in the browser and for other engines."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.onnx import TrainingMode, utils

from backend.animate.generator import Generator
from backend.core.errors import InputError
from backend.core.files import write_whole
from backend.core.weights import fingerprint
from backend.runtime.graph import GraphSource, encode_source, render_source, tracing

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
"""The first operator set in which GridSample has every mode."""

GRAPHS = ("encode.onnx", "render.onnx")
"""File names of the two graphs."""

MADE_FROM = "motionfan_weights"
"""Entry of a file's metadata with the fingerprint of the weights that it was made from."""

MIN_HALVED = 256
"""Numbers of a tensor from which on it is stored in half precision."""


def export_onnx(folder: Path, out: Path) -> list[Path]:
    """Write `encode.onnx` and `render.onnx` from the weights in `folder` to `out`.

    They compute in float32. Constants are folded, and weights are stored in half precision where that is exact, as it is for
    all that training saved: batch norms are left as they are, because engines fold them when they load a graph.

    Raises:
        InputError: `onnx_missing` if the packages onnx and onnxruntime are not installed.
        ModelError: as `Generator.load`.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401 - `_simplified` needs it
    except ImportError:
        raise InputError("onnx_missing", "ONNX is not installed.", "Install it with `pip install -e '.[export]'`.") from None
    generator, made_from = Generator.load(folder), fingerprint(folder)
    out.mkdir(parents=True, exist_ok=True)
    paths = [out / name for name in GRAPHS]
    for path, source in zip(paths, (encode_source(generator), render_source(generator)), strict=True):
        source = source._replace(module=type(source.module)(generator))  # with its batch norms
        with tempfile.TemporaryDirectory() as scratch:
            model = _simplified(source, Path(scratch))
        _halve_weights(model)
        onnx.helper.set_model_props(model, {MADE_FROM: made_from})
        with write_whole(path) as hidden:
            onnx.save(model, hidden)
    return paths


def _simplified(source: GraphSource, scratch: Path) -> ModelProto:
    """Export a graph and fold its constants."""
    import onnx
    import onnxruntime

    exported, folded = scratch / "exported.onnx", scratch / "folded.onnx"
    utils.register_custom_op_symbolic("aten::_upsample_bilinear2d_aa", _antialiased, OPSET)
    try:
        with tracing():
            torch.onnx.export(
                source.module,
                source.inputs,
                exported,
                input_names=list(source.input_names),
                output_names=list(source.output_names),
                dynamic_axes=source.dynamic_axes,
                opset_version=OPSET,
                training=TrainingMode.PRESERVE,  # The other modes fold batch norms.
                dynamo=False,
            )
    finally:
        utils.unregister_custom_op_symbolic("aten::_upsample_bilinear2d_aa", OPSET)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    kept = ["ConvBNFusion", "ConvMulFusion", "ConvAddFusion", "MatMulBNFusion"]
    onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"], disabled_optimizers=kept)
    return onnx.load(folded)


def _halve_weights(model: ModelProto) -> None:
    """Store large tensors in half precision, each with a cast to float32, unless that would change a number."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_HALVED:
            continue
        halved = np.clip(values, -65504, 65504).astype(np.float16)
        if (halved.astype(np.float32) != values).any():
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(halved, f"{name}.half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _antialiased(g: Any, picture: Any, size: Any, align_corners: Any, scales: Any) -> Any:
    """Emit ONNX's antialiased resize, an operator that torch's exporter does not support."""
    nothing = g.op("prim::Constant")
    nothing.setType(torch._C.OptionalType.ofTensor())
    whole = g.op("Shape", picture, start_i=0, end_i=2)
    sizes = g.op("Concat", whole, size, axis_i=0)
    return g.op(
        "Resize",
        picture,
        nothing,
        nothing,
        sizes,
        mode_s="linear",
        antialias_i=1,
        exclude_outside_i=1,
        coordinate_transformation_mode_s="half_pixel",
    )
