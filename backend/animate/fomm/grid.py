"""Grids, warping and resizing with `align_corners=True`: -1 and 1 are the centres of the outermost pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from backend.core.types import Keypoints


def corner_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return positions (x, y) `[height, width, 2]` from -1 to 1 inclusive.

    Args:
        height: rows.
        width: columns.
        like: tensor whose device the grid takes.
    """
    x = torch.linspace(-1, 1, width, device=like.device, dtype=torch.float32)
    y = torch.linspace(-1, 1, height, device=like.device, dtype=torch.float32)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def warp_aligned(picture: Tensor, flow: Tensor) -> Tensor:
    """Read `[F, C, H, W]` bilinearly at `flow [F, h, w, 2]` -> `[F, C, h, w]`; 0 outside.

    The authors' PyTorch (1.0) had no option `align_corners` and behaved like True.
    """
    return F.grid_sample(picture.float(), flow.float(), align_corners=True)


def resize_aligned(maps: Tensor, height: int, width: int) -> Tensor:
    """Resize bilinearly to `[F, C, height, width]`; published models at their own size need no resizing.

    Args:
        maps: `[F, C, h, w]`.
        height: rows of the result.
        width: columns of the result.
    """
    if maps.shape[-2:] == (height, width):
        return maps
    return F.interpolate(maps, (height, width), mode="bilinear", align_corners=True)


def gaussians(keypoints: Keypoints, grid: Tensor, variance: float) -> Tensor:
    """Return Gaussian heatmaps `[F, N, h, w]`: exp(-|z - kp|^2 / (2 variance)).

    Args:
        keypoints: `[F, N]`.
        grid: positions z `[h, w, 2]`.
        variance: in units of the grid, squared.
    """
    distance = (grid - keypoints.value[:, :, None, None]).square().sum(-1)
    return torch.exp(-0.5 * distance / variance)
