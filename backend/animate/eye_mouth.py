"""Eyes and lips, painted close up: in crops that turn and grow with the face, where they always lie alike."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.blocks import ConditionedResidual, ConvBlock
from backend.animate.compose import identity_grid, warp
from backend.core.types import Keypoints

PARTS = ((2,), (3,), (5, 6))
"""Keypoints in whose middle each crop lies: right eye, left eye, lips (the face regions' numbers)."""

REACHES = (0.65, 0.65, 0.95)
"""Half a crop's side in units of the face's scale: an eye with its lids; lips, opened wide."""

EDGE = 4.0
"""A crop fades out over one part in this many of its half side, so that nobody sees where it ends."""


def frames_of(keypoints: Keypoints) -> tuple[Tensor, Tensor]:
    """Where the crops lie: upright in the face, which its mean Jacobian says (the similarity nearest to it).

    Args:
        keypoints: `[F, N]`.

    Returns:
        centres `[F, P, 2]` and axes `[F, P, 2]`: the vector, in crop units, from a centre to the middle of its crop's right
        side. The lower side lies at a right angle to it.
    """
    centres = torch.stack([keypoints.value[:, list(part)].mean(1) for part in PARTS], 1)
    mean = keypoints.jacobian.mean(1)
    axis = torch.stack([mean[:, 0, 0] + mean[:, 1, 1], mean[:, 1, 0] - mean[:, 0, 1]], -1) / 2
    reaches = torch.tensor(REACHES, device=axis.device, dtype=axis.dtype)
    return centres, axis[:, None] * reaches[:, None]


def crop_grid(centres: Tensor, axes: Tensor, side: int) -> Tensor:
    """Positions in the picture of the crops' pixels: `[F * P, side, side, 2]`."""
    x, y = identity_grid(side, side, centres).unbind(-1)
    cos, sin = axes[..., None, None].unbind(2)
    grid = torch.stack([cos * x - sin * y, sin * x + cos * y], -1) + centres[:, :, None, None]
    return grid.flatten(0, 1)


def picture_grid(centres: Tensor, axes: Tensor, side: int) -> Tensor:
    """Positions in the crops of the picture's pixels, the inverse map: `[F * P, side, side, 2]`."""
    x, y = (identity_grid(side, side, centres) - centres[:, :, None, None]).unbind(-1)
    cos, sin = (axes / axes.square().sum(-1, keepdim=True).clamp(min=1e-6))[..., None, None].unbind(2)
    return torch.stack([cos * x + sin * y, cos * y - sin * x], -1).flatten(0, 1)


class Details(nn.Module):
    """Paints eyes and lips over a frame.

    Args:
        condition: length of the condition vector.
        side: of a crop in pixels.
        channels: at half of that size.
        blocks: residual blocks.
    """

    def __init__(self, condition: int, side: int, channels: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.side = side
        c = channels
        self.condition = nn.Sequential(nn.Linear(condition + len(PARTS), 96), nn.ReLU(inplace=True))
        self.enter = ConvBlock(4 * 6, c)
        self.down = ConvBlock(c, 2 * c, stride=2)
        self.blocks = nn.ModuleList(ConditionedResidual(2 * c, 96) for _ in range(blocks))
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(2 * c, c))
        self.exit = ConvBlock(2 * c, c)
        self.head = nn.Conv2d(c, 16, 3, 1, 1)
        edge = ((1 - identity_grid(side, side, torch.zeros(())).abs()) * EDGE).clamp(max=1)
        self.register_buffer("window", edge[..., 0] * edge[..., 1], persistent=False)

    def look(self, portrait: Tensor, keypoints: Keypoints) -> Tensor:
        """Cut the crops out of pictures `[F, 3, n, n]` -> `[F, P, 3, side, side]`."""
        copies = portrait[:, None].expand(-1, len(PARTS), -1, -1, -1).flatten(0, 1)
        return warp(copies, crop_grid(*frames_of(keypoints), self.side)).unflatten(0, (-1, len(PARTS)))

    def forward(self, portrait: Tensor, warped: Tensor, driving: Keypoints, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Paint the parts of F frames.

        Args:
            portrait: the portrait's own crops, `[F, P, 3, side, side]` in [0, 1].
            warped: the warped portrait `[F, 3, n, n]` in [0, 1].
            driving: the frames' keypoints `[F, N]`.
            condition: `[F, condition]`.

        Returns:
            share of the crops that paint covers `[F, P, 1, side, side]` and their colours `[F, P, 3, side, side]`, in [0, 1].
        """
        kind = self.head.weight.dtype
        seen = torch.cat([self.look(warped, driving), portrait], 2).flatten(0, 1)
        parts = torch.eye(len(PARTS), device=seen.device, dtype=condition.dtype).repeat(condition.shape[0], 1)
        code = self.condition(torch.cat([condition.repeat_interleave(len(PARTS), 0), parts], 1).to(kind))
        x0 = self.enter(F.pixel_unshuffle(seen, 2).to(kind))
        x = self.down(x0)
        for block in self.blocks:
            x = block(x, code)
        x = self.exit(torch.cat([self.up(x), x0], 1))
        out = F.pixel_shuffle(self.head(x).float(), 2).sigmoid().unflatten(0, (-1, len(PARTS)))
        return out[:, :, :1] * self.window, out[:, :, 1:]


def lay_over(alpha: Tensor, paint: Tensor, share: Tensor, colour: Tensor, driving: Keypoints) -> tuple[Tensor, Tensor]:
    """Put painted crops over a frame's alpha `[F, 1, n, n]` and paint `[F, 3, n, n]`; returns both anew."""
    count = share.shape[1]
    grid = picture_grid(*frames_of(driving), alpha.shape[-1])
    crops = torch.cat([share, share * colour], 2).flatten(0, 1)
    laid = F.grid_sample(crops, grid, align_corners=False).unflatten(0, (-1, count))
    covered = (1 - alpha) * paint  # premultiplied, as crops lie over one another
    for part in range(count):
        left = 1 - laid[:, part, :1]
        alpha, covered = alpha * left, covered * left + laid[:, part, 1:]
    return alpha, covered / (1 - alpha).clamp(min=1e-4)
