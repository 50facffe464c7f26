"""Reads the BAIR robot pushing data as it is published, softmotion30 TFRecords, without TensorFlow.

A TFRecord file is a sequence of: length (8 bytes), its masked CRC-32C (4), data, its masked CRC-32C (4), little-endian. The
data is a `tf.train.Example`: Features (field 1) is a map (field 1) of name (1) to Feature (2), which holds a BytesList (1).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.files import require_file

CAMERA = "image_aux1"
"""The camera of the video prediction papers; the other is `image_main`."""

MAX_RECORD_BYTES = 1 << 30
"""Limit against a damaged length, which could allocate all memory."""


def read_softmotion(path: Path, camera: str = CAMERA) -> Iterator[NDArray[np.uint8]]:
    """Read sequences `[T, S, S, 3]` uint8 one by one; their pictures are the raw bytes under `STEP/CAMERA/encoded`.

    Raises:
        InputError: `tfrecord_missing`; `tfrecord_truncated`; `tfrecord_crc` (bytes changed); `tfrecord_keys` (an Example
            without softmotion pictures); `tfrecord_damaged` (no Example).
    """
    for index, record in enumerate(read_records(path)):
        try:
            features = _byte_features(record)
        except (ValueError, IndexError, UnicodeDecodeError) as error:
            raise InputError("tfrecord_damaged", f"Record {index} of {path} is no tf.train.Example ({error}).") from None
        yield _pictures(features, camera, f"Record {index} of {path}")


def read_records(path: Path) -> Iterator[bytes]:
    """Read the data of every record and check both checksums."""
    try:
        file = require_file(path).open("rb")
    except OSError as error:
        raise InputError("tfrecord_missing", f"{path} cannot be read ({error.strerror}).") from None
    with file:
        index = 0
        while file.peek(1):
            where = f"record {index} of {path}"
            head = _read_whole(file, 12, where)
            length, check = struct.unpack("<QI", head)
            if _masked_crc32c(head[:8]) != check or length > MAX_RECORD_BYTES:
                raise InputError("tfrecord_crc", f"The length of {where} is damaged, or this is no TFRecord file.")
            data, tail = _read_whole(file, length, where), _read_whole(file, 4, where)
            if _masked_crc32c(data) != struct.unpack("<I", tail)[0]:
                raise InputError("tfrecord_crc", f"The checksum of {where} does not fit its data.", "Download it again.")
            yield data
            index += 1


def _masked_crc32c(data: bytes) -> int:
    """Compute the CRC-32C as TFRecords store it: rotated, with a constant added."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _read_whole(file: BinaryIO, count: int, where: str) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise InputError("tfrecord_truncated", f"The file ends in the middle of {where}.", "Download it again.")
    return data


def _pictures(features: dict[str, bytes], camera: str, where: str) -> NDArray[np.uint8]:
    frames: list[NDArray[np.uint8]] = []
    while (raw := features.get(f"{len(frames)}/{camera}/encoded")) is not None:
        side = math.isqrt(len(raw) // 3)
        if not side or side * side * 3 != len(raw) or (frames and frames[0].size != len(raw)):
            raise InputError("tfrecord_keys", f"{where}: picture {len(frames)} has {len(raw)} bytes, no square of raw RGB.")
        frames.append(np.frombuffer(raw, np.uint8).reshape(side, side, 3))
    if not frames:
        some = ", ".join(sorted(features)[:3]) or "no pictures at all"
        raise InputError("tfrecord_keys", f"{where} has no `0/{camera}/encoded`; it holds {some}.")
    return np.stack(frames)


def _byte_features(example: bytes) -> dict[str, bytes]:
    """Return names and first values of an Example's features that are bytes."""
    found: dict[str, bytes] = {}
    for features in _fields(memoryview(example), 1):
        for entry in _fields(features, 1):
            name = b"".join(bytes(part) for part in _fields(entry, 1)).decode()
            for feature in _fields(entry, 2):
                for values in _fields(feature, 1):
                    found.update((name, bytes(value)) for value in list(_fields(values, 1))[:1])
    return found


def _fields(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield the contents of every length-delimited field `wanted` of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(message, at)
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"wire type {kind}")
        length, at = _varint(message, at) if kind == 2 else (8 if kind == 1 else 4, at)
        if at + length > len(message):
            raise ValueError("a field is longer than its message")
        if kind == 2 and key >> 3 == wanted:
            yield message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a protobuf varint (seven bits a byte, lowest first) and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")
