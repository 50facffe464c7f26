"""Portrait, flow, alpha and paint -> frame. No weights, any resolution: the last step could as well run in a browser."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def identity_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return `[height, width, 2]` pixel centres (x, y) in [-1, 1], the convention of `align_corners=False`."""
    x = (torch.arange(width, device=like.device, dtype=like.dtype) * 2 + 1) / width - 1
    y = (torch.arange(height, device=like.device, dtype=like.dtype) * 2 + 1) / height - 1
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def warp(picture: Tensor, flow: Tensor) -> Tensor:
    """Sample `picture [F, C, H, W]` at `flow [F, h, w, 2]` (positions in [-1, 1]) -> `[F, C, h, w]`, edges repeated."""
    return F.grid_sample(picture.float(), flow.float(), padding_mode="border", align_corners=False)


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """Resize a flow `[F, h, w, 2]` of positions to `[F, height, width, 2]`.

    The offset from identity is resized, not the positions: bilinear resizing clamps positions at the border.
    """
    if flow.shape[1:3] == (height, width):
        return flow
    offset = flow - identity_grid(flow.shape[1], flow.shape[2], flow)
    offset = F.interpolate(offset.permute(0, 3, 1, 2), (height, width), mode="bilinear", align_corners=False)
    return offset.permute(0, 2, 3, 1) + identity_grid(height, width, flow)


def compose(portrait: Tensor, flow: Tensor, alpha: Tensor, paint: Tensor) -> Tensor:
    """Blend the warped portrait with the paint, at the portrait's own resolution.

    Args:
        portrait: `[F, 3, S, S]` in [0, 1], any S.
        flow: backward flow `[F, h, w, 2]`, positions in the portrait in [-1, 1].
        alpha: share of the portrait's own pixels `[F, 1, n, n]` in [0, 1].
        paint: invented colour `[F, 3, n, n]` in [0, 1].

    Returns:
        Frames `[F, 3, S, S]`: `alpha * warped portrait + (1 - alpha) * paint`.
    """
    size = portrait.shape[-2:]
    warped = warp(portrait, resize_flow(flow, *size))
    if alpha.shape[-2:] != size:
        alpha = F.interpolate(alpha, size, mode="bilinear", align_corners=False)
        paint = F.interpolate(paint, size, mode="bilinear", align_corners=False)
    return torch.lerp(paint, warped, alpha)


def shrink(picture: Tensor, size: int) -> Tensor:
    """Resize pictures `[B, 3, S, S]` to `[B, 3, size, size]` without aliasing."""
    if picture.shape[-1] == size:
        return picture
    return F.interpolate(picture, (size, size), mode="bilinear", align_corners=False, antialias=True)
