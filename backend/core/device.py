"""The one place that names devices: all else takes the device of the tensors that it is given.

*Host* is the memory of the processor, where values can be read at once. Work on another device runs later than the call that
starts it, and reading one value waits for all of it: so results are read once, by `to_host`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.types import FloatArray

HOST = "cpu"
"""Name of the host as a device."""

WARM_UP = 3
"""Calls before a capture, in which libraries choose their kernels and allocate their workspaces."""

R = TypeVar("R")


def check_device(device: str) -> None:
    """Refuse a device that torch cannot use on this machine.

    Raises:
        InputError: `device_unusable`.
    """
    try:
        # Some devices have a name but no values (meta), or no driver (cuda).
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError):
        hint = f"Choose the device {HOST}."
        raise InputError("device_unusable", f"Torch has no device {device!r} on this machine.", hint) from None


def on_host(device: torch.device) -> bool:
    """Return whether values can be read without waiting for a device."""
    return device.type == HOST


def seeded_generator(device: torch.device, seed: int) -> torch.Generator | None:
    """Return a source of random numbers on a device; None, torch's own source, on `meta`, whose tensors have no values."""
    return None if device.type == "meta" else torch.Generator(device).manual_seed(seed)


def to_host(*tensors: Tensor) -> list[FloatArray]:
    """Return the values of tensors on one device as arrays of the same shapes, in one transfer.

    From another device than the host, several tensors come as one, so in the type that holds all of them.
    """
    if len(tensors) == 1 or on_host(tensors[0].device):
        return [tensor.detach().cpu().numpy() for tensor in tensors]
    joined = torch.cat([tensor.detach().flatten() for tensor in tensors]).cpu().numpy()
    parts = np.split(joined, np.cumsum([tensor.numel() for tensor in tensors[:-1]]))
    return [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def synchronise(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def has_graphs(device: torch.device) -> bool:
    """Return whether a device can repeat captured work (`capture`)."""
    return device.type == "cuda"


def capture(device: torch.device, work: Callable[[], R]) -> Callable[[], R]:
    """Record the kernels of some work as a CUDA graph, as in PyTorch's notes on CUDA semantics ("CUDA Graphs").

    Args:
        device: has graphs.
        work: reads tensors that stay where they are, and never waits for the device.

    Returns:
        A function that repeats the work on the tensors' present values and returns the same result tensors with new values.
    """
    with torch.cuda.device(device):
        side, current = torch.cuda.Stream(), torch.cuda.current_stream()
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                work()
        current.wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work()

    def replay() -> R:
        graph.replay()
        return result

    return replay
