"""Exported files compute what the model computes; impossible exports are refused."""

import sys

import pytest
import torch
from typer.testing import CliRunner

from backend.__main__ import app
from backend.animate.compose import FrameLayers, compose
from backend.core.errors import InputError
from backend.core.weights import fingerprint
from backend.runtime.export import export_int8, export_openvino, quantise
from backend.runtime.graph import ENCODE_OUTPUTS, RENDER_OUTPUTS, render_inputs
from backend.runtime.onnx import GRAPHS, MADE_FROM, export_onnx
from tests.runtime.conftest import SHIPPED


def expected(generator, picture, source, driving):
    """Outputs of the model itself: of the encode graph and of the render graph."""
    with torch.inference_mode():
        portrait = generator.encode(picture, source[None])
        rendered = generator(portrait.repeat(len(driving.value)), driving)
    parts = {name: getattr(portrait, name).numpy() for name in ENCODE_OUTPUTS}
    return parts, {name: getattr(rendered.layers, name).numpy() for name in RENDER_OUTPUTS}, portrait


@pytest.fixture
def picture(portrait_image):
    return torch.from_numpy(portrait_image.picture).permute(2, 0, 1)[None, :, :300, :300].float() / 255


def check(encode, render, generator, picture, source, driving):
    parts, outputs, portrait = expected(generator, picture, source, driving)
    given = {"picture": picture.numpy(), "source_value": source.value[None].numpy()}
    found = encode(given | {"source_jacobian": source.jacobian[None].numpy()})
    for name, value in parts.items():
        assert found[name] == pytest.approx(value, abs=1e-4), name
    found = dict(zip(RENDER_OUTPUTS, map(render(render_inputs(portrait, driving)).__getitem__, RENDER_OUTPUTS), strict=True))
    for name in RENDER_OUTPUTS:
        assert found[name] == pytest.approx(outputs[name], abs=2e-4), name


def test_openvino_files_compute_what_the_model_does(tiny, tiny_folder, tmp_path, picture, source, driving):
    openvino = pytest.importorskip("openvino")
    paths = export_openvino(tiny_folder, tmp_path)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    encode, render = (openvino.Core().compile_model(path, "CPU", hint) for path in paths)
    check(encode, render, tiny, picture, source, driving[:3])


def test_onnx_files_compute_what_the_model_does(tiny, tiny_folder, tmp_path, picture, source, driving):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")

    def run(path):
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda given: dict(zip([out.name for out in session.get_outputs()], session.run(None, given), strict=True))

    check(*map(run, export_onnx(tiny_folder, tmp_path)), tiny, picture, source, driving[:3])


def test_shipped_onnx_files_hold_the_weights_beside_them_and_compute_what_these_do(shipped, picture, source, driving):
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.add_free_dimension_override_by_name("frames", 2)
    _, outputs, portrait = expected(shipped, picture, source, driving[:2])
    session = runtime.InferenceSession(SHIPPED / "render.onnx", options, providers=["CPUExecutionProvider"])
    made_from = session.get_modelmeta().custom_metadata_map[MADE_FROM]
    found = dict(zip(RENDER_OUTPUTS, session.run(RENDER_OUTPUTS, render_inputs(portrait, driving[:2])), strict=True))
    assert made_from == fingerprint(SHIPPED)
    assert sum((SHIPPED / name).stat().st_size for name in GRAPHS) < 7e6
    for name in RENDER_OUTPUTS:
        assert found[name] == pytest.approx(outputs[name], abs=1e-3), name


def test_int8_keeps_the_picture_and_quantises_nothing_but_convolutions(tiny, tiny_graph, picture, source, driving):
    openvino = pytest.importorskip("openvino")
    pytest.importorskip("nncf")
    _, outputs, portrait = expected(tiny, picture, source, driving[:4])
    graph = quantise(tiny_graph.clone(), [render_inputs(portrait, driving[i : i + 1]) for i in range(8)])
    made = [node for node in graph.get_ops() if node.get_type_name() == "FakeQuantize"]
    reached = {port.get_node().get_type_name() for node in made for port in node.output(0).get_target_inputs()}
    assert made and reached == {"Convolution"}
    compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(render_inputs(portrait, driving[:4]))
    frames, exact = (
        compose(portrait.working.expand(4, -1, -1, -1), FrameLayers(*(torch.from_numpy(some[name]) for name in RENDER_OUTPUTS)))
        for some in (found, outputs)
    )
    # A network of noise magnifies every rounding; the shipped weights are held to far less in test_openvino.py.
    assert 0 < (frames - exact).abs().mean() < exact.std() / 10


def test_int8_without_frames_or_nncf_is_refused(tiny_graph, tiny_folder, tmp_path, monkeypatch):
    pytest.importorskip("nncf")
    with pytest.raises(InputError) as empty:
        quantise(tiny_graph.clone(), [])
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(InputError) as missing:
        export_int8(tiny_folder, tmp_path, [])
    assert [error.value.code for error in (empty, missing)] == ["calibration_empty", "calibrator_missing"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--to", "onnx", "--precision", "int8"], "cannot be exported to onnx in int8"),
        (["--precision", "int8"], "real frames"),
        (["--to", "tensorrt"], "cannot be exported"),
    ],
)
def test_unknown_exports_are_refused(tiny_folder, tmp_path, asked, words):
    done = CliRunner().invoke(app, ["export", "--model", str(tiny_folder), "-o", str(tmp_path), *asked])
    assert done.exit_code and words in str(done.exception) + done.output
