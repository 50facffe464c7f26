"""What a place shows and how much it moves, followed through the noise: a Kalman filter that adapts, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CALMEST, LIVELIEST = 0.01, 4.0
"""Least and most activity of a place, as shares of what is usual. Without an upper end, what is drawn lively livens up what is
drawn next, until it bursts.
"""


@dataclass(frozen=True)
class Expected:
    """What is expected of tokens from the frames before their own, each `[B, L, C]` float32.

    Attributes:
        level: the mean; zero in the first frame.
        deviation: the standard deviation around it, noise and all.
        surprise: by how many deviations the frame before was off at the same place; zero in the first frame.
    """

    level: Tensor
    deviation: Tensor
    surprise: Tensor


class Level(nn.Module):
    """Follows a random walk that is seen in noise, and how fast each place walks.

    The local level model (Harvey 1989, section 2.3) with a variance that follows the innovations (Mehra 1970): most of what
    one frame says about the next. Where nothing moves, many frames are averaged; where much does, the last one counts.

    Args:
        channels: C.
        rows: of a frame.
        columns: of a frame.
        noise: standard deviation of the noise, as a share of the deviation of the first frame, which is 1.
    """

    def __init__(self, channels: int, rows: int, columns: int, noise: float) -> None:
        super().__init__()
        self.rows, self.columns, self.noise = rows, columns, max(noise, 0.05)
        self.log_change = nn.Parameter(torch.full((channels,), -3.0))
        self.memory = nn.Parameter(torch.tensor(0.4).logit())

    def forward(self, x: Tensor) -> Expected:
        """Read tokens `[B, L, C]`, from the first of a frame on."""
        length, tokens = x.shape[1], self.rows * self.columns
        frames = F.pad(x, (0, 0, 0, -length % tokens)).unflatten(1, (-1, tokens))
        usual, noise = self.log_change.exp(), self.noise**2
        level, surprise = torch.zeros_like(frames[:, 0]), torch.zeros_like(frames[:, 0])
        activity = torch.ones_like(frames[:, 0, :, :1])
        told: list[tuple[Tensor, Tensor, Tensor]] = []
        for number, frame in enumerate(frames.unbind(1)):
            walked = usual * activity
            variance = walked + noise if number else torch.full_like(frame, 1 + noise)
            told.append((level, variance.sqrt(), surprise))
            error = frame - level
            surprise = error / variance.sqrt()
            if number:
                seen = self._around((error.square() - noise).mean(-1, keepdim=True) / usual.mean())
                activity = seen if number == 1 else activity + self.memory.sigmoid() * (seen - activity)
            level = level + (walked / (walked + noise)).clamp(min=1 / (number + 1)) * error
        return Expected(*(torch.stack(part, 1).flatten(1, 2)[:, :length] for part in zip(*told, strict=True)))

    def _around(self, seen: Tensor) -> Tensor:
        """Average activity `[B, tokens, 1]` over neighbouring places, and keep it within its range."""
        picture = seen.transpose(1, 2).unflatten(-1, (self.rows, self.columns))
        return F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False).flatten(2).transpose(1, 2).clamp(CALMEST, LIVELIEST)

    @torch.no_grad()
    def expect(self, changes: Tensor) -> None:
        """Begin near the data: mean squared change of every channel from frame to frame, without noise, `[C]`."""
        self.log_change.copy_(changes.clamp(min=1e-6).log())
