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

    def apart(self, x: Tensor) -> Tensor:
        """How far tokens `[B, L, C]` are from what was expected, in deviations."""
        return (x - self.level) / self.deviation

    def last(self, count: int) -> Expected:
        """Of the last `count` tokens."""
        return Expected(self.level[:, -count:], self.deviation[:, -count:], self.surprise[:, -count:])


@dataclass(frozen=True)
class Followed:
    """How far a `Level` has got: what it knows before a frame.

    Attributes:
        frames: followed so far.
        level: `[B, tokens, C]`.
        surprise: as in `Expected`, `[B, tokens, C]`.
        activity: share of the usual change, `[B, tokens, 1]`.
    """

    frames: int
    level: Tensor
    surprise: Tensor
    activity: Tensor


@dataclass(frozen=True)
class Walked:
    """Tokens that a `Level` went through.

    Attributes:
        x: all of them, `[B, L, C]`.
        expected: what it expected of each.
        followed: how far it got with whole frames.
        begun: the tokens of a last frame that is not whole, `[B, 0 to tokens - 1, C]`.
    """

    x: Tensor
    expected: Expected
    followed: Followed
    begun: Tensor


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
        return self.walk(self.begin(x), x, x[:, :0]).expected

    def begin(self, x: Tensor) -> Followed:
        """Before the first of all frames, for tokens such as `x` `[B, L, C]`."""
        nothing = x.new_zeros(len(x), self.rows * self.columns, x.shape[2])
        return Followed(0, nothing, nothing, torch.ones_like(nothing[..., :1]))

    def walk(self, since: Followed, x: Tensor, apart: Tensor) -> Walked:
        """Go on through tokens of which some are known, and the others by how far they are from what is expected of them.

        Args:
            since: how far it is.
            x: the first tokens, from the first of a frame on, `[B, N, C]`.
            apart: the tokens behind them, in deviations from their level, `[B, M, C]`.
        """
        known, length, tokens = x.shape[1], x.shape[1] + apart.shape[1], self.rows * self.columns
        frames, told, begun = [], [], x[:, :0]
        for first in range(0, length, tokens):
            expected = self._expected(since)
            behind = slice(max(first - known, 0), max(first + tokens - known, 0))
            told.append(expected)
            frame = x[:, first : first + tokens]
            if rest := apart[:, behind].shape[1]:
                here = slice(frame.shape[1], frame.shape[1] + rest)
                frame = torch.cat([frame, expected.level[:, here] + expected.deviation[:, here] * apart[:, behind]], 1)
            frames.append(frame)
            if frame.shape[1] == tokens:
                since = self._seen(since, expected, frame)
            else:
                begun = frame
        parts = ([getattr(one, name) for one in told] for name in ("level", "deviation", "surprise"))
        return Walked(torch.cat(frames, 1), Expected(*(torch.cat(part, 1)[:, :length] for part in parts)), since, begun)

    def _expected(self, since: Followed) -> Expected:
        """Of the next frame."""
        variance = self.log_change.exp() * since.activity + self.noise**2
        deviation = (variance if since.frames else torch.full_like(variance, 1 + self.noise**2)).sqrt()
        return Expected(since.level, deviation, since.surprise)

    def _seen(self, since: Followed, expected: Expected, frame: Tensor) -> Followed:
        """Take in a whole frame."""
        usual, noise, activity = self.log_change.exp(), self.noise**2, since.activity
        error = frame - since.level
        walked = usual * activity
        level = since.level + (walked / (walked + noise)).clamp(min=1 / (since.frames + 1)) * error
        if since.frames:
            seen = self._around((error.square() - noise).mean(-1, keepdim=True) / usual.mean())
            activity = seen if since.frames == 1 else activity + self.memory.sigmoid() * (seen - activity)
        return Followed(since.frames + 1, level, error / expected.deviation, activity)

    def _around(self, seen: Tensor) -> Tensor:
        """Average activity `[B, tokens, 1]` over neighbouring places, and keep it within its range."""
        picture = seen.transpose(1, 2).unflatten(-1, (self.rows, self.columns))
        return F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False).flatten(2).transpose(1, 2).clamp(CALMEST, LIVELIEST)

    @torch.no_grad()
    def expect(self, changes: Tensor) -> None:
        """Begin near the data: mean squared change of every channel from frame to frame, without noise, `[C]`."""
        self.log_change.copy_(changes.clamp(min=1e-6).log())
