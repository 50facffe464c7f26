"""Inpaints what the portrait does not show: an open mouth, closed lids, occluded background."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.blocks import ConditionedResidual, ConvBlock, Upsample
from backend.animate.compose import resize_flow, warp


class Inpainting(nn.Module):
    """Portrait encoder (once per portrait) and inpainting network (once per frame).

    Args:
        condition: length of the condition vector (how the keypoints moved).
        channels: feature channels at a quarter of the size.
        blocks: residual blocks.
    """

    def __init__(self, condition: int, channels: int = 96, blocks: int = 4) -> None:
        super().__init__()
        c = channels
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2), ConvBlock(12, c // 2), ConvBlock(c // 2, c, stride=2), ConvBlock(c, c), nn.Conv2d(c, c, 1)
        )
        self.condition = nn.Sequential(
            nn.Linear(condition, 128), nn.ReLU(inplace=True), nn.Linear(128, 64), nn.ReLU(inplace=True)
        )
        self.in_conv = ConvBlock(c + 48, 128)
        self.blocks = nn.ModuleList(ConditionedResidual(128, 64) for _ in range(blocks))
        self.up = Upsample(128, 64)
        self.out_conv = ConvBlock(64 + 12, 64)
        self.head = nn.Conv2d(64, 16, 3, 1, 1)

    def encode(self, portrait: Tensor) -> Tensor:
        """Return features of portraits: `[B, 3, n, n]` in [0, 1] -> `[B, C, n/4, n/4]`."""
        features: Tensor = self.encoder(portrait.to(self.head.weight.dtype))
        return features

    def forward(
        self, features: Tensor, warped: Tensor, flow: Tensor, occlusion: Tensor, condition: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Inpaint F frames.

        Args:
            features: of `encode`, `[F, C, n/4, n/4]`.
            warped: the warped portrait `[F, 3, n, n]` in [0, 1].
            flow: of `DenseMotion`, `[F, h, w, 2]`.
            occlusion: of `DenseMotion`, `[F, 1, h, w]`.
            condition: `[F, condition]`.

        Returns:
            Weight of the warped portrait `[F, 1, n, n]` and inpainted colour `[F, 3, n, n]`, both in [0, 1].
        """
        quarter, dtype = features.shape[-2:], self.head.weight.dtype
        seen = F.interpolate(occlusion, quarter, mode="bilinear", align_corners=False)
        moved = warp(features, resize_flow(flow, *quarter)) * seen
        x = self.in_conv(torch.cat([moved, F.pixel_unshuffle(warped, 4)], 1).to(dtype))
        code = self.condition(condition.to(dtype))
        for block in self.blocks:
            x = block(x, code)
        x = self.out_conv(torch.cat([self.up(x), F.pixel_unshuffle(warped, 2).to(dtype)], 1))
        out = F.pixel_shuffle(self.head(x).float(), 2).sigmoid()
        return out[:, :1], out[:, 1:]
