"""The U-Net that the detector and the dense motion network share (First Order Motion Model, supplement A)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from backend.animate.fomm.blocks import DownBlock, UpBlock


@dataclass(frozen=True)
class HourglassSize:
    """Size of an hourglass.

    Attributes:
        width: channels at full size (the published `block_expansion`); they double at each halving.
        widest: maximum of channels at any level (`max_features`).
        depth: number of halvings (`num_blocks`).
        factor: by which the picture is downsampled before it (1 / `scale_factor`).
    """

    width: int
    widest: int
    depth: int = 5
    factor: int = 4

    def channels(self, level: int) -> int:
        """Return the number of channels after `level` halvings."""
        return min(self.widest, self.width << level)


class Encoder(nn.Module):
    """Downsampling half: `[F, in, h, w]` -> the input and the features of every level, smallest last."""

    def __init__(self, channels_in: int, size: HourglassSize) -> None:
        super().__init__()
        widths = [channels_in, *(size.channels(level) for level in range(1, size.depth + 1))]
        self.down_blocks = nn.ModuleList(DownBlock(a, b) for a, b in pairwise(widths))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return depth + 1 tensors."""
        features = [x]
        for block in self.down_blocks:
            features.append(block(features[-1]))
        return features


class Decoder(nn.Module):
    """Upsampling half, with skip connections from every level of the encoder; the last one is the input itself."""

    def __init__(self, channels_in: int, size: HourglassSize) -> None:
        super().__init__()
        self.up_blocks = nn.ModuleList()
        for level in range(size.depth, 0, -1):
            inputs = 1 if level == size.depth else 2
            self.up_blocks.append(UpBlock(inputs * size.channels(level), size.channels(level - 1)))
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
        """Apply encoder and decoder."""
        features: Tensor = self.decoder(self.encoder(x))
        return features
