"""Warping and blending: portrait, flow, alpha and inpainted colour -> frame. No weights, any resolution."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def identity_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return pixel centres (x, y) `[height, width, 2]` in [-1, 1], the convention of `align_corners=False`.

    Args:
        height: rows.
        width: columns.
        like: tensor whose device and dtype the grid takes.
    """
    x, y = ((torch.arange(n, device=like.device, dtype=like.dtype) * 2 + 1) / n - 1 for n in (width, height))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def warp(picture: Tensor, flow: Tensor) -> Tensor:
    """Read `[F, C, H, W]` bilinearly at `flow [F, h, w, 2]` (positions in [-1, 1]) -> `[F, C, h, w]`, edges repeated."""
    return F.grid_sample(picture.float(), flow.float(), padding_mode="border", align_corners=False)


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """Resize a flow; its offset from the identity, because bilinear resizing would clamp positions at the border.

    Args:
        flow: positions `[F, h, w, 2]` in [-1, 1].
        height: rows of the result.
        width: columns of the result.
    """
    if flow.shape[1:3] == (height, width):
        return flow
    offset = flow - identity_grid(flow.shape[1], flow.shape[2], flow)
    offset = F.interpolate(offset.permute(0, 3, 1, 2), (height, width), mode="bilinear", align_corners=False)
    return offset.permute(0, 2, 3, 1) + identity_grid(height, width, flow)


def compose(portrait: Tensor, flow: Tensor, alpha: Tensor, paint: Tensor) -> Tensor:
    """Return frames `[F, 3, S, S]`: `alpha * warped portrait + (1 - alpha) * paint`, at the portrait's resolution.

    Args:
        portrait: `[F, 3, S, S]` in [0, 1], any S.
        flow: backward flow `[F, h, w, 2]`, positions in the portrait in [-1, 1].
        alpha: weight of the warped portrait `[F, 1, n, n]` in [0, 1].
        paint: inpainted colour `[F, 3, n, n]` in [0, 1].
    """
    size = portrait.shape[-2:]
    warped = warp(portrait, resize_flow(flow, *size))
    if alpha.shape[-2:] != size:
        alpha = F.interpolate(alpha, size, mode="bilinear", align_corners=False)
        paint = F.interpolate(paint, size, mode="bilinear", align_corners=False)
    return torch.lerp(paint, warped, alpha)


def shrink(picture: Tensor, size: int) -> Tensor:
    """Resize pictures `[B, 3, S, S]` to `[B, 3, size, size]` with antialiasing."""
    if picture.shape[-1] == size:
        return picture
    return F.interpolate(picture, (size, size), mode="bilinear", align_corners=False, antialias=True)
