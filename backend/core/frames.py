"""Arrays of one row a frame, of videos of any length, in little more memory than their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

MAX_ROWS = 256
"""Rows that are converted at once: intermediate arrays stay small, and NumPy's own cost a call does not count."""


class FrameList(Generic[Number]):
    """Collects arrays of one shape and type, one a frame, end to end: a list would need their memory twice to stack them."""

    def __init__(self, shape: tuple[int, ...], dtype: type[Number]) -> None:
        self._bytes, self._shape, self._dtype = bytearray(), shape, np.dtype(dtype)

    def append(self, frame: NDArray[Number]) -> None:
        """Add the array of one frame.

        Raises:
            ValueError: it has another shape.
        """
        if frame.shape != self._shape:
            raise ValueError(f"a frame is {frame.shape}, not {self._shape}")
        self._bytes += frame.astype(self._dtype, copy=False).tobytes()

    def stack(self) -> NDArray[Number]:
        """Return all frames `[T, ...]` without a copy, writable; no frame can be appended while the array is in use."""
        return np.frombuffer(self._bytes, self._dtype).reshape(-1, *self._shape)


def parts(rows: NDArray[Number]) -> Iterator[NDArray[Number]]:
    """Yield views of at most `MAX_ROWS` rows, in order, through which an array `[T, ...]` can be converted in place."""
    return (rows[start : start + MAX_ROWS] for start in range(0, len(rows), MAX_ROWS))
