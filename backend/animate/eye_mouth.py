"""Inpaints eyes and mouth in crops that rotate and scale with the face."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.blocks import ConditionedResidual, ConvBlock
from backend.animate.compose import crop_grid, identity_grid, warp
from backend.core.types import Keypoints

PART_KEYPOINTS = ((2,), (3,), (5, 6))
"""Indices of the keypoints at whose mean each crop is centred: right eye, left eye, mouth."""

HALF_SIDES = (0.65, 0.65, 0.95)
"""Half the side of each crop in units of the face's scale: an eye with its lids, or the wide open mouth."""

EDGE = 4.0
"""A crop becomes transparent over the outermost 1 / EDGE of its half side, so that its edge stays invisible."""


def locate_crops(keypoints: Keypoints) -> tuple[Tensor, Tensor]:
    """Return centres `[F, P, 2]` of the crops, and axes `[F, P, 2]` from these to the middle of the crops' right sides.

    Rotation and scale come from the similarity nearest to the mean Jacobian of the keypoints `[F, N]`.
    """
    centres = torch.stack([keypoints.value[:, list(part)].mean(1) for part in PART_KEYPOINTS], 1)
    mean = keypoints.jacobian.mean(1)
    axis = torch.stack([mean[:, 0, 0] + mean[:, 1, 1], mean[:, 1, 0] - mean[:, 0, 1]], -1) / 2
    half_sides = torch.tensor(HALF_SIDES, device=axis.device, dtype=axis.dtype)
    return centres, axis[:, None] * half_sides[:, None]


class EyeMouth(nn.Module):
    """The network that inpaints the eye and mouth crops.

    Args:
        condition: length of the condition vector.
        side: of a crop in pixels.
        channels: channels at half of that size.
        blocks: residual blocks.
    """

    def __init__(self, condition: int, side: int, channels: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.side, c = side, channels
        self.condition = nn.Sequential(nn.Linear(condition + len(PART_KEYPOINTS), 96), nn.ReLU(inplace=True))
        self.in_conv = ConvBlock(4 * 6, c)
        self.down = ConvBlock(c, 2 * c, stride=2)
        self.blocks = nn.ModuleList(ConditionedResidual(2 * c, 96) for _ in range(blocks))
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(2 * c, c))
        self.out_conv = ConvBlock(2 * c, c)
        self.head = nn.Conv2d(c, 16, 3, 1, 1)
        edge = ((1 - identity_grid(side, side, torch.zeros(())).abs()) * EDGE).clamp(max=1)
        self.register_buffer("window", edge[..., 0] * edge[..., 1], persistent=False)

    def cut_crops(self, picture: Tensor, keypoints: Keypoints) -> Tensor:
        """Cut the crops at keypoints `[F, N]` out of pictures `[F, 3, n, n]` -> `[F, P, 3, side, side]`."""
        copies = picture[:, None].expand(-1, len(PART_KEYPOINTS), -1, -1, -1).flatten(0, 1)
        return warp(copies, crop_grid(*locate_crops(keypoints), self.side)).unflatten(0, (-1, len(PART_KEYPOINTS)))

    def forward(self, portrait: Tensor, warped: Tensor, driving: Keypoints, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Inpaint the crops of F frames.

        Args:
            portrait: the portrait's own crops, `[F, P, 3, side, side]` in [0, 1].
            warped: the warped portrait `[F, 3, n, n]` in [0, 1].
            driving: the frames' keypoints `[F, N]`.
            condition: `[F, condition]`.

        Returns:
            Opacity `[F, P, 1, side, side]` and colour `[F, P, 3, side, side]` of the crops, in [0, 1].
        """
        dtype = self.head.weight.dtype
        seen = torch.cat([self.cut_crops(warped, driving), portrait], 2).flatten(0, 1)
        parts = torch.eye(len(PART_KEYPOINTS), device=seen.device, dtype=condition.dtype).repeat(condition.shape[0], 1)
        code = self.condition(torch.cat([condition.repeat_interleave(len(PART_KEYPOINTS), 0), parts], 1).to(dtype))
        x0 = self.in_conv(F.pixel_unshuffle(seen, 2).to(dtype))
        x = self.down(x0)
        for block in self.blocks:
            x = block(x, code)
        x = self.out_conv(torch.cat([self.up(x), x0], 1))
        out = F.pixel_shuffle(self.head(x).float(), 2).sigmoid().unflatten(0, (-1, len(PART_KEYPOINTS)))
        return out[:, :, :1] * self.window, out[:, :, 1:]
