"""Live objects as bytes, to go on with them in another process. They are pickled: read only what our own processes wrote."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def save_snapshot(value: object, apart: Mapping[str, object]) -> bytes:
    """Return an object as bytes. Tensors are written as arrays, which takes a tenth of the time of pickled tensors.

    Args:
        value: the object; all that it holds can be pickled.
        apart: objects that it holds and that are left out, by the names under which `restore_snapshot` gets them.
    """
    buffer = io.BytesIO()
    _Pickler(buffer, apart).dump(value)
    return buffer.getvalue()


def restore_snapshot(data: bytes, apart: Mapping[str, object], device: torch.device) -> Any:
    """Return the object that `save_snapshot` wrote.

    Args:
        data: the bytes.
        apart: the objects that were left out, by name.
        device: where its tensors shall be.
    """
    return _Unpickler(io.BytesIO(data), apart, device).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, apart: Mapping[str, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._names = {id(value): name for name, value in apart.items()}

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.numpy(force=True)
        return self._names.get(id(value))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, apart: Mapping[str, object], device: torch.device) -> None:
        super().__init__(file)
        self._apart, self._device = apart, device

    def persistent_load(self, written: Any) -> Any:
        return self._apart[written] if isinstance(written, str) else torch.from_numpy(written).to(self._device)
