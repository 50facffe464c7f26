"""Positions as the published weights know them: -1 and 1 are the centres of the outermost pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from backend.core.types import Keypoints


def corner_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return `[height, width, 2]` positions (x, y), -1 and 1 included: the convention of `align_corners=True`."""
    x = torch.linspace(-1, 1, width, device=like.device, dtype=torch.float32)
    y = torch.linspace(-1, 1, height, device=like.device, dtype=torch.float32)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def sample(picture: Tensor, flow: Tensor) -> Tensor:
    """Sample `[F, C, H, W]` at `flow [F, h, w, 2]` -> `[F, C, h, w]`; black outside.

    The authors' PyTorch (1.0) had no choice of `align_corners`: it sampled as True does now, and today's default does not.
    """
    return F.grid_sample(picture.float(), flow.float(), align_corners=True)


def fit(maps: Tensor, height: int, width: int) -> Tensor:
    """Resize `[F, C, h, w]` bilinearly to `[F, C, height, width]`, outermost pixels on outermost pixels.

    The published models need none at their own size: flow and features are both a quarter of the picture.
    """
    if maps.shape[-2:] == (height, width):
        return maps
    return F.interpolate(maps, (height, width), mode="bilinear", align_corners=True)


def gaussians(keypoints: Keypoints, grid: Tensor, variance: float) -> Tensor:
    """Round bumps of height 1 at keypoints `[F, N]` -> `[F, N, h, w]`: exp(-|z - kp|^2 / (2 variance))."""
    distance = (grid - keypoints.value[:, :, None, None]).square().sum(-1)
    return torch.exp(-0.5 * distance / variance)
