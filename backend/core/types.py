"""Types that every layer shares: keypoints, the clock of the forecasts, and their settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LANDMARKS = 478
"""Points of a refined MediaPipe Face Mesh."""

CLOCK_HZ = 12.5
"""Frames per second of all motion that models learn or forecast, as in Haque and Das 2025 (arXiv 2512.04282)."""

CLOCK_S = 1.0 / CLOCK_HZ
"""Seconds per step of the clock: 0.08."""

FloatArray = NDArray[np.float32]

Picture = NDArray[np.uint8]
"""RGB pixels `[..., height, width, 3]`."""

Way = Literal["pictures", "layers", "keypoints"]
"""What the server sends to be shown: finished pictures, layers that the page composes, or keypoints that it renders itself."""


@dataclass(frozen=True)
class Keypoints:
    """N keypoints with their Jacobians (First Order Motion Model, Siarohin et al. 2019, arXiv 2003.00196, eq. 4).

    Attributes:
        value: positions `[..., N, 2]`, x right and y down, in [-1, 1] of the square crop.
        jacobian: 2x2 maps `[..., N, 2, 2]` from the canonical region to the region in the picture.
    """

    value: Tensor
    jacobian: Tensor

    def __post_init__(self) -> None:
        if self.value.shape[-1:] != (2,) or self.jacobian.shape != (*self.value.shape, 2):
            raise ValueError(f"keypoints need [..., N, 2] and [..., N, 2, 2], not {self.value.shape}, {self.jacobian.shape}")

    @property
    def count(self) -> int:
        """The number of keypoints, N."""
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


@dataclass(frozen=True)
class Layers:
    """What F frames are composed of, beside the portrait; see `compose` in `animate/compose.py`. P eye and mouth crops.

    Attributes:
        fade: how much of the networks' change applies `[F]`, in [0, 1]; 0 at the portrait's own keypoints.
        centres, axes: placement of the crops `[F, P, 2]`, see `locate_crops`.
        offset: where in the portrait a pixel comes from, relative to itself `[F, 2, h, w]` (x, y), in crop units.
        alpha: weight of the warped portrait `[F, n, n]` uint8, 255 is 1.
        paint: inpainted colour times 1 - alpha `[F, n, n, 3]`.
        opacity, colour: of the crops, `[F, P, m, m]` uint8, 255 is 1, and `[F, P, m, m, 3]`, times the opacity.
    """

    fade: FloatArray
    centres: FloatArray
    axes: FloatArray
    offset: FloatArray
    alpha: NDArray[np.uint8]
    paint: Picture
    opacity: NDArray[np.uint8]
    colour: Picture


@dataclass(frozen=True)
class PortraitMotion:
    """What another program renders frames of, beside the encoded portrait: flat keypoints in the portrait's coordinates.

    Attributes:
        source: of the portrait itself `[6N]`.
        present: of the present `[6N]`.
        paths: of the futures of a round `[K, H, 6N]`; None where they are not wanted.
    """

    source: FloatArray
    present: FloatArray
    paths: FloatArray | None


_MCMC_ONLY = {"only_with": {"method": ["gru_snf", "both"]}}
"""Schema entry: the page enables the setting only while `method` has one of these values."""


def _setting(
    title: str, description: str, ge: float | None = None, le: float | None = None, extra: dict[str, Any] | None = None
) -> msgspec.Meta:
    return msgspec.Meta(title=title, description=description, ge=ge, le=le, extra_json_schema=extra)


Choose = Literal["off", "4x", "8x", "16x"]
"""How many futures are drawn for each one shown."""

Sampling = Literal["joint", "steps"]
"""How a future is sampled: all steps in one pass of a flow, or one after the other as in the GRU-SNF paper."""


class ForecastSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings that a person can change while forecasts run. The page builds its controls from this schema."""

    method: Annotated[
        Literal["gru_nf", "gru_snf", "both"],
        _setting("Method", "GRU-NF samples directly, GRU-SNF adds MCMC steps, or both side by side"),
    ] = "gru_snf"
    k: Annotated[int, _setting("Futures", "How many futures to predict (K)", 1, 16)] = 4
    horizon: Annotated[int, _setting("Horizon", "Length of the futures in steps of 80 ms (H)", 4, 24, {"unit": "steps"})] = 16
    choose: Annotated[
        Choose,
        _setting(
            "Draws per future",
            "How many futures to draw for each one shown: those shown are chosen so that every draw is near to one of them",
            extra={"labels": {"off": "Off", "4x": "4", "8x": "8", "16x": "16"}},
        ),
    ] = "8x"
    sampling: Annotated[
        Sampling,
        _setting(
            "Sampling",
            "Sample each future as a whole, or step after step, which is slower",
            extra={"labels": {"joint": "Whole", "steps": "By step"}},
        ),
    ] = "joint"
    coupled: Annotated[
        Literal["off", "on"],
        _setting(
            "Paired noise",
            "Push the random numbers of the draws apart; each future alone stays as likely",
            extra={"labels": {"off": "Off", "on": "On"}},
        ),
    ] = "off"
    temperature: Annotated[
        float, _setting("Temperature", "Scale of the random numbers: higher gives more varied futures", 0.0, 2.0)
    ] = 1.0
    mcmc_steps: Annotated[
        int, _setting("MCMC steps", "Random changes after each block of the flow (GRU-SNF)", 0, 8, _MCMC_ONLY)
    ] = 1
    step_size: Annotated[float, _setting("Step size", "How large such a change may be (GRU-SNF)", 0.0, 1.0, _MCMC_ONLY)] = 0.2
    consistency: Annotated[
        float,
        _setting("Consistency", "How strongly the changes are pulled to the most likely path (GRU-SNF)", 0.0, 4.0, _MCMC_ONLY),
    ] = 1.0

    @property
    def draws(self) -> int:
        """N: futures that are drawn for each method; K where none are chosen."""
        return self.k if self.choose == "off" else self.k * int(self.choose.removesuffix("x"))
