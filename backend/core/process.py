"""Settings of the process: threads and memory."""

from __future__ import annotations

import contextlib
import ctypes
import os

import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def configure_process(threads: int) -> None:
    """Set torch's thread count and keep freed memory instead of returning it to the system.

    0 threads take half of the cores: the rest is for the page, and for a browser on the same machine.
    """
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 2) // 2))
    # By default glibc returns every large tensor to the system, and the page faults of the next one cost a sixth of the time.
    # Other C libraries lack mallopt and do not need it.
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
