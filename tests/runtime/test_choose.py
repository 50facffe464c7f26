"""Which engine renders."""

import sys

import pytest

from backend.core.errors import InputError, ModelError
from backend.core.weights import fingerprint
from backend.runtime import choose
from backend.runtime.choose import open_engine
from backend.runtime.conversion import INT8_GRAPH, write_graph


@pytest.fixture
def with_graph(tiny_graph, tiny_folder):
    """The tiny generator with a graph where int8 is looked for, and its weights' own fingerprint."""
    path = tiny_folder / INT8_GRAPH
    write_graph(tiny_graph, path, fingerprint(tiny_folder))
    yield tiny_folder
    path.unlink()
    path.with_suffix(".bin").unlink()


def kind(engine) -> tuple[str, str]:
    return engine.name, engine.precision


def test_without_an_eight_bit_graph_torch_renders(tiny, tiny_folder):
    assert open_engine(tiny_folder, tiny).name == "torch"


@pytest.mark.parametrize(("bytes_add_up", "expected"), [(True, ("openvino", "int8")), (False, ("torch", "float32"))])
def test_int8_renders_where_the_processor_has_the_instructions(tiny, with_graph, monkeypatch, bytes_add_up, expected):
    monkeypatch.setattr(choose.torch.cpu, "_is_vnni_supported", lambda: bytes_add_up)
    monkeypatch.setattr(choose.torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert kind(open_engine(with_graph, tiny)) == expected


def test_a_requested_engine_is_used(tiny, with_graph):
    assert kind(open_engine(with_graph, tiny, engine="torch", precision="float32")) == ("torch", "float32")
    assert kind(open_engine(with_graph, tiny, precision="bfloat16")) == ("torch", "bfloat16")
    assert kind(open_engine(with_graph, tiny, engine="openvino", precision="float32")) == ("openvino", "float32")
    assert kind(open_engine(with_graph, tiny, precision="int8")) == ("openvino", "int8")


def test_a_graph_of_other_weights_is_ignored_unless_it_is_requested(tiny, tiny_graph, with_graph, monkeypatch):
    monkeypatch.setattr(choose.torch.cpu, "_is_vnni_supported", lambda: True)
    write_graph(tiny_graph, with_graph / INT8_GRAPH, "of other weights")
    assert open_engine(with_graph, tiny).name == "torch"
    with pytest.raises(ModelError) as error:
        open_engine(with_graph, tiny, precision="int8")
    assert error.value.code == "int8_stale"


def test_without_openvino_torch_renders_unless_openvino_is_requested(tiny, with_graph, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "openvino"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(choose.torch.cpu, "_is_vnni_supported", lambda: True)
    assert open_engine(with_graph, tiny).name == "torch"
    with pytest.raises(InputError) as error:
        open_engine(with_graph, tiny, engine="openvino")
    assert error.value.code == "engine_missing" and "pip install openvino" in error.value.hint


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"engine": "tensorrt"}, "engine_unknown"),
        ({"precision": "int4"}, "precision_unusable"),
        ({"engine": "torch", "precision": "int8"}, "precision_unusable"),
        ({"engine": "openvino", "device": "cuda"}, "engine_device"),
    ],
)
def test_impossible_choices_are_refused(tiny, tiny_folder, asked, code):
    with pytest.raises(InputError) as error:
        open_engine(tiny_folder, tiny, **asked)
    assert error.value.code == code
