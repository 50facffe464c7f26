"""Time a piece of work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from backend.core.device import HOST, synchronise
from backend.evaluate.report.report import Metric


def measure(work: Callable[[], object], repeats: int, warm_up: int = 3, device: torch.device | str = HOST) -> Metric:
    """Return the median time of calls in ms, and the middle 95 % of the times as its interval.

    Args:
        work: what is called.
        repeats: timed calls.
        warm_up: untimed calls before them.
        device: where the work runs; a call ends when the device has done it.
    """
    place = torch.device(device)
    for _ in range(warm_up):
        work()
    synchronise(place)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        synchronise(place)
        times.append((time.perf_counter() - began) * 1000)
    low, high = np.percentile(times, [2.5, 97.5]).tolist()
    return Metric(statistics.median(times), low, high)
