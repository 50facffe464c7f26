"""CRC-32C (Castagnoli), as TFRecords carry it: many bytes at once, for a checksum in plain Python takes minutes a file."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_LANE = 1024
"""Bytes that one lane reads; all lanes go on together."""

_ONES = 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """Checksum of `data` (RFC 3720, appendix B.4)."""
    if len(data) < 2 * _LANE:
        state = _ONES
        for byte in data:
            state = int(_table()[(state ^ byte) & 255]) ^ (state >> 8)
        return state ^ _ONES
    # Beginning with ones is beginning with zeros and the first four bytes inverted; zeros before the data then change nothing.
    padded = np.zeros(-(-len(data) // _LANE) * _LANE, np.uint8)
    padded[-len(data) :] = np.frombuffer(data, np.uint8)
    first = len(padded) - len(data)
    padded[first : first + 4] ^= 255
    lanes = _read(np.zeros(len(padded) // _LANE, np.uint32), padded.reshape(-1, _LANE))
    skip = _skip()
    state = 0
    for lane in lanes.tolist():
        state = int(skip[0, state & 255] ^ skip[1, state >> 8 & 255] ^ skip[2, state >> 16 & 255] ^ skip[3, state >> 24]) ^ lane
    return state ^ _ONES


def masked_crc32c(data: bytes) -> int:
    """The checksum turned and shifted, as TFRecords store it, so that a checksum of checksums stays a good one."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & _ONES


@cache
def _table() -> NDArray[np.uint32]:
    """What each byte does to the state, `[256]`."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ _POLYNOMIAL, table >> 1).astype(np.uint32)
    return table


def _read(states: NDArray[np.uint32], bytes_LW: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """States `[L]` after each has read its row of `[L, W]`."""
    table = _table()
    for column in bytes_LW.T:
        states = table[(states ^ column) & 255] ^ (states >> 8)
    return states


@cache
def _skip() -> NDArray[np.uint32]:
    """What a lane of zeros does to each byte of a state, `[4, 256]`: checksums are linear, so the four are added."""
    states = np.array([byte << shift for shift in (0, 8, 16, 24) for byte in range(256)], np.uint32)
    return _read(states, np.zeros((len(states), _LANE), np.uint8)).reshape(4, 256)
