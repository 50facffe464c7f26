"""Frames <-> latents: a small convolutional autoencoder, each frame for itself, latents with mean 0 and deviation 1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class AutoencoderConfig:
    """Architecture of an autoencoder.

    Attributes:
        size: side of the frames in pixels.
        shrink: pixels along a latent's side; a power of two.
        channels: of a latent.
        width: channels at half of the frames' size; they double down to 4 times as many.
    """

    size: int = 64
    shrink: int = 16
    channels: int = 32
    width: int = 32

    @property
    def side(self) -> int:
        """Latents along a frame's side."""
        return self.size // self.shrink


class Residual(nn.Module):
    """x + f(x), f two 3x3 convolutions with group norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.GroupNorm(8, channels),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 3, 1, 1),
            nn.GroupNorm(8, channels),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 3, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """`[B, C, h, w]` -> the same."""
        y: Tensor = x + self.inner(x)
        return y


class Autoencoder(nn.Module):
    """Encoder and decoder.

    The decoder is trained on latents with noise, since that is what the flow draws (STARFlow-V, section 3.2; SimFlow).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        levels = config.shrink.bit_length() - 1
        widths = [min(config.width * 2**level, 4 * config.width) for level in range(levels)]
        down: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(12, widths[0], 3, 1, 1), Residual(widths[0])]
        for before, after in zip(widths, widths[1:], strict=False):
            down += [nn.Conv2d(before, after, 4, 2, 1), Residual(after)]
        self.down = nn.Sequential(*down, nn.GroupNorm(8, widths[-1]), nn.SiLU(), nn.Conv2d(widths[-1], config.channels, 1))
        up: list[nn.Module] = [nn.Conv2d(config.channels, widths[-1], 3, 1, 1), Residual(widths[-1]), Residual(widths[-1])]
        for before, after in zip(widths[::-1], widths[-2::-1], strict=False):
            up += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, 1, 1), Residual(after)]
        self.up = nn.Sequential(*up, nn.SiLU(), nn.Conv2d(widths[0], 12, 3, 1, 1), nn.PixelShuffle(2))
        # Of every latent channel over the training data; set once, after training.
        self.register_buffer("mean", torch.zeros(config.channels))
        self.register_buffer("deviation", torch.ones(config.channels))

    def encode(self, frames: Tensor) -> Tensor:
        """Frames `[..., 3, S, S]` in [0, 1] -> latents `[..., H, W, C]`."""
        flat = self.down(frames.reshape(-1, *frames.shape[-3:]) * 2 - 1).permute(0, 2, 3, 1).float()
        latents = (flat - self.mean) / self.deviation
        return latents.reshape(*frames.shape[:-3], *latents.shape[1:])

    def decode(self, latents: Tensor) -> Tensor:
        """Latents `[..., H, W, C]` -> frames `[..., 3, S, S]` in [0, 1]."""
        flat = (latents * self.deviation + self.mean).reshape(-1, *latents.shape[-3:]).permute(0, 3, 1, 2)
        frames = self.up(flat).float().add(1).div(2).clamp(0, 1)
        return frames.reshape(*latents.shape[:-3], *frames.shape[1:])

    @torch.no_grad()
    def normalise(self, frames: Tensor) -> None:
        """Set mean and deviation of the latents from typical frames `[F, 3, S, S]`."""
        self.mean.zero_()
        self.deviation.fill_(1.0)
        latents = self.encode(frames).flatten(0, -2)
        self.mean.copy_(latents.mean(0))
        self.deviation.copy_(latents.std(0).clamp(min=1e-3))
