"""Keypoints -> dense backward flow and occlusion (First Order Motion Model, section 3.2), in the published layout."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.animate.dense_motion import canonical_offsets, sparse_motions
from backend.animate.fomm.blocks import GaussianDown
from backend.animate.fomm.grid import corner_grid, gaussians, warp_aligned
from backend.animate.fomm.hourglass import Hourglass, HourglassSize
from backend.core.types import Keypoints

VARIANCE = 0.01
"""Variance of the keypoints' Gaussian heatmaps, in [-1, 1] units squared."""


class FommDenseMotion(nn.Module):
    """Weights, for every pixel, the N + 1 sparse motions.

    Args:
        count: N, the number of keypoints.
        size: of the hourglass.
        occlusion: whether to predict occlusion too.
    """

    def __init__(self, count: int, size: HourglassSize, occlusion: bool) -> None:
        super().__init__()
        self.hourglass = Hourglass((count + 1) * 4, size)
        self.mask = nn.Conv2d(self.hourglass.channels, count + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.hourglass.channels, 1, 7, padding=3) if occlusion else None
        self.down = GaussianDown(size.factor) if size.factor > 1 else None

    def forward(self, picture: Tensor, source: Keypoints, driving: Keypoints) -> tuple[Tensor, Tensor | None]:
        """Predict flow and occlusion of F frames.

        Args:
            picture: the source, `[F, 3, H, W]` in [0, 1].
            source: its keypoints, `[F, N]`.
            driving: the frames' keypoints, `[F, N]`.

        Returns:
            Backward flow `[F, h, w, 2]`, positions in the source (eq. 5), and occlusion `[F, 1, h, w]` in [0, 1] or None: 1
            where the source shows what the frame needs.
        """
        small = picture if self.down is None else self.down(picture)
        grid = corner_grid(small.shape[-2], small.shape[-1], small)
        motions = sparse_motions(source, canonical_offsets(driving, grid), grid)
        frames, choices = motions.shape[:2]
        copies = small[:, None].expand(-1, choices, -1, -1, -1).flatten(0, 1)
        deformed = warp_aligned(copies, motions.flatten(0, 1)).unflatten(0, (frames, choices))
        # Eq. 6; the background, at index 0, has no keypoint and therefore a heatmap of 0.
        heat = F.pad(gaussians(driving, grid, VARIANCE) - gaussians(source, grid, VARIANCE), (0, 0, 0, 0, 1, 0))
        features = self.hourglass(torch.cat([heat[:, :, None], deformed], 2).flatten(1, 2))
        masks = self.mask(features).float().softmax(1)
        flow = (masks[..., None] * motions).sum(1)
        return flow, None if self.occlusion is None else self.occlusion(features).float().sigmoid()
