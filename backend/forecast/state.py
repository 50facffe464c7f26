"""The state of streams that a forecast starts from, and the forecast itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class ForecastState:
    """All that a forecaster remembers of B streams (no past frames); the leading axis of every tensor is B.

    Attributes:
        h: hidden state of every GRU layer, `[B, L, hidden]`.
        frame: the last frame, flat keypoints `[B, 6N]`.
        mean: causal running mean of the frames `[B, 6N]`.
        count: frames observed, `[B]` float.
        step: the last frame's difference from the one before `[B, 6N]`.
        energy: causal running mean of `StepModel.energies`, `[B, 2N + 2]`.
    """

    h: Tensor
    frame: Tensor
    mean: Tensor
    count: Tensor
    step: Tensor
    energy: Tensor

    def __len__(self) -> int:
        return len(self.count)

    def __getitem__(self, rows: slice | Tensor | tuple[slice | Tensor, int | slice | Tensor]) -> ForecastState:
        """Index the leading axes of all tensors, e.g. select streams."""
        return ForecastState(*(getattr(self, field.name)[rows] for field in fields(self)))

    def expand(self, k: int) -> ForecastState:
        """Repeat every stream K times, stream after stream: `[B * K]`."""
        return ForecastState(*(getattr(self, field.name).repeat_interleave(k, dim=0) for field in fields(self)))

    def split(self) -> list[ForecastState]:
        """Split the batch into B states of one stream."""
        # One call for each tensor: slices of every row take longer than the step of a batch.
        return [
            ForecastState(*row) for row in zip(*(getattr(self, field.name).split(1) for field in fields(self)), strict=True)
        ]

    @staticmethod
    def cat(states: Sequence[ForecastState]) -> ForecastState:
        """Join states along the batch axis."""
        return ForecastState(*(torch.cat([getattr(state, field.name) for state in states]) for field in fields(ForecastState)))


@dataclass(frozen=True)
class Forecast:
    """K sampled futures of H steps.

    Attributes:
        paths: flat keypoints `[B, K, H, 6N]` in the driver's coordinates.
        acceptance: mean acceptance rate of each path's MCMC steps in [0, 1], `[B, K]`; None without MCMC.
        log_weights: log importance weight of every path under the flow's own density `[B, K]`; None unless requested.
    """

    paths: Tensor
    acceptance: Tensor | None = None
    log_weights: Tensor | None = None
