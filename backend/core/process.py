"""Settings of the process: threads, memory and device."""

from __future__ import annotations

import contextlib
import ctypes
import os

import torch

from backend.core.errors import InputError

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


def check_device(device: str) -> None:
    """Refuse a device that torch cannot use on this machine.

    Raises:
        InputError: `device_unusable`.
    """
    try:
        usable = torch.device(device).type != "cuda" or torch.cuda.is_available()
    except RuntimeError:
        usable = False
    if not usable:
        raise InputError("device_unusable", f"Torch has no device {device!r} on this machine.", "Choose the device cpu.")
