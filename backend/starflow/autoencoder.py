"""A small convolutional autoencoder of single frames: frames <-> latents."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class AutoencoderConfig:
    """Architecture of an autoencoder.

    Attributes:
        size: side of the frames in pixels.
        shrink: pixels along a latent's side; a power of two, >= 4.
        channels: of a latent; a multiple of 4.
        width: channels at half of the frames' size; they double down to 4 times as many.
    """

    size: int = 64
    shrink: int = 16
    channels: int = 64
    width: int = 32

    @property
    def side(self) -> int:
        """Latents along a frame's side."""
        return self.size // self.shrink


class Residual(nn.Module):
    """x + f(x), f two 3x3 convolutions with group norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        parts = [(nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1)) for _ in range(2)]
        self.block = nn.Sequential(*parts[0], *parts[1])

    def forward(self, x: Tensor) -> Tensor:
        """`[B, C, h, w]` -> the same."""
        y: Tensor = x + self.block(x)
        return y


class Autoencoder(nn.Module):
    """Encoder and decoder.

    The outermost and the innermost halving are pixel unshuffles, those between are convolutions. The decoder is trained on
    noisy latents, since the flow's samples are noisy (STARFlow-V, section 3.2; SimFlow). Latents have mean 0 and standard
    deviation 1, and are rotated so that their channels change uncorrelated, which suits the diagonal scale of an affine map.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        levels = config.shrink.bit_length() - 2
        widths = [min(config.width * 2**level, 4 * config.width) for level in range(levels)]
        down: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(12, widths[0], 3, 1, 1), Residual(widths[0])]
        for before, after in zip(widths, widths[1:], strict=False):
            down += [nn.Conv2d(before, after, 4, 2, 1), Residual(after)]
        down += [Residual(widths[-1]), nn.GroupNorm(8, widths[-1]), nn.SiLU()]
        self.encoder = nn.Sequential(*down, nn.Conv2d(widths[-1], config.channels // 4, 1), nn.PixelUnshuffle(2))
        up: list[nn.Module] = [nn.PixelShuffle(2), nn.Conv2d(config.channels // 4, widths[-1], 3, 1, 1)]
        up += [Residual(widths[-1]), Residual(widths[-1])]
        for before, after in zip(widths[::-1], widths[-2::-1], strict=False):
            up += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, 1, 1), Residual(after)]
        self.decoder = nn.Sequential(*up, nn.SiLU(), nn.Conv2d(widths[0], 12, 3, 1, 1), nn.PixelShuffle(2))
        self.register_buffer("mean", torch.zeros(config.channels))
        self.register_buffer("whitening", torch.eye(config.channels))  # Scale and rotation.

    def encode(self, frames: Tensor) -> Tensor:
        """Frames `[..., 3, S, S]` in [0, 1] -> latents `[..., H, W, C]`."""
        flat = self.encoder(frames.reshape(-1, *frames.shape[-3:]) * 2 - 1).permute(0, 2, 3, 1).float()
        latents = (flat - self.mean) @ self.whitening
        return latents.reshape(*frames.shape[:-3], *latents.shape[1:])

    def decode(self, latents: Tensor) -> Tensor:
        """Latents `[..., H, W, C]` -> frames `[..., 3, S, S]` in [0, 1]."""
        raw = latents.float() @ torch.linalg.inv(self.whitening) + self.mean
        flat = raw.reshape(-1, *latents.shape[-3:]).permute(0, 3, 1, 2)
        frames = self.decoder(flat).float().add(1).div(2).clamp(0, 1)
        return frames.reshape(*latents.shape[:-3], *frames.shape[1:])

    @torch.no_grad()
    def unnormalise(self) -> None:
        """Undo `normalise`, for training."""
        self.mean.zero_()
        self.whitening.copy_(torch.eye(len(self.whitening)))

    @torch.no_grad()
    def normalise(self, frames: Tensor) -> None:
        """Set mean, scale and rotation of the latents from typical clips `[N, T, 3, S, S]`, T >= 2."""
        self.unnormalise()
        latents = self.encode(frames)
        flat = latents.flatten(0, -2)
        std = flat.std(0).clamp(min=1e-3)
        changes = latents.diff(dim=1).flatten(0, -2) / std
        _, rotation = torch.linalg.eigh(changes.T @ changes)
        self.mean.copy_(flat.mean(0))
        self.whitening.copy_(rotation / std[:, None])
