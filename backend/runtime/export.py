"""Exports a generator to OpenVINO files, in float32 or in int8 calibrated on real frames."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backend.animate.generator import Generator
from backend.core.errors import InputError
from backend.core.weights import fingerprint
from backend.runtime.conversion import INT8_GRAPH, convert_graph, write_graph
from backend.runtime.graph import encode_source, render_source

if TYPE_CHECKING:
    from openvino import Model

CalibrationInputs = Mapping[str, NDArray[np.float32]]
"""Inputs of the render graph by name, see `graph.render_inputs`."""

FLOAT32_MODULES = ("dense_motion.in_conv",)
"""Modules whose convolutions stay in float32: the first of the dense motion network sees small differences of heatmaps. This
costs 1 % of the time and halves the error."""


def export_openvino(folder: Path, out: Path) -> list[Path]:
    """Write `encode.xml` and `render.xml` (float32, each with its `.bin`) from the weights in `folder` to `out`.

    Raises:
        InputError: `engine_missing`.
        ModelError: as `Generator.load`.
    """
    generator, made_from = Generator.load(folder), fingerprint(folder)
    for name, source in (("encode.xml", encode_source(generator)), ("render.xml", render_source(generator))):
        write_graph(convert_graph(source), out / name, made_from)
    return [out / "encode.xml", out / "render.xml"]


def export_int8(folder: Path, out: Path, samples: Iterable[CalibrationInputs]) -> list[Path]:
    """Write the render graph with its convolutions in int8: `openvino_int8.xml` and `.bin`.

    Args:
        folder: of the generator's weights.
        out: folder to write to; `OpenVinoEngine` reads the graph from the generator's own.
        samples: real portraits at real keypoints, on which the ranges of activations are measured.

    Raises:
        InputError: `engine_missing`; `calibrator_missing` without NNCF; `calibration_empty`.
        ModelError: as `Generator.load`.
    """
    graph = quantise(convert_graph(render_source(Generator.load(folder))), samples)
    write_graph(graph, out / INT8_GRAPH, fingerprint(folder))
    return [out / INT8_GRAPH]


def quantise(graph: Model, samples: Iterable[CalibrationInputs]) -> Model:
    """Return a graph with its convolutions in int8; positions, warps and blending stay in float32.

    Raises:
        InputError: `calibrator_missing` without NNCF; `calibration_empty`.
    """
    os.environ["NNCF_CI"] = "1"  # It would report its use over the network.
    try:
        import nncf
        from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters
        from nncf.quantization.range_estimator import RangeEstimatorParametersSet
    except ImportError:
        raise InputError(
            "calibrator_missing", "NNCF is not installed.", "Install it with `pip install -e '.[export]'`."
        ) from None

    nncf.set_log_level(logging.ERROR)
    data = [dict(sample) for sample in samples]
    if not data:
        raise InputError("calibration_empty", "There is no frame to calibrate with.", "Name another folder with --calibrate.")
    convolutions = [node.get_friendly_name() for node in graph.get_ops() if node.get_type_name() == "Convolution"]
    others = {node.get_type_name() for node in graph.get_ops()} - {"Convolution", "Constant", "Parameter", "Result"}
    quantised: Model = nncf.quantize(
        graph,
        nncf.Dataset(data),
        # Activations are unsigned after a ReLU and signed elsewhere.
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(data),
        ignored_scope=nncf.IgnoredScope(
            names=[name for name in convolutions if any(f".{kept}." in name for kept in FLOAT32_MODULES)],
            types=sorted(others),
            validate=False,
        ),
        # The whole range: the default would clip the outliers, which are open mouths and closed lids.
        advanced_parameters=AdvancedQuantizationParameters(
            activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX
        ),
    )
    return quantised
