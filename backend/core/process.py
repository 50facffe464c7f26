"""Threads and memory of this process."""

from __future__ import annotations

import contextlib
import ctypes
import os

import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def configure_process(threads: int) -> None:
    """Set torch's thread count for this process and let it keep the memory it frees.

    Args:
        threads: 0 takes half of the cores, which leaves room for the page, and for a browser on the same machine.
    """
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 2) // 2))
    # Large tensors come and go at every step. By default glibc hands each back to the system, and the page faults of the
    # next one cost a sixth of the time; other C libraries lack mallopt and do not need it.
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
