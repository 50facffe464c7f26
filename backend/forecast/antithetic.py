"""The noise of a rollout: sampled from one generator or one per stream, and made antithetic among the K futures of a stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

NoiseSource = torch.Generator | Sequence[torch.Generator] | None
"""One generator, torch's global one (None), or one per stream: then a stream's futures do not depend on its batch."""


def sample_noise(distribution: Callable[..., Tensor], source: NoiseSource, times: int, rows: int, columns: int) -> Tensor:
    """Sample `[times, rows, columns]`; each of S generators samples its rows / S rows.

    Args:
        distribution: `torch.randn` or `torch.rand`.
        source: of all randomness.
        times: T.
        rows: streams times futures.
        columns: numbers per row.
    """
    if source is None or isinstance(source, torch.Generator):
        return distribution(times, rows, columns, generator=source)
    parts = [distribution(times, rows // len(source), columns, generator=generator) for generator in source]
    return torch.cat(parts, dim=1)


def antithetic(normal_TRD: Tensor, k: int) -> Tensor:
    """Correlate each K consecutive rows of standard normal noise `[T, R, D]` negatively.

    Every row alone stays standard normal, but two rows of a group have the correlation -1 / (K - 1), the least possible for K
    exchangeable rows: K futures lie further apart than independent ones, and each is as likely as before (Craiu & Meng 2005,
    Annals of Statistics 33).
    """
    if k < 2:
        return normal_TRD
    groups = normal_TRD.unflatten(1, (-1, k))
    return ((groups - groups.mean(2, keepdim=True)) * math.sqrt(k / (k - 1))).flatten(1, 2)
