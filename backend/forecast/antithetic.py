"""Where a rollout's noise comes from: one source for all rows, or one per stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Source = torch.Generator | Sequence[torch.Generator] | None
"""One generator, torch's own (None), or one per stream: then a stream's futures do not depend on who shares its batch."""


def draw(kind: Callable[..., Tensor], source: Source, times: int, rows: int, columns: int) -> Tensor:
    """Draw `[times, rows, columns]` by `kind` (`torch.randn` or `torch.rand`); each of S sources draws its rows / S rows."""
    if source is None or isinstance(source, torch.Generator):
        return kind(times, rows, columns, generator=source)
    return torch.cat([kind(times, rows // len(source), columns, generator=one) for one in source], dim=1)


def couple(normal_TRD: Tensor, k: int) -> Tensor:
    """Let each K consecutive rows of standard normal noise avoid each other.

    Their mean is taken off and their size restored: every row alone is as normal as before, but two rows of a group are
    correlated by -1 / (K - 1), the least that K exchangeable rows can be. So K futures lie further apart than K independent
    ones, and none is less likely for it (antithetic coupling of several processes: Craiu & Meng 2005, Annals of Statistics 33).

    Args:
        normal_TRD: noise `[T, R, D]`, R a multiple of K.
        k: K; one row has no other to avoid.
    """
    if k < 2:
        return normal_TRD
    groups = normal_TRD.unflatten(1, (-1, k))
    return ((groups - groups.mean(2, keepdim=True)) * math.sqrt(k / (k - 1))).flatten(1, 2)
