"""OpenVINO renders what torch renders, within its precision."""

import resource
import shutil
from dataclasses import fields

import numpy as np
import pytest
import torch

from backend.core.errors import InputError, ModelError
from backend.core.types import Layers
from backend.core.weights import fingerprint
from backend.runtime.conversion import INT8_GRAPH, read_graph, write_graph
from backend.runtime.engine import TorchEngine

openvino = pytest.importorskip("openvino")

from backend.runtime.openvino import OpenVinoEngine, compile_graph  # noqa: E402
from tests.runtime.conftest import MODELS, SHIPPED  # noqa: E402


def both(generator, engine, picture, source, driving, size=None):
    """Frames of float32 torch, and of another engine."""
    torch_engine = TorchEngine(generator, precision="float32")
    return [e.render(e.encode(picture, source), driving, size).astype(int) for e in (torch_engine, engine)]


@pytest.fixture(scope="module")
def engine(tiny):
    return OpenVinoEngine(tiny)


@pytest.mark.parametrize("size", [None, 24, 80])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_float32_equals_torch_at_any_size_and_number_of_frames(engine, tiny, portrait_image, source, driving, size, frames):
    expected, frames = both(tiny, engine, portrait_image.picture, source, driving[:frames], size)
    assert expected.std() > 10 and frames.shape == expected.shape
    assert np.abs(frames - expected).max() <= 1


@pytest.mark.parametrize(("precision", "largest", "mean"), [("float32", 1, 0.01), ("bfloat16", 64, 0.6), ("int8", 64, 0.6)])
def test_shipped_weights_look_the_same(shipped, portrait_image, source, driving, precision, largest, mean):
    """In steps of 1/255: the `largest` difference of 99.9 % of the pixels is a sixth of that of any."""
    engine = OpenVinoEngine(shipped, precision, SHIPPED)
    expected, frames = both(shipped, engine, portrait_image.picture, source, driving[::40])
    difference = np.abs(frames - expected)
    assert difference.max() <= largest and difference.mean() <= mean
    assert np.quantile(difference, 0.999) <= largest / 6


@pytest.mark.parametrize("frames", [1, 5])
def test_layers_are_those_of_torch(engine, tiny, portrait_image, source, driving, frames):
    both_engines = (TorchEngine(tiny, precision="float32"), engine)
    expected, found = (e.layers(e.encode(portrait_image.picture, source), driving[:frames]) for e in both_engines)
    for field in fields(Layers):
        before, after = (getattr(some, field.name).astype(float) for some in (expected, found))
        assert after == pytest.approx(before, abs=1 if before.max() > 2 else 1e-3), field.name


@pytest.mark.parametrize("graph", sorted(MODELS.glob(f"*/{INT8_GRAPH}")), ids=lambda path: path.parent.name)
def test_shipped_graphs_hold_the_weights_beside_them(graph):
    assert read_graph(graph.parent).inputs


def test_two_threads_render_what_one_renders_in_the_same_order(tiny, engine, portrait_image, source, driving):
    portrait = engine.encode(portrait_image.picture, source)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = OpenVinoEngine(tiny)
    finally:
        torch.set_num_threads(before)
    for count in (1, 5):
        assert np.array_equal(two.render(portrait, driving[:count]), engine.render(portrait, driving[:count]))


def test_no_frames_are_no_frames(engine, portrait_image, source, driving):
    assert engine.render(engine.encode(portrait_image.picture, source), driving[:0], 48).shape == (0, 48, 48, 3)


def test_it_takes_as_many_threads_as_torch(tiny_graph):
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            compiled = compile_graph(tiny_graph, "float32")
            assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
            assert compiled.get_property("NUM_STREAMS") == threads
            assert not compiled.get_property("ENABLE_CPU_PINNING")
    finally:
        torch.set_num_threads(before)


def test_a_graph_is_read_only_beside_the_weights_it_was_made_from(tiny_graph, tiny_folder, tmp_path):
    folder = tmp_path / "generator"
    shutil.copytree(tiny_folder, folder)
    with pytest.raises(ModelError) as missing:
        read_graph(folder)
    write_graph(tiny_graph, folder / INT8_GRAPH, fingerprint(folder))
    assert read_graph(folder).inputs
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2] + b"\x11\x22")
    with pytest.raises(ModelError) as stale:
        read_graph(folder)
    (folder / INT8_GRAPH).write_text("<net")
    with pytest.raises(ModelError) as damaged:
        read_graph(folder)
    assert [error.value.code for error in (missing, stale, damaged)] == ["int8_missing", "int8_stale", "int8_damaged"]
    assert "motionfan export" in stale.value.hint


def test_int8_needs_a_folder(tiny):
    with pytest.raises(InputError, match="folder") as error:
        OpenVinoEngine(tiny, "int8")
    assert error.value.code == "precision_unusable"


def test_a_graph_that_does_not_fit_on_the_disk_leaves_the_old_one_as_it_was(tiny_graph, tmp_path):
    (tmp_path / INT8_GRAPH).write_text("old graph")
    (tmp_path / INT8_GRAPH).with_suffix(".bin").write_text("old weights")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        with pytest.raises(InputError) as caught:
            write_graph(tiny_graph, tmp_path / INT8_GRAPH, "print")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.code == "graph_unwritable"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
