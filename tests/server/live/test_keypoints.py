from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.server.live.keypoints import MAX_VALUE, pack_keypoints, unpack_keypoints
from backend.server.protocol import SheetHead
from tests.golden.protocol.make import messages, motion

HEAD: SheetHead = messages()["sheet_keypoints"].head
SHAPE, PAYLOAD = pack_keypoints(motion())


def head_of(shape: tuple[int, int, int]) -> SheetHead:
    return msgspec.structs.replace(HEAD, paths=shape)


def test_keypoints_survive_the_wire_to_half_precision():
    random = np.random.default_rng(0)
    sent = replace(motion(), present=random.uniform(-2, 2, 60), paths=random.uniform(-2, 2, (5, 16, 60)))
    shape, payload = pack_keypoints(sent)
    found = unpack_keypoints(head_of(shape), payload)
    assert shape == (5, 16, 60) and len(payload) == 2 * 60 * (2 + 5 * 16)
    np.testing.assert_array_equal(found.source, sent.source)
    np.testing.assert_allclose(found.present, sent.present, atol=1e-3)
    np.testing.assert_allclose(found.paths, sent.paths, atol=1e-3)


def test_without_futures_a_sheet_is_a_few_bytes():
    shape, payload = pack_keypoints(replace(motion(), paths=None))
    assert (shape, len(payload)) == ((0, 0, 60), 240)
    assert unpack_keypoints(head_of(shape), payload).paths is None


def test_numbers_that_half_precision_cannot_hold_are_clipped():
    shape, payload = pack_keypoints(replace(motion(), present=np.full(60, 1e9)))
    assert unpack_keypoints(head_of(shape), payload).present.max() == MAX_VALUE


@pytest.mark.parametrize(
    ("shape", "payload"),
    [
        ((0, 0, 0), b""),
        ((2, 3, 0), PAYLOAD),
        ((2, 3, 59), PAYLOAD),
        ((2, 3, 120), PAYLOAD),
        ((2, 4, 60), PAYLOAD),
        ((-2, -3, 60), PAYLOAD),
        ((1 << 20, 1 << 20, 60), PAYLOAD),
        (SHAPE, PAYLOAD[:-1]),
        (SHAPE, PAYLOAD + b"\0"),
        (SHAPE, b""),
        (SHAPE, np.full(2, np.nan, "<f2").tobytes() + PAYLOAD[4:]),
        (SHAPE, np.full(2, np.inf, "<f2").tobytes() + PAYLOAD[4:]),
        (SHAPE, np.full(2, 65.0, "<f2").tobytes() + PAYLOAD[4:]),
    ],
)
def test_keypoints_that_do_not_fit_their_head_are_refused(shape, payload):
    with pytest.raises(InputError) as caught:
        unpack_keypoints(head_of(shape), payload)
    assert caught.value.code == "keypoints_invalid"


@given(st.integers(0, len(PAYLOAD) - 8), st.binary(min_size=1, max_size=8))
def test_damaged_keypoints_give_keypoints_or_a_coded_error(at, junk):
    try:
        found = unpack_keypoints(head_of(SHAPE), PAYLOAD[:at] + junk + PAYLOAD[at + len(junk) :])
    except InputError as error:
        assert error.code == "keypoints_invalid"
    else:
        assert found.paths.shape == (2, 3, 60)
