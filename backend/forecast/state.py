"""What a forecaster remembers of a stream: never the past frames, only these tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class ForecastState:
    """The state of B streams; the leading axis of every tensor is B.

    Attributes:
        h: hidden state of every GRU layer, `[B, L, hidden]`.
        frame: last frame seen, flat keypoints `[B, 6N]`.
        mean: causal running mean of the frames `[B, 6N]`.
        count: frames seen, `[B]` float.
    """

    h: Tensor
    frame: Tensor
    mean: Tensor
    count: Tensor

    def __len__(self) -> int:
        return len(self.count)

    def __getitem__(self, rows: slice | Tensor) -> ForecastState:
        """Select streams; the batch axis stays."""
        return ForecastState(*(getattr(self, field.name)[rows] for field in fields(self)))

    def expand(self, k: int) -> ForecastState:
        """Repeat every stream K times, stream after stream: `[B * K]`."""
        return ForecastState(*(getattr(self, field.name).repeat_interleave(k, dim=0) for field in fields(self)))

    def split(self) -> list[ForecastState]:
        """Take the batch apart into B states of one stream."""
        return [self[row : row + 1] for row in range(len(self))]

    @staticmethod
    def cat(states: Sequence[ForecastState]) -> ForecastState:
        """Join states along the batch axis."""
        return ForecastState(*(torch.cat([getattr(state, field.name) for state in states]) for field in fields(ForecastState)))
