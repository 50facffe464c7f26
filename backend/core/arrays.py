"""Reads arrays from `.npy` and `.npz` files of others, within a limit of memory that is checked first; writes `.npz` whole."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backend.core.errors import reason
from backend.core.files import require_file, save_whole

MAX_UNPACKED = 1_000_000_000
"""Bytes of all arrays of one file: four hours of landmarks. A small file may say that it unpacks to any size."""


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, compressed: bool = True) -> None:
    """Write arrays by name to an `.npz`, whole or not at all.

    Args:
        path: of the file.
        arrays: none of which holds objects of Python.
        compressed: costs time, and saves little where the numbers are noise.

    Raises:
        OSError: it cannot be written.
    """
    save: Any = np.savez_compressed if compressed else np.savez
    save_whole(path, lambda file: save(file, **arrays))


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file by name; that of an `.npy` file is called `array`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged, too large, or holds objects of Python.
    """
    try:
        if not zipfile.is_zipfile(require_file(path)):
            with path.open("rb") as file:
                return {"array": _read(file, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > MAX_UNPACKED:
                raise ValueError(f"it unpacks to {size / 1e9:.1f} GB, more than {MAX_UNPACKED / 1e9:.0f} GB")
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    arrays[member.filename.removesuffix(".npy")] = _read(file, member.file_size)
            return arrays
    except (OSError, ValueError):
        raise
    except Exception as error:  # On damaged headers, NumPy and the archive's reader raise almost anything.
        raise ValueError(reason(error)) from None


def _read(file: IO[bytes], size: int) -> NDArray[Any]:
    """Read one array, of which there are `size` bytes with its header."""
    if npy.read_magic(file) == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(file)
    else:
        shape, _, dtype = npy.read_array_header_2_0(file)
    if dtype.hasobject:
        raise ValueError("it holds objects of Python")
    if math.prod(shape) * dtype.itemsize > size:
        raise ValueError("its header says that it is larger than it is")
    file.seek(0)
    array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array
