"""What a place of the picture has shown so far, seen through the noise: the local level model's filter, channel by channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Level(nn.Module):
    """Tracks a random walk that is seen in noise (the local level model: Harvey 1989, section 2.3; Kalman 1960).

    Frames of video hardly change, and the flow sees them in noise: their average tells the next one better than the last of
    them does. How fast a channel forgets is learned; the first frames count alike.

    Args:
        channels: C.
        tokens: of a frame.
    """

    def __init__(self, channels: int, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.gain = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """For every token of `x` `[B, L, C]`, from the frames before its own: the level at its place, and what was last there.

        Both `[B, L, C]` float32, zero in the first frame.
        """
        length = x.shape[1]
        frames = F.pad(x, (0, 0, 0, -length % self.tokens)).unflatten(1, (-1, self.tokens))
        level, levels = torch.zeros_like(frames[:, 0]), []
        for number, frame in enumerate(frames.unbind(1)):
            levels.append(level)
            level = level + self.gain.sigmoid().clamp(min=1 / (number + 1)) * (frame - level)
        last = F.pad(frames, (0, 0, 0, 0, 1, -1))
        return torch.stack(levels, 1).flatten(1, 2)[:, :length], last.flatten(1, 2)[:, :length]

    @torch.no_grad()
    def expect(self, changes: Tensor, noise: float) -> Tensor:
        """Take the best gain for given changes.

        Args:
            changes: mean squared change of every channel from frame to frame, without noise, `[C]`.
            noise: standard deviation of the noise.

        Returns:
            Standard deviation of the next value around the level, noise and all, `[C]`.
        """
        ratio = changes / noise**2
        gain = ((ratio.square() + 4 * ratio).sqrt() - ratio) / 2
        gain = gain.clamp(0.01, 0.99)
        self.gain.copy_(torch.logit(gain))
        return noise / (1 - gain).sqrt()
