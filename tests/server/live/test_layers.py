from __future__ import annotations

import zlib
from dataclasses import replace

import msgspec
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import InputError
from backend.core.types import Layers
from backend.server.live.layers import FLOW_STEP, FLOW_UNIT, pack, unpack
from backend.server.live.sheet import columns_of
from backend.server.protocol import SheetHead
from tests.golden.protocol.make import layers, messages

HEAD: SheetHead = messages()["sheet_layers"].head


def head_of(sizes, frames: int) -> SheetHead:
    return msgspec.structs.replace(HEAD, tiles=frames, columns=columns_of(frames), layers=sizes)


def smooth(frames: int, seed: int = 0) -> Layers:
    """Random layers of real sizes without fine structure, which a JPEG keeps."""
    source = np.random.default_rng(seed)

    def field(*shape: int) -> np.ndarray:
        x, y, phase = source.uniform(-3, 3, (3, *shape[:2], 1, 1))
        wave = np.sin(x * np.linspace(0, 1, shape[3]) + y * np.linspace(0, 1, shape[2])[:, None] + phase)
        return (wave / 2 + 0.5).astype(np.float32)

    def pixels(*shape: int) -> np.ndarray:
        return (field(*shape) * 255).astype(np.uint8)

    paint = pixels(frames, 3, 128, 128).transpose(0, 2, 3, 1)
    colour = pixels(frames * 3, 3, 48, 48).reshape(frames, 3, 3, 48, 48).transpose(0, 1, 3, 4, 2)
    return Layers(
        source.random(frames).astype(np.float32),
        source.uniform(-1, 1, (frames, 3, 2)).astype(np.float32),
        source.uniform(-1, 1, (frames, 3, 2)).astype(np.float32),
        field(frames, 2, 64, 64) * 3.98 - 1.99,
        pixels(frames, 1, 128, 128)[:, 0],
        paint,
        pixels(frames, 3, 48, 48),
        colour,
    )


@pytest.mark.parametrize("frames", [1, 5, 11])
def test_layers_survive_the_wire(frames):
    given_layers = smooth(frames)
    sizes, payload = pack(given_layers)
    found = unpack(head_of(sizes, frames), payload)
    np.testing.assert_array_equal(found.fade, given_layers.fade)
    np.testing.assert_allclose(found.offset, given_layers.offset, atol=FLOW_UNIT * FLOW_STEP / 2 + 1e-6)
    for name in ("centres", "axes"):
        np.testing.assert_allclose(getattr(found, name), getattr(given_layers, name), atol=1e-4)
    for name in ("alpha", "paint", "opacity", "colour"):
        before, after = (getattr(some, name).astype(int) for some in (given_layers, found))
        assert before.shape == after.shape
        assert np.abs(before - after).mean() < 4, name


def test_offsets_outside_the_range_are_clipped_and_do_not_wrap():
    wild = replace(layers(), offset=np.full((2, 2, 16, 16), 9.0, np.float32) * np.array([1, -1], np.float32)[:, None, None])
    sizes, payload = pack(wild)
    found = unpack(head_of(sizes, 2), payload).offset
    assert found[:, 0].min() > 1.98
    assert found[:, 1].max() < -1.98


def test_parts_of_a_cell_do_not_bleed_into_each_other():
    dark = smooth(2)
    dark = replace(
        dark, paint=dark.paint * 0, alpha=dark.alpha * 0 + 255, colour=dark.colour * 0, opacity=dark.opacity * 0 + 255
    )
    sizes, payload = pack(dark)
    found = unpack(head_of(sizes, 2), payload)
    assert max(found.paint.max(), found.colour.max()) <= 1
    assert min(found.alpha.min(), found.opacity.min()) >= 254


SIZES, PAYLOAD = pack(layers())
FLOW_AT = 2 * 4 + 2 * 2 * 8
JPEG_AT = FLOW_AT + SIZES.flow_bytes
BOMB = zlib.compress(bytes(50_000_000), 9)


@pytest.mark.parametrize(
    ("frames", "sizes", "payload"),
    [
        (2, None, PAYLOAD),
        (0, {}, PAYLOAD),
        (34, {}, PAYLOAD),
        (-1, {}, PAYLOAD),
        (3, {}, PAYLOAD),
        (2, {"flow": 0}, PAYLOAD),
        (2, {"flow": 15}, PAYLOAD),
        (2, {"flow": 1 << 20}, PAYLOAD),
        (2, {"side": -32}, PAYLOAD),
        (2, {"side": 16}, PAYLOAD),
        (2, {"crops": 9}, PAYLOAD),
        (2, {"crops": 1}, PAYLOAD),
        (2, {"crop": 32}, PAYLOAD),
        (2, {"flow_bytes": -1}, PAYLOAD),
        (2, {"flow_bytes": 1 << 40}, PAYLOAD),
        (2, {"flow_bytes": SIZES.flow_bytes - 1}, PAYLOAD),
        (2, {}, b""),
        (2, {}, PAYLOAD[:JPEG_AT]),
        (2, {}, PAYLOAD[: JPEG_AT + 40]),
        (2, {}, np.full(2, np.nan, "<f4").tobytes() + PAYLOAD[8:]),
        (2, {}, np.full(2, 1.5, "<f4").tobytes() + PAYLOAD[8:]),
        (2, {}, PAYLOAD[:FLOW_AT] + bytes(SIZES.flow_bytes) + PAYLOAD[JPEG_AT:]),
        (2, {"flow_bytes": len(BOMB)}, PAYLOAD[:FLOW_AT] + BOMB + PAYLOAD[JPEG_AT:]),
        (2, {}, PAYLOAD[:JPEG_AT] + simplejpeg.encode_jpeg(np.zeros((32, 32, 3), np.uint8))),
    ],
)
def test_layers_that_do_not_fit_their_head_are_refused(frames, sizes, payload):
    head = head_of(None if sizes is None else msgspec.structs.replace(SIZES, **sizes), frames)
    with pytest.raises(InputError) as caught:
        unpack(head, payload)
    assert caught.value.code == "layers_invalid"


@given(st.integers(0, len(PAYLOAD) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_layers_give_layers_or_a_coded_error(at, junk):
    damaged = PAYLOAD[:at] + junk + PAYLOAD[at + len(junk) :]
    try:
        found = unpack(head_of(SIZES, 2), damaged)
    except InputError as error:
        assert error.code == "layers_invalid"
    else:
        assert found.paint.shape == (2, 32, 32, 3)
