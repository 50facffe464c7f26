"""Baseline without a network: the portrait is warped by a piecewise affine mesh of landmarks."""

from __future__ import annotations

import numpy as np
import torch
from scipy.interpolate import LinearNDInterpolator
from torch import Tensor

from backend.animate.compose import identity_grid
from backend.core.types import FloatArray

BORDER = 1.02
"""Half side of the square, in crop units, on which fixed points lie: just above 1, so that it contains every pixel centre."""

EDGE_POINTS = 9
"""Fixed points along each edge."""


def mesh_flow(source: FloatArray, driving: FloatArray, size: int) -> Tensor:
    """Return the backward flow `[size, size, 2]` that maps each triangle of driving landmarks to the same one in the portrait.

    The triangles are a Delaunay triangulation of the driving landmarks and of fixed points along the border.

    Args:
        source: landmarks of the portrait `[P, 2]` or `[P, 3]`, x and y in [-1, 1] of the crop.
        driving: landmarks of the frame, with the same shape and units.
        size: side of the flow in pixels.
    """
    inside = (np.abs(driving[:, :2]) < 1).all(1)  # A landmark outside the fixed points would move the border.
    along = np.linspace(-BORDER, BORDER, EDGE_POINTS, dtype=np.float32)
    square = np.stack(np.meshgrid(along, along), -1)
    border = square[(np.abs(square) == along[-1]).any(-1)]
    from_, to = (np.concatenate([face[inside, :2], border]) for face in (source, driving))
    grid = identity_grid(size, size, torch.zeros(())).numpy()
    flow = LinearNDInterpolator(to, from_)(grid.reshape(-1, 2)).reshape(size, size, 2)
    return torch.from_numpy(flow.astype(np.float32))
