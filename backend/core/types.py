"""The words that everything else speaks: keypoints, recordings, forecasts and the controls of a forecast.

Shape suffixes used throughout: B batch, T time, K futures, H horizon, N keypoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LANDMARKS = 478
"""Points of a refined MediaPipe Face Mesh."""

CLOCK_HZ = 12.5
"""Rate at which motion is forecast: every second frame of 25 fps video, as in the GRU-SNF paper."""

CLOCK_S = 1.0 / CLOCK_HZ

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Keypoints:
    """N keypoints with their local affine maps (First Order Motion Model, Siarohin et al. 2019, eq. 4).

    Attributes:
        value: positions `[..., N, 2]`, x right and y down, in [-1, 1] of the square crop.
        jacobian: 2x2 maps `[..., N, 2, 2]` from the canonical region to the region seen.
    """

    value: Tensor
    jacobian: Tensor

    def __post_init__(self) -> None:
        if self.value.shape[-1:] != (2,) or self.jacobian.shape != (*self.value.shape, 2):
            raise ValueError(f"keypoints need [..., N, 2] and [..., N, 2, 2], not {self.value.shape}, {self.jacobian.shape}")

    @property
    def count(self) -> int:
        """N, the number of keypoints."""
        return self.value.shape[-2]

    def flat(self) -> Tensor:
        """Return `[..., 6N]`: per keypoint x, y, j00, j01, j10, j11."""
        return torch.cat([self.value, self.jacobian.flatten(-2)], dim=-1).flatten(-2)

    @classmethod
    def from_flat(cls, flat: Tensor) -> Keypoints:
        """Rebuild keypoints from `[..., 6N]`, the inverse of `flat`."""
        if flat.shape[-1] % 6:
            raise ValueError(f"flat keypoints need a last axis of 6N numbers, not {flat.shape[-1]}")
        per = flat.unflatten(-1, (-1, 6))
        return cls(per[..., :2], per[..., 2:].unflatten(-1, (2, 2)))

    def __getitem__(self, index: object) -> Keypoints:
        """Index the leading (batch, time, ...) axes."""
        return Keypoints(self.value[index], self.jacobian[index])  # type: ignore[index]

    def to(self, *args: object, **kwargs: object) -> Keypoints:
        """Move or cast both tensors, as `Tensor.to`."""
        return Keypoints(self.value.to(*args, **kwargs), self.jacobian.to(*args, **kwargs))  # type: ignore[call-overload]


Method = Literal["gru_nf", "gru_snf", "both"]


_MCMC_ONLY = {"only_with": {"method": ["gru_snf", "both"]}}
"""In the schema: this setting has an effect only while another has one of these values."""


class ForecastSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person can turn while forecasts run. The page builds its controls from this schema."""

    method: Annotated[
        Method, msgspec.Meta(title="Engine", description="GRU-NF, GRU-SNF (refined by MCMC), or both side by side")
    ] = "gru_snf"
    k: Annotated[int, msgspec.Meta(ge=1, le=16, title="Futures", description="How many futures are sampled (K)")] = 4
    horizon: Annotated[
        int,
        msgspec.Meta(
            ge=4, le=24, title="Horizon", description="Steps ahead, 80 ms each (H)", extra_json_schema={"unit": "steps"}
        ),
    ] = 16
    temperature: Annotated[
        float, msgspec.Meta(ge=0.0, le=2.0, title="Temperature", description="Scale of the noise the flow starts from")
    ] = 1.0
    mcmc_steps: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=8,
            title="MCMC steps",
            description="Metropolis steps after each block of the flow (GRU-SNF)",
            extra_json_schema=_MCMC_ONLY,
        ),
    ] = 1
    step_size: Annotated[
        float,
        msgspec.Meta(
            ge=0.0,
            le=1.0,
            title="Step size",
            description="Standard deviation of an MCMC proposal (GRU-SNF)",
            extra_json_schema=_MCMC_ONLY,
        ),
    ] = 0.2
    consistency: Annotated[
        float,
        msgspec.Meta(
            ge=0.0,
            le=4.0,
            title="Consistency",
            description="Pull of the MCMC energy towards the GRU's point forecast (beta)",
            extra_json_schema=_MCMC_ONLY,
        ),
    ] = 1.0


@dataclass(frozen=True)
class Forecast:
    """K sampled futures of H steps.

    Attributes:
        paths: flat keypoints `[..., K, H, 6N]`, the driver's own coordinates.
        acceptance: mean acceptance rate of the MCMC steps in [0, 1], or None where none ran.
        log_weights: log weight of every path `[..., K]`, by which refined paths stand for the flow's own density, or None
            where nobody asked.
    """

    paths: Tensor
    acceptance: float | None = None
    log_weights: Tensor | None = None
