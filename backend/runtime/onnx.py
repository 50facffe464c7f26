"""Exports a generator to ONNX files, for other engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.onnx import utils

from backend.animate.generator import Generator
from backend.core.errors import InputError
from backend.runtime.graph import encode_source, render_source, tracing

OPSET = 20
"""The first operator set in which GridSample has every mode."""


def export_onnx(folder: Path, out: Path) -> list[Path]:
    """Write `encode.onnx` and `render.onnx` (float32) from the weights in `folder` to `out`.

    Raises:
        InputError: `onnx_missing` if the package onnx is not installed.
        ModelError: as `Generator.load`.
    """
    try:
        import onnx  # noqa: F401 - torch's exporter needs it and would fail late
    except ImportError:
        raise InputError("onnx_missing", "ONNX is not installed.", "Install it with `pip install -e '.[export]'`.") from None
    generator = Generator.load(folder)
    out.mkdir(parents=True, exist_ok=True)
    sources = {out / "encode.onnx": encode_source(generator), out / "render.onnx": render_source(generator)}
    utils.register_custom_op_symbolic("aten::_upsample_bilinear2d_aa", _antialiased, OPSET)
    try:
        with tracing():
            for path, source in sources.items():
                torch.onnx.export(
                    source.module,
                    source.inputs,
                    path,
                    input_names=list(source.input_names),
                    output_names=list(source.output_names),
                    dynamic_axes=source.dynamic_axes,
                    opset_version=OPSET,
                    dynamo=False,
                )
    finally:
        utils.unregister_custom_op_symbolic("aten::_upsample_bilinear2d_aa", OPSET)
    return list(sources)


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
