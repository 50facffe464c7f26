"""The payload of a sheet in the way `layers`: bytes <-> `Layers`.

After the fan, for F frames (the present first, then the futures) with P crops each:

1. fade, F x f32, little-endian.
2. placement of the crops, F x P x 4 u16 as all coordinates: centre x, y, axis x, y.
3. optical flow, `flow_bytes` bytes of zlib: offsets `[F, 2, flow, flow]` i16, little-endian, in units of 1 / 16384, as
   differences: of each column from the one to its left, then of each row from the one above (sums wrap around).
4. one JPEG of cells, as many in a row as the head's `columns`. A cell holds, from top to bottom: paint; alpha in grey; the
   crops' colours side by side; their opacities in grey. It is as wide as the widest of these. Paint and colours are
   premultiplied, by 1 - alpha and by the opacity: what is not shown is black and costs few bytes.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.types import FloatArray, Layers, Picture
from backend.server.live.sheet import columns_of, jpeg, mosaic
from backend.server.protocol import LayersHead, SheetHead, dequantise, quantise

FLOW_UNIT = 1 / 16384
"""Crop units of 1 in the optical flow, whose offsets lie in [-2, 2)."""

FLOW_STEP = 8
"""Offsets are rounded to multiples of so many units, 1 / 2048: at 1,024 pixels an eighth of a pixel, for half the bytes."""

FLOW_LEVEL = 1
"""Of zlib, the fastest."""

MAX_FRAMES = 33
MAX_SIDE = 512
MAX_CROPS = 8
"""Largest numbers that `unpack` accepts: the present and twice 16 futures, sides in pixels, crops of a frame."""


def pack(layers: Layers) -> tuple[LayersHead, bytes]:
    """Return the sizes and the payload of F frames."""
    count, crops = layers.opacity.shape[:2]
    placement = quantise(np.concatenate([layers.centres, layers.axes], -1))
    steps = np.rint(np.clip(layers.offset, -2, 1.99) / (FLOW_UNIT * FLOW_STEP)).astype("<i2") * FLOW_STEP
    steps[..., 1:] -= steps[..., :-1].copy()
    steps[..., 1:, :] -= steps[..., :-1, :].copy()
    flow = zlib.compress(steps.tobytes(), FLOW_LEVEL)
    head = LayersHead(steps.shape[-1], layers.paint.shape[1], crops, layers.colour.shape[2], len(flow))
    fade = layers.fade.astype("<f4").tobytes()
    return head, fade + placement + flow + jpeg(mosaic(_cells(layers, count, head)))


def unpack(head: SheetHead, payload: bytes) -> Layers:
    """Return the layers of a sheet, whose payload follows the fan.

    Raises:
        InputError: `layers_invalid` if head and payload do not fit each other, or are larger than any real sheet.
    """
    sizes, count = head.layers, head.tiles
    if sizes is None or not (
        1 <= count <= MAX_FRAMES
        and 1 <= sizes.crops <= MAX_CROPS
        and all(1 <= side <= MAX_SIDE for side in (sizes.flow, sizes.side, sizes.crop))
        and 0 <= sizes.flow_bytes <= len(payload)
    ):
        raise _invalid("its head has impossible sizes")
    ends = np.cumsum([count * 4, count * sizes.crops * 8, sizes.flow_bytes]).tolist()
    if ends[-1] > len(payload):
        raise _invalid("it ends before its picture")
    fade = np.frombuffer(payload[: ends[0]], "<f4").astype(np.float32)
    if not ((fade >= 0) & (fade <= 1)).all():
        raise _invalid("its fade is not in [0, 1]")
    placement = dequantise(payload[ends[0] : ends[1]]).reshape(count, sizes.crops, 2, 2)
    offset = _inflate(payload[ends[1] : ends[2]], (count, 2, sizes.flow, sizes.flow))
    cells = _split(payload[ends[2] :], count, sizes)
    side, crop = sizes.side, sizes.crop
    crops = cells[:, 2 * side :, : sizes.crops * crop].reshape(count, 2, crop, sizes.crops, crop, 3).swapaxes(2, 3)
    return Layers(
        fade=fade,
        centres=placement[:, :, 0],
        axes=placement[:, :, 1],
        offset=offset,
        alpha=cells[:, side : 2 * side, :side, 1],
        paint=cells[:, :side, :side],
        opacity=crops[:, 1, ..., 1],
        colour=crops[:, 0],
    )


def _cells(layers: Layers, count: int, head: LayersHead) -> Picture:
    """Return the cells `[F, height, width, 3]` of the JPEG; unused pixels repeat their neighbours, which costs few bytes."""
    side, crop, across = head.side, head.crop, head.crops * head.crop
    cells = np.empty((count, 2 * (side + crop), max(side, across), 3), np.uint8)
    # Channel by channel, which is five times as fast where the channels of a pixel are not adjacent, and for grey.
    for channel in range(3):
        plane = cells[..., channel]
        plane[:, :side, :side] = layers.paint[..., channel]
        plane[:, side : 2 * side, :side] = layers.alpha
        plane[:, : 2 * side, side:] = plane[:, : 2 * side, side - 1 : side]
        for part in range(head.crops):
            columns = slice(part * crop, (part + 1) * crop)
            plane[:, 2 * side : 2 * side + crop, columns] = layers.colour[:, part, ..., channel]
            plane[:, 2 * side + crop :, columns] = layers.opacity[:, part]
        plane[:, 2 * side :, across:] = plane[:, 2 * side :, across - 1 : across]
    return cells


def _split(picture: bytes, count: int, sizes: LayersHead) -> Picture:
    """Decode the JPEG into its cells `[F, height, width, 3]`."""
    columns = columns_of(count)
    rows = -(-count // columns)
    height, width = 2 * (sizes.side + sizes.crop), max(sizes.side, sizes.crops * sizes.crop)
    try:
        found = simplejpeg.decode_jpeg_header(picture)[:2]
        if found != (rows * height, columns * width):
            raise _invalid("its picture has another size than its head says")
        board = simplejpeg.decode_jpeg(picture, colorspace="RGB")
    except ValueError:
        raise _invalid("its picture cannot be decoded") from None
    grid = board.reshape(rows, height, columns, width, 3).swapaxes(1, 2)
    cells: NDArray[np.uint8] = grid.reshape(-1, height, width, 3)[:count]
    return cells


def _inflate(data: bytes, shape: tuple[int, ...]) -> FloatArray:
    size = 2 * int(np.prod(shape))
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, size + 1)
    except zlib.error:
        raise _invalid("its optical flow cannot be decompressed") from None
    if len(raw) != size or not inflater.eof:
        raise _invalid("its optical flow has another size than its head says")
    steps: NDArray[Any] = np.frombuffer(raw, "<i2").reshape(shape)
    return np.cumsum(np.cumsum(steps, -2, dtype=np.int16), -1, dtype=np.int16).astype(np.float32) * np.float32(FLOW_UNIT)


def _invalid(reason: str) -> InputError:
    return InputError("layers_invalid", f"A sheet's layers cannot be read: {reason}.")
