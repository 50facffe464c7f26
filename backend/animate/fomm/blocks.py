"""Convolution blocks of the First Order Motion Model, with the tensor names of its published weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SameBlock(nn.Module):
    """Convolution, batch norm, ReLU: `[F, in, h, w]` -> `[F, out, h, w]`.

    Args:
        channels_in: C of the input.
        channels_out: C of the output.
        kernel: side of the convolution, odd.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return F.relu(self.norm(self.conv(x)))


class DownBlock(SameBlock):
    """`SameBlock`, then a 2x2 average: `[F, in, h, w]` -> `[F, out, h/2, w/2]`."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block, then halve the size."""
        return F.avg_pool2d(super().forward(x), 2)


class UpBlock(SameBlock):
    """Nearest-neighbour doubling, then `SameBlock`: `[F, in, h, w]` -> `[F, out, 2h, 2w]`."""

    def forward(self, x: Tensor) -> Tensor:
        """Double the size, then apply the block."""
        return super().forward(F.interpolate(x, scale_factor=2))


class ResidualBlock(nn.Module):
    """Pre-activation residual block of two 3x3 convolutions (He et al. 2016): `[F, C, h, w]` -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        inner = self.conv1(F.relu(self.norm1(x)))
        return x + self.conv2(F.relu(self.norm2(inner)))


class GaussianDown(nn.Module):
    """Antialiased downsampling: a Gaussian blur, then every n-th pixel.

    The Gaussian has sigma = (n - 1) / 2 and a radius of 4 sigma; the published weights hold it as `weight`.

    Args:
        factor: n, which is 1 / the published `scale_factor`.
        channels: of the pictures.
    """

    weight: Tensor

    def __init__(self, factor: int, channels: int = 3) -> None:
        super().__init__()
        self.factor = factor
        sigma = (factor - 1) / 2
        radius = round(4 * sigma)
        x = torch.arange(-radius, radius + 1, dtype=torch.float32)
        line = torch.exp(-x.square() / (2 * sigma * sigma))
        kernel = line[:, None] * line
        self.register_buffer("weight", (kernel / kernel.sum()).expand(channels, 1, -1, -1).clone())

    def forward(self, picture: Tensor) -> Tensor:
        """`[F, C, h, w]` -> `[F, C, h/n, w/n]`."""
        blurred = F.conv2d(picture, self.weight, padding=self.weight.shape[-1] // 2, groups=len(self.weight))
        return blurred[..., :: self.factor, :: self.factor]
