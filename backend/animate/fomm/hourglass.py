"""The U-Net that the detector and the dense motion network share (First Order Motion Model, supplement A)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.animate.fomm.blocks import DownBlock, UpBlock


@dataclass(frozen=True)
class HourglassSize:
    """How large an hourglass is.

    Attributes:
        width: channels at full size (the published `block_expansion`); they double at each halving.
        widest: the most channels at any level (`max_features`).
        depth: halvings (`num_blocks`).
        factor: how many times smaller than the picture it works (1 / `scale_factor`).
    """

    width: int
    widest: int
    depth: int = 5
    factor: int = 4

    def channels(self, level: int) -> int:
        """Channels after `level` halvings."""
        return min(self.widest, self.width << level)


class Encoder(nn.Module):
    """Halve and widen: `[F, in, h, w]` -> that, and the features of every level, smallest last."""

    def __init__(self, channels_in: int, size: HourglassSize) -> None:
        super().__init__()
        widths = [channels_in, *(size.channels(level) for level in range(1, size.depth + 1))]
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in zip(widths, widths[1:], strict=False))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return depth + 1 tensors, the input first."""
        features = [x]
        for block in self.down_blocks:
            features.append(block(features[-1]))
        return features


class Decoder(nn.Module):
    """Double and narrow, with the encoder's features beside one's own; the input itself comes last."""

    def __init__(self, channels_in: int, size: HourglassSize) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList()
        for level in range(size.depth, 0, -1):
            beside = 1 if level == size.depth else 2
            self.up_blocks.append(UpBlock(beside * size.channels(level), size.channels(level - 1)))
        self.channels = size.channels(0) + channels_in

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return `[F, channels, h, w]`."""
        *levels, x = features
        for block in self.up_blocks:
            x = torch.cat([block(x), levels.pop()], 1)
        return x


class Hourglass(nn.Module):
    """Encoder and decoder: `[F, in, h, w]` -> `[F, channels, h, w]`; h and w divisible by 2^depth."""

    def __init__(self, channels_in: int, size: HourglassSize) -> None:
        super().__init__()
        self.encoder = Encoder(channels_in, size)
        self.decoder = Decoder(channels_in, size)
        self.channels = self.decoder.channels

    def forward(self, x: Tensor) -> Tensor:
        """Look at every scale."""
        features: Tensor = self.decoder(self.encoder(x))
        return features
