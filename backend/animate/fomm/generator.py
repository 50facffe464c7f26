"""Source picture and keypoints -> frames: features are warped, hidden places masked, the rest painted (section 3.2, eq. 7)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from backend.animate.fomm.blocks import DownBlock, ResidualBlock, SameBlock, UpBlock
from backend.animate.fomm.dense_motion import DenseMotion
from backend.animate.fomm.grid import fit, sample
from backend.animate.fomm.hourglass import HourglassSize
from backend.core.types import Keypoints


@dataclass(frozen=True)
class GeneratorSize:
    """How large a generator is.

    Attributes:
        width: channels at full size (the published `block_expansion`).
        widest: the most channels at any level (`max_features`).
        halvings: between the picture and the features that are warped (`num_down_blocks`).
        residuals: residual blocks after the warp (`num_bottleneck_blocks`).
    """

    width: int = 64
    widest: int = 512
    halvings: int = 2
    residuals: int = 6

    def channels(self, level: int) -> int:
        """Channels after `level` halvings."""
        return min(self.widest, self.width << level)


class OcclusionAwareGenerator(nn.Module):
    """The published generator, dense motion network included.

    Args:
        count: N keypoints.
        size: of the generator.
        motion: size of the dense motion network's hourglass.
        occlusion: whether warped features are masked where the source shows nothing.
    """

    def __init__(self, count: int, size: GeneratorSize, motion: HourglassSize, occlusion: bool) -> None:
        super().__init__()
        self.dense_motion_network = DenseMotion(count, motion, occlusion)
        widths = [size.channels(level) for level in range(size.halvings + 1)]
        steps = list(zip(widths, widths[1:], strict=False))
        self.first = SameBlock(3, widths[0], kernel=7)
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in steps)
        self.bottleneck = nn.Sequential()
        for index in range(size.residuals):
            self.bottleneck.add_module(f"r{index}", ResidualBlock(widths[-1]))
        self.up_blocks = nn.ModuleList(UpBlock(b, a) for a, b in reversed(steps))
        self.final = nn.Conv2d(widths[0], 3, 7, padding=3)

    def encode(self, picture: Tensor) -> Tensor:
        """Features of a source `[F, 3, H, W]` -> `[F, C, h, w]`: once per source, not per frame."""
        features: Tensor = self.first(picture)
        for block in self.down_blocks:
            features = block(features)
        return features

    def forward(self, picture: Tensor, features: Tensor, source: Keypoints, driving: Keypoints) -> Tensor:
        """Render F frames.

        Args:
            picture: the source, `[F, 3, H, W]` in [0, 1].
            features: what `encode` made of it.
            source: its keypoints, `[F, N]`.
            driving: the frames' keypoints, `[F, N]`.

        Returns:
            `[F, 3, H, W]` in [0, 1].
        """
        flow, occlusion = self.dense_motion_network(picture, source, driving)
        size = features.shape[-2:]
        x = sample(features, fit(flow.permute(0, 3, 1, 2), *size).permute(0, 2, 3, 1))
        if occlusion is not None:
            x = x * fit(occlusion, *size)
        x = self.bottleneck(x)
        for block in self.up_blocks:
            x = block(x)
        return self.final(x).float().sigmoid()
