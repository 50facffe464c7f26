from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.core.types import LANDMARKS, ForecastSettings
from backend.server import protocol
from backend.server.live.layers import unpack
from backend.server.protocol import Message
from tests.golden.protocol import make

GOLDEN = Path(make.__file__).parent
CONTENT = json.loads((GOLDEN / "protocol.json").read_text("utf-8"))


def _decode(entry: dict, data: bytes) -> Message:
    return (protocol.decode_client if entry["from"] == "client" else protocol.decode_server)(data)


@pytest.mark.parametrize("entry", CONTENT["messages"], ids=lambda entry: entry["file"])
def test_golden_messages_decode_to_what_is_written_beside_them(entry):
    message = _decode(entry, (GOLDEN / entry["file"]).read_bytes())
    assert (message.epoch, message.seq) == (entry["epoch"], entry["seq"])
    assert json.loads(msgspec.json.encode(message.head)) == entry["head"]
    if entry.get("landmarks"):
        np.testing.assert_allclose(protocol.landmarks(message).ravel(), entry["landmarks"], atol=1e-5)
    if "fan" in entry:
        fan, picture = protocol.sheet(message)
        np.testing.assert_allclose(fan.ravel(), entry["fan"], atol=1e-5)
        assert picture.hex() == entry[next(name for name in ("layers_hex", "keypoints_hex", "jpeg_hex") if name in entry)]
        if "layers" in entry:
            found = unpack(message.head, picture)
            for name, values in entry["layers"].items():
                np.testing.assert_allclose(getattr(found, name).ravel(), values, atol=1e-5)


@pytest.mark.parametrize("entry", CONTENT["messages"], ids=lambda entry: entry["file"])
def test_golden_messages_encode_to_the_same_bytes(entry):
    data = (GOLDEN / entry["file"]).read_bytes()
    assert protocol.encode(_decode(entry, data)) == data


@pytest.mark.parametrize("entry", CONTENT["refused"], ids=lambda entry: entry["file"])
def test_golden_bad_messages_are_refused_with_their_code(entry):
    with pytest.raises(InputError) as caught:
        protocol.decode_client((GOLDEN / entry["file"]).read_bytes())
    assert caught.value.code == entry["code"]
    assert caught.value.message


def test_the_golden_files_are_what_the_script_writes():
    assert {entry["file"] for entry in CONTENT["messages"]} == {f"{name}.bin" for name in make.messages()}
    for name, message in make.messages().items():
        if name not in ("sheet", "sheet_layers"):  # their JPEGs may differ between library versions
            assert protocol.encode(message) == (GOLDEN / f"{name}.bin").read_bytes()


@given(st.binary(max_size=400))
def test_any_bytes_give_a_message_or_a_coded_error(data):
    for decode in (protocol.decode_client, protocol.decode_server):
        try:
            assert isinstance(decode(data), Message)
        except InputError as error:
            assert error.code


@given(
    kind=st.sampled_from([*protocol.CLIENT, *protocol.SERVER]),
    head=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)),
    size=st.integers(0, 300),
    payload=st.binary(max_size=64),
)
def test_any_head_behind_a_good_prelude_gives_a_message_or_a_coded_error(kind, head, size, payload):
    for declared in (len(head), size):
        data = protocol.PRELUDE.pack(1, kind, 0, 0, declared) + head + payload
        for decode in (protocol.decode_client, protocol.decode_server):
            try:
                assert isinstance(decode(data), Message)
            except InputError as error:
                assert error.code


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["t", "k", "drawn", "name", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(kind=st.sampled_from([*protocol.CLIENT, *protocol.SERVER]), head=JSON)
def test_any_json_head_gives_a_message_or_a_coded_error(kind, head):
    encoded = json.dumps(head).encode()
    data = protocol.PRELUDE.pack(1, kind, 0, 0, len(encoded)) + encoded
    for decode in (protocol.decode_client, protocol.decode_server):
        try:
            assert isinstance(decode(data), Message)
        except InputError as error:
            assert error.code


@given(st.lists(st.floats(-2.0, 2.0, width=32), min_size=1, max_size=50))
def test_quantisation_loses_at_most_half_a_step(values):
    given_values = np.array(values, np.float32)
    back = protocol.dequantise(protocol.quantise(given_values))
    assert np.abs(back - given_values).max() <= 2.0 / 65535.0 + 1e-6


def test_quantisation_clips_what_lies_outside():
    back = protocol.dequantise(protocol.quantise(np.array([-9.0, 9.0], np.float32)))
    np.testing.assert_allclose(back, [-2.0, 2.0], atol=1e-6)


def test_a_landmarks_message_without_payload_says_that_there_is_no_face():
    message = protocol.decode_client(protocol.encode(Message(1, 1, protocol.Landmarks(5.0))))
    assert protocol.landmarks(message) is None


def test_unknown_fields_from_a_client_are_refused():
    head = b'{"t": 1.0, "x": 2}'
    with pytest.raises(InputError, match="x") as caught:
        protocol.decode_client(protocol.PRELUDE.pack(1, 1, 0, 0, len(head)) + head)
    assert caught.value.code == "head_invalid"


def test_a_client_message_is_small():
    face = protocol.quantise(np.zeros((LANDMARKS, 3), np.float32))
    assert len(protocol.encode(Message(1, 1, protocol.Landmarks(1e12), face))) < protocol.MAX_CLIENT_MESSAGE / 4
    assert len(protocol.encode(Message(1, 1, ForecastSettings()))) < 1024


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b'{"name":"\xed\xa0\x80"}', "it is not UTF-8"),
        (b'{"\xed\xa0\x80":1}', ""),
        (b'{"name":' + b"[" * 8000, "Expected `str`"),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_no_head_is_so_bad_that_its_error_has_no_code(head, reason):
    with pytest.raises(InputError) as caught:
        protocol.decode_client(protocol.PRELUDE.pack(1, 6, 1, 1, len(head)) + head)
    assert caught.value.code == "head_invalid"
    assert reason in caught.value.message


@given(st.binary(max_size=200), st.sampled_from(sorted(protocol.CLIENT)))
def test_any_head_is_a_message_or_a_coded_error(head, kind):
    try:
        message = protocol.decode_client(protocol.PRELUDE.pack(1, kind, 1, 1, len(head)) + head)
        assert type(message.head) is protocol.CLIENT[kind]
    except InputError as error:
        assert error.code in {"head_invalid", "payload_size"}
