"""Random smooth deformations of the plane and their Jacobians, for the equivariance losses (FOMM, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from backend.animate.fomm.grid import corner_grid

SIGMA_AFFINE, SIGMA_TPS, POINTS = 0.05, 0.005, 5
"""Standard deviations of the affine part and of the weights, and control points along an edge: the paper's."""


@dataclass(frozen=True)
class ThinPlate:
    """T(z) = A z + b + sum_i c_i U(|z - p_i|), U(r) = r^2 log r^2: a thin-plate spline (Bookstein 1989) on a grid of p_i."""

    linear: Tensor  # A, `[B, 2, 2]`
    shift: Tensor  # b, `[B, 2]`
    weights: Tensor  # c, `[B, P, 2]`
    points: Tensor  # p, `[P, 2]`

    @classmethod
    def sample(cls, batch: int, random: torch.Generator) -> ThinPlate:
        """Sample one deformation, close to the identity, for each of a batch."""
        points = corner_grid(POINTS, POINTS, torch.empty(0)).flatten(0, 1)
        linear = torch.eye(2) + SIGMA_AFFINE * torch.randn(batch, 2, 2, generator=random)
        shift = SIGMA_AFFINE * torch.randn(batch, 2, generator=random)
        return cls(linear, shift, SIGMA_TPS * torch.randn(batch, len(points), 2, generator=random), points)

    def __call__(self, z: Tensor) -> Tensor:
        """Move positions `[B, M, 2]`."""
        squared = self._squared(z)
        bent = (squared * squared.log()) @ self.weights
        return z @ self.linear.mT + self.shift[:, None] + bent

    def jacobian(self, z: Tensor) -> Tensor:
        """dT/dz at `[B, M, 2]` -> `[B, M, 2, 2]`: dU/dz = 2 (z - p) (1 + log r^2)."""
        squared = self._squared(z)
        slope = 2 * (z[:, :, None] - self.points) * (1 + squared.log())[..., None]
        return self.linear[:, None] + torch.einsum("bpr,bmpc->bmrc", self.weights, slope)

    def deform(self, pictures: Tensor) -> Tensor:
        """Deform pictures `[B, 3, H, W]`: the result at z shows what was at T(z); edges are mirrored."""
        height, width = pictures.shape[-2:]
        grid = corner_grid(height, width, pictures)
        flow = self(grid.flatten(0, 1).expand(len(pictures), -1, -1)).unflatten(1, (height, width))
        return F.grid_sample(pictures, flow, padding_mode="reflection", align_corners=True)

    def _squared(self, z: Tensor) -> Tensor:
        """Squared distances to the control points `[B, M, P]`, never 0."""
        return (z[:, :, None] - self.points).square().sum(-1).clamp_min(1e-12)
