"""Where a rollout's noise comes from: one source for all rows, or one per stream."""

from __future__ import annotations

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
