"""Keypoints -> dense backward flow and occlusion (First Order Motion Model, Siarohin et al. 2019, sections 3.1 and 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.blocks import ConvBlock, Upsample
from backend.animate.compose import identity_grid, warp
from backend.animate.transfer import inverse_2x2, product_2x2
from backend.types import Keypoints

RESIDUAL_REACH = 0.1
"""Furthest that the learned residual may move a pixel, in crop units, beyond what the keypoints' affine maps say."""


def sparse_motions(source: Keypoints, driving: Keypoints, grid: Tensor) -> Tensor:
    """First-order motions around each keypoint: `T_n(z) = kp_s + J_s J_d^-1 (z - kp_d)` (FOMM, eq. 4).

    Args:
        source: the portrait's keypoints, `[F, N]`.
        driving: where they should go, `[F, N]`.
        grid: positions `[h, w, 2]`.

    Returns:
        `[F, N + 1, h, w, 2]`; index 0 is the identity, for the background.
    """
    jacobian = product_2x2(source.jacobian, inverse_2x2(driving.jacobian))[:, :, None, None]
    offset = grid - driving.value[:, :, None, None]
    motions = source.value[:, :, None, None] + jacobian[..., 0] * offset[..., :1] + jacobian[..., 1] * offset[..., 1:]
    background = grid.expand(len(motions), 1, *grid.shape)
    return torch.cat([background, motions], 1)


def heatmap_differences(source: Keypoints, driving: Keypoints, grid: Tensor, variance: float = 0.01) -> Tensor:
    """Gaussians at the driving keypoints less those at the source's: `[F, N + 1, h, w]`, index 0 (background) is zero."""

    def heatmap(keypoints: Keypoints) -> Tensor:
        # A Gaussian over a regular grid is a product of one over x and one over y.
        x = torch.exp(-(grid[0, :, 0] - keypoints.value[..., :1]).square() / (2 * variance))
        y = torch.exp(-(grid[:, 0, 1] - keypoints.value[..., 1:]).square() / (2 * variance))
        return y[..., None] * x[..., None, :]

    return F.pad(heatmap(driving) - heatmap(source), (0, 0, 0, 0, 1, 0))


class Motion(nn.Module):
    """The dense motion network: a small U-Net that chooses, per pixel, among the N + 1 sparse motions.

    Args:
        keypoints: N.
        channels: width of the first level.
        size: side of the square it works at, in pixels.
    """

    def __init__(self, keypoints: int, channels: int = 32, size: int = 64) -> None:
        super().__init__()
        self.size = size
        c = channels
        self.enter = ConvBlock(4 * (keypoints + 1), c)
        self.down1 = ConvBlock(c, 2 * c, stride=2)
        self.down2 = ConvBlock(2 * c, 4 * c, stride=2)
        self.down3 = ConvBlock(4 * c, 4 * c, stride=2)
        self.up3 = Upsample(4 * c, 4 * c)
        self.up2 = Upsample(8 * c, 2 * c)
        self.up1 = Upsample(4 * c, c)
        self.exit = ConvBlock(2 * c, c)
        self.head = nn.Conv2d(c, keypoints + 1 + 1 + 2, 3, 1, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, portrait: Tensor, source: Keypoints, driving: Keypoints) -> tuple[Tensor, Tensor]:
        """Predict the motion of F frames.

        Args:
            portrait: `[F, 3, size, size]` in [0, 1].
            source: the portrait's keypoints, `[F, N]`.
            driving: the frames' keypoints, `[F, N]`.

        Returns:
            flow `[F, size, size, 2]`, positions in the portrait in [-1, 1]; occlusion `[F, 1, size, size]` in [0, 1],
            1 where the portrait shows what the frame needs.
        """
        grid = identity_grid(self.size, self.size, portrait)
        motions = sparse_motions(source, driving, grid)
        frames, count = motions.shape[:2]
        copies = portrait[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
        warped = warp(copies, motions.flatten(0, 1)).unflatten(0, (frames, count))
        heat = heatmap_differences(source, driving, grid)
        x0 = self.enter(torch.cat([heat[:, :, None], warped], 2).flatten(1, 2).to(self.head.weight.dtype))
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        y = self.up3(self.down3(x2))
        y = self.up2(torch.cat([y, x2], 1))
        y = self.up1(torch.cat([y, x1], 1))
        out = self.head(self.exit(torch.cat([y, x0], 1))).float()
        masks, occlusion, residual = out.split([count, 1, 2], 1)
        flow = (masks.softmax(1)[..., None] * motions).sum(1)
        flow = flow + RESIDUAL_REACH * residual.tanh().permute(0, 2, 3, 1)
        return flow, occlusion.sigmoid()
