"""Exports a generator to ONNX files, for other engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.onnx import utils

from backend.animate.generator import Generator
from backend.core.errors import InputError
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

OPSET = 20
"""The first operator set in which GridSample has every mode."""


def export_onnx(folder: Path, out: Path) -> list[Path]:
    """Write `encode.onnx` and `render.onnx` (float32), for pictures of any size and any number of frames.

    Args:
        folder: of the generator's weights.
        out: folder to write to.

    Raises:
        InputError: `onnx_missing` if the package onnx is not installed.
        ModelError: as `Generator.load`.
    """
    try:
        import onnx  # noqa: F401 - torch's exporter needs it and would fail late
    except ImportError:
        raise InputError("onnx_missing", "ONNX is not installed.", "Install it with `pip install -e '.[export]'`.") from None
    generator = Generator.load(folder)
    inner = folded(generator)
    out.mkdir(parents=True, exist_ok=True)
    frames = {name: {0: "frames"} for name in (*RENDER_INPUTS[-PER_FRAME:], *RENDER_OUTPUTS)}
    utils.register_custom_op_symbolic("aten::_upsample_bilinear2d_aa", _antialiased, OPSET)
    try:
        with tracing():
            _write(
                EncodeGraph(inner),
                encode_example(generator),
                out / "encode.onnx",
                ENCODE_INPUTS,
                ENCODE_OUTPUTS,
                {"picture": {2: "height", 3: "width"}},
            )
            _write(RenderGraph(inner), render_example(generator), out / "render.onnx", RENDER_INPUTS, RENDER_OUTPUTS, frames)
    finally:
        utils.unregister_custom_op_symbolic("aten::_upsample_bilinear2d_aa", OPSET)
    return [out / "encode.onnx", out / "render.onnx"]


def _write(
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    path: Path,
    names: tuple[str, ...],
    outputs: tuple[str, ...],
    axes: dict[str, dict[int, str]],
) -> None:
    torch.onnx.export(
        module,
        inputs,
        path,
        input_names=list(names),
        output_names=list(outputs),
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


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
