"""A light network that removes the noise a flow was trained with: it learns the flow's own score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.starflow.transformer import TransformerLayer, rope_angles, token_positions

PAST_FRAMES, FUTURE_FRAMES = 4, 1
"""Frames that a layer attends to around each frame: without the one after it, videos flicker (STARFlow-V, 3.3)."""


@dataclass(frozen=True)
class DenoiserConfig:
    """Architecture of a denoiser; rows, columns and channels are those of latents."""

    rows: int = 4
    columns: int = 4
    channels: int = 64
    width: int = 192
    layers: int = 4


class Denoiser(nn.Module):
    """s(x~): an estimate of sigma * grad log p(x~), by which one step denoises the flow's samples: x = x~ + sigma * s(x~).

    Every layer attends to past frames; only the first also to the next frame, so no frame depends on later ones.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        self.in_proj = nn.Linear(config.channels, config.width)
        self.pos_embed = nn.Parameter(0.02 * torch.randn(config.rows * config.columns, config.width))
        self.layers = nn.ModuleList(TransformerLayer(config.width, 0.0) for _ in range(config.layers))
        self.norm, self.out_proj = nn.RMSNorm(config.width), nn.Linear(config.width, config.channels)
        nn.init.zeros_(self.out_proj.weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Noisy latents `[B, T, H, W, C]` -> the estimate, the same shape."""
        config, frames = self.config, x.shape[1]
        positions = token_positions(frames, config.rows, config.columns).to(x.device)
        rope, delay = rope_angles(positions), positions[None, :, 0] - positions[:, None, 0]
        tokens = self.in_proj(x.flatten(1, 3)) + self.pos_embed.repeat(frames, 1)
        for index, layer in enumerate(self.layers):
            future = FUTURE_FRAMES if index == 0 else 0
            tokens, _ = layer(tokens, rope, mask=(delay >= -PAST_FRAMES) & (delay <= future))
        return self.out_proj(self.norm(tokens)).float().reshape(x.shape)
