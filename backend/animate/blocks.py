"""Convolution blocks that the dense motion, inpainting and eye and mouth networks share."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch norm (folded into the convolution for inference), ReLU."""

    def __init__(self, channels_in: int, channels_out: int, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)
        )


class Upsample(nn.Sequential):
    """Double the size: convolve at the small size, then shuffle pixels (cheaper than convolving at the large size)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, 4 * channels_out, 3, 1, 1, bias=False),
            nn.PixelShuffle(2),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        )


class ConditionedResidual(nn.Module):
    """Residual block whose inner features are scaled and shifted by a condition (FiLM, Perez et al. 2018)."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
        self.film = nn.Linear(condition, 2 * channels)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """`[F, C, h, w]`, `[F, condition]` -> `[F, C, h, w]`."""
        scale, shift = self.film(condition)[..., None, None].to(x.dtype).chunk(2, 1)
        inner = self.first(x) * (1 + scale) + shift
        return F.relu(x + self.second(inner))
