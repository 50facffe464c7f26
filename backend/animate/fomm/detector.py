"""Picture -> unsupervised keypoints and Jacobians (First Order Motion Model, Siarohin et al. 2019, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from backend.animate.fomm.blocks import GaussianDown
from backend.animate.fomm.grid import corner_grid
from backend.animate.fomm.hourglass import Hourglass, HourglassSize
from backend.core.types import Keypoints

TEMPERATURE = 0.1
"""Temperature of the heatmaps' softmax: small, so that each has one narrow peak."""


class KeypointDetector(nn.Module):
    """An hourglass with one heatmap per keypoint and maps of 2x2 matrices.

    Args:
        count: N, the number of keypoints.
        size: of the hourglass.
        jacobian_maps: number of matrix maps: N, 1 (shared by all keypoints), or 0 (every Jacobian is the identity).
        padding: of the 7x7 heads; 0 in the published models, whose heatmaps therefore lose 3 pixels at every edge.
    """

    def __init__(self, count: int, size: HourglassSize, jacobian_maps: int, padding: int) -> None:
        super().__init__()
        self.predictor = Hourglass(3, size)
        self.kp = nn.Conv2d(self.predictor.channels, count, 7, padding=padding)
        self.jacobian: nn.Conv2d | None = None
        if jacobian_maps:
            self.jacobian = nn.Conv2d(self.predictor.channels, 4 * jacobian_maps, 7, padding=padding)
            # Training starts with the identity everywhere.
            nn.init.zeros_(self.jacobian.weight)
            if self.jacobian.bias is not None:
                self.jacobian.bias.data.copy_(torch.tensor([1.0, 0.0, 0.0, 1.0]).repeat(jacobian_maps))
        self.down = GaussianDown(size.factor) if size.factor > 1 else None

    def heatmaps(self, features: Tensor) -> Tensor:
        """Return the probability of each keypoint's position: `[F, N, h, w]`, each summing to 1."""
        logits: Tensor = self.kp(features).float()
        return (logits.flatten(2) / TEMPERATURE).softmax(-1).view(logits.shape)

    def forward(self, picture: Tensor) -> Keypoints:
        """Detect the keypoints of F pictures.

        Args:
            picture: `[F, 3, H, W]` in [0, 1]; H and W divisible by factor x 2^depth.

        Returns:
            Keypoints `[F, N]`: position and Jacobian are the means under each heatmap.
        """
        features = self.predictor(picture if self.down is None else self.down(picture))
        heat = self.heatmaps(features)
        grid = corner_grid(heat.shape[-2], heat.shape[-1], heat)
        value = torch.einsum("fnhw,hwc->fnc", heat, grid)
        if self.jacobian is None:
            return Keypoints(value, torch.eye(2, device=value.device).expand(*value.shape, 2))
        maps = self.jacobian(features).float().unflatten(1, (-1, 4))
        matrices = (heat[:, :, None] * maps).sum((-1, -2))
        return Keypoints(value, matrices.unflatten(-1, (2, 2)))
