"""Warping and blending: portrait, flow, alpha, inpainted colour and crops -> frame. No weights, any resolution."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class FrameLayers:
    """What F frames are composed of, beside the portrait; P eye and mouth crops.

    Attributes:
        fade: how much of the networks' change applies `[F]` in [0, 1], see `fade.py`.
        centres, axes: placement of the crops `[F, P, 2]`, see `locate_crops`.
        offset: backward flow, relative to each pixel itself `[F, 2, h, w]`, in crop units.
        alpha: weight of the warped portrait `[F, 1, n, n]` in [0, 1], without the crops.
        paint: inpainted colour times 1 - alpha `[F, 3, n, n]`, without the crops.
        opacity: of the crops `[F, P, 1, m, m]` in [0, 1].
        colour: of the crops, times their opacity `[F, P, 3, m, m]`.
    """

    fade: Tensor
    centres: Tensor
    axes: Tensor
    offset: Tensor
    alpha: Tensor
    paint: Tensor
    opacity: Tensor
    colour: Tensor

    def faded(self) -> FrameLayers:
        """Return layers with `fade` applied: at 0 they leave the portrait as it is."""
        share = self.fade[:, None, None, None]
        offset, alpha, paint = self.offset * share, 1 - share * (1 - self.alpha), self.paint * share
        opacity, colour = self.opacity * share[..., None], self.colour * share[..., None]
        return FrameLayers(torch.ones_like(self.fade), self.centres, self.axes, offset, alpha, paint, opacity, colour)


def compose(portrait: Tensor, layers: FrameLayers) -> Tensor:
    """Return frames `[F, 3, S, S]`: the warped portrait under the inpainted colour, under the eye and mouth crops.

    Everything is enlarged to the portrait's size on its own, so that the crops keep their resolution.

    Args:
        portrait: `[F, 3, S, S]` in [0, 1], any S.
        layers: of the generator, at any sizes.
    """
    layers, side = layers.faded(), portrait.shape[-1]
    offset = resize(layers.offset, side).permute(0, 2, 3, 1)
    warped = warp(portrait, offset + identity_grid(side, side, offset))
    alpha, covered = blend_crops(layers, side)
    return alpha * warped + covered


def blend_crops(layers: FrameLayers, side: int) -> tuple[Tensor, Tensor]:
    """Blend the crops into alpha and paint, at a size in pixels, without fading.

    Returns:
        Alpha `[F, 1, side, side]`, and the colour that is laid over the warped portrait, times 1 - alpha, `[F, 3, side, side]`.
    """
    count = layers.opacity.shape[1]
    grid = picture_grid(layers.centres, layers.axes, side)
    crops = torch.cat([layers.opacity, layers.colour], 2).flatten(0, 1)
    laid = F.grid_sample(crops, grid, align_corners=False).unflatten(0, (-1, count))
    alpha, covered = resize(layers.alpha, side), resize(layers.paint, side)
    for part in range(count):
        left = 1 - laid[:, part, :1]
        alpha, covered = alpha * left, covered * left + laid[:, part, 1:]
    return alpha, covered


def crop_grid(centres: Tensor, axes: Tensor, side: int) -> Tensor:
    """Return the positions in the picture of the crops' pixels, `[F * P, side, side, 2]`.

    Args:
        centres: of `locate_crops`.
        axes: of `locate_crops`.
        side: of a crop in pixels.
    """
    x, y = identity_grid(side, side, centres).unbind(-1)
    cos, sin = axes[..., None, None].unbind(2)
    grid = torch.stack([cos * x - sin * y, sin * x + cos * y], -1) + centres[:, :, None, None]
    return grid.flatten(0, 1)


def picture_grid(centres: Tensor, axes: Tensor, side: int) -> Tensor:
    """Return the positions in the crops of the picture's pixels, the inverse of `crop_grid`: `[F * P, side, side, 2]`.

    Args:
        centres: of `locate_crops`.
        axes: of `locate_crops`.
        side: of the picture in pixels.
    """
    x, y = (identity_grid(side, side, centres) - centres[:, :, None, None]).unbind(-1)
    cos, sin = (axes / axes.square().sum(-1, keepdim=True).clamp(min=1e-6))[..., None, None].unbind(2)
    return torch.stack([cos * x + sin * y, cos * y - sin * x], -1).flatten(0, 1)


def resize(field: Tensor, side: int) -> Tensor:
    """Resize `[F, C, n, n]` bilinearly to `[F, C, side, side]`."""
    if field.shape[-1] == side:
        return field
    return F.interpolate(field, (side, side), mode="bilinear", align_corners=False)


def shrink(picture: Tensor, size: int) -> Tensor:
    """Resize pictures `[B, 3, S, S]` to `[B, 3, size, size]` with antialiasing."""
    if picture.shape[-1] == size:
        return picture
    return F.interpolate(picture, (size, size), mode="bilinear", align_corners=False, antialias=True)
