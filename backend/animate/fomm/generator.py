"""Source picture and keypoints -> frames: features are warped, masked by occlusion, and decoded (section 3.2, eq. 7)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from backend.animate.fomm.blocks import DownBlock, ResidualBlock, SameBlock, UpBlock
from backend.animate.fomm.dense_motion import FommDenseMotion
from backend.animate.fomm.grid import resize_aligned, warp_aligned
from backend.animate.fomm.hourglass import HourglassSize
from backend.core.types import Keypoints


@dataclass(frozen=True)
class GeneratorSize:
    """Size of a generator.

    Attributes:
        width: channels at full size (the published `block_expansion`).
        widest: maximum of channels at any level (`max_features`).
        halvings: of the picture's size before the features are warped (`num_down_blocks`).
        residuals: residual blocks after the warp (`num_bottleneck_blocks`).
    """

    width: int = 64
    widest: int = 512
    halvings: int = 2
    residuals: int = 6


class OcclusionAwareGenerator(nn.Module):
    """The published generator, dense motion network included.

    Args:
        count: N, the number of keypoints.
        size: of the generator.
        motion: size of the dense motion network's hourglass.
        occlusion: whether warped features are masked by the predicted occlusion.
    """

    def __init__(self, count: int, size: GeneratorSize, motion: HourglassSize, occlusion: bool) -> None:
        super().__init__()
        self.dense_motion_network = FommDenseMotion(count, motion, occlusion)
        widths = [min(size.widest, size.width << level) for level in range(size.halvings + 1)]
        steps = list(pairwise(widths))
        self.first = SameBlock(3, widths[0], kernel=7)
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in steps)
        self.bottleneck = nn.Sequential()
        for index in range(size.residuals):
            self.bottleneck.add_module(f"r{index}", ResidualBlock(widths[-1]))
        self.up_blocks = nn.ModuleList(UpBlock(b, a) for a, b in reversed(steps))
        self.final = nn.Conv2d(widths[0], 3, 7, padding=3)

    def encode(self, picture: Tensor) -> Tensor:
        """Return features of sources `[F, 3, H, W]` -> `[F, C, h, w]`; needed once per source."""
        features: Tensor = self.first(picture)
        for block in self.down_blocks:
            features = block(features)
        return features

    def forward(self, picture: Tensor, features: Tensor, source: Keypoints, driving: Keypoints) -> Tensor:
        """Render F frames.

        Args:
            picture: the source, `[F, 3, H, W]` in [0, 1].
            features: of `encode`.
            source: its keypoints, `[F, N]`.
            driving: the frames' keypoints, `[F, N]`.

        Returns:
            `[F, 3, H, W]` in [0, 1].
        """
        flow, occlusion = self.dense_motion_network(picture, source, driving)
        size = features.shape[-2:]
        x = warp_aligned(features, resize_aligned(flow.permute(0, 3, 1, 2), *size).permute(0, 2, 3, 1))
        if occlusion is not None:
            x = x * resize_aligned(occlusion, *size)
        x = self.bottleneck(x)
        for block in self.up_blocks:
            x = block(x)
        return self.final(x).float().sigmoid()
