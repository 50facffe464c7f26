"""The simplest way to move a portrait: its pixels follow a mesh of landmarks, piecewise affine. No network, no paint."""

from __future__ import annotations

import numpy as np
import torch
from scipy.interpolate import LinearNDInterpolator
from torch import Tensor

from backend.animate.compose import identity_grid
from backend.core.types import FloatArray

BORDER = 1.02
"""Where the mesh is nailed down, in crop units: a little outside, so that every pixel's centre lies within."""

NAILS = 9
"""Points along each edge."""


def mesh_flow(source: FloatArray, driving: FloatArray, size: int) -> Tensor:
    """Return the backward flow that takes each triangle of landmarks from where it was in the portrait.

    The triangles are a Delaunay triangulation of the driving landmarks and of points along the crop's border, which stay.

    Args:
        source: landmarks of the portrait `[P, 2]` or `[P, 3]`, x and y in [-1, 1] of the crop.
        driving: landmarks of the frame, likewise.
        size: pixels of the flow's edge.

    Returns:
        `[size, size, 2]` float32, positions in the portrait in [-1, 1].
    """
    inside = (np.abs(driving[:, :2]) < 1).all(1)  # A point beyond the nails would pull the border with it.
    nails = _border()
    from_ = np.concatenate([source[inside, :2], nails])
    to = np.concatenate([driving[inside, :2], nails])
    grid = identity_grid(size, size, torch.zeros(())).numpy()
    flow = LinearNDInterpolator(to, from_)(grid.reshape(-1, 2)).reshape(size, size, 2)
    return torch.from_numpy(flow.astype(np.float32))


def _border() -> FloatArray:
    along = np.linspace(-BORDER, BORDER, NAILS, dtype=np.float32)
    x, y = np.meshgrid(along, along)
    edge = (np.abs(x) == along[-1]) | (np.abs(y) == along[-1])
    return np.stack([x[edge], y[edge]], 1)
