"""The light network that removes the noise a flow was trained with: it has learned the flow's own score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BEFORE, AFTER = 4, 1
"""Frames that are looked at around the one that is cleaned: without the one after it, cleaning flickers (STARFlow-V, 3.3)."""


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

    Every frame is cleaned in a window of its own, so nothing that comes later than one frame can reach it.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        tokens = (BEFORE + 1 + AFTER) * config.rows * config.columns
        self.enter = nn.Linear(config.channels + 1, config.width)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, config.width))
        layer = nn.TransformerEncoderLayer(
            config.width, config.width // 64, 4 * config.width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.exit = nn.Linear(config.width, config.channels)
        nn.init.zeros_(self.exit.weight)
        nn.init.zeros_(self.exit.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Noisy latents `[B, T, H, W, C]` -> the estimate, the same shape."""
        batch, frames = x.shape[:2]
        marked = F.pad(x, (0, 1), value=1.0)  # a one in every frame that is there
        padded = F.pad(marked, (0, 0, 0, 0, 0, 0, BEFORE, AFTER))
        windows = padded.unfold(1, BEFORE + 1 + AFTER, 1).movedim(-1, 2)  # [B, T, window, H, W, C + 1]
        tokens = self.enter(windows.flatten(0, 1).flatten(1, 3)) + self.place
        size = self.config.rows * self.config.columns
        cleaned = self.layers(tokens)[:, BEFORE * size : (BEFORE + 1) * size]
        return self.exit(cleaned).float().reshape(batch, frames, *x.shape[2:])
