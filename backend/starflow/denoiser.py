"""The light network that removes the noise a flow was trained with: it has learned the flow's own score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.starflow.transformer import Layer, positions, turns

BEFORE, AFTER = 4, 1
"""Frames that a layer looks at around the one that is cleaned: without the one after it, it flickers (STARFlow-V, 3.3)."""


@dataclass(frozen=True)
class DenoiserConfig:
    """Architecture of a denoiser: latents' rows, columns and channels, width, layers."""

    rows: int = 4
    columns: int = 4
    channels: int = 64
    width: int = 192
    layers: int = 4


class Denoiser(nn.Module):
    """s(x~): an estimate of sigma * grad log p(x~), by which one step cleans what the flow drew: x = x~ + sigma * s(x~).

    Every layer sees the frames before; only the first also sees the frame after, so nothing later can reach a frame.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Linear(config.channels, config.width)
        self.place = nn.Parameter(0.02 * torch.randn(config.rows * config.columns, config.width))
        self.layers = nn.ModuleList(Layer(config.width, 0.0) for _ in range(config.layers))
        self.norm, self.exit = nn.RMSNorm(config.width), nn.Linear(config.width, config.channels)
        nn.init.zeros_(self.exit.weight)
        nn.init.zeros_(self.exit.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Noisy latents `[B, T, H, W, C]` -> the estimate, the same shape."""
        config, frames = self.config, x.shape[1]
        where = positions(frames, config.rows, config.columns).to(x.device)
        by, later = turns(where), where[None, :, 0] - where[:, None, 0]
        tokens = self.enter(x.flatten(1, 3)) + self.place.repeat(frames, 1)
        for index, layer in enumerate(self.layers):
            ahead = AFTER if index == 0 else 0
            tokens, _ = layer(tokens, by, mask=(later >= -BEFORE) & (later <= ahead))
        return self.exit(self.norm(tokens)).float().reshape(x.shape)
