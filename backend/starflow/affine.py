"""One autoregressive affine map: each token is shifted and scaled by what a transformer says of the tokens before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.starflow.conditional import Told
from backend.starflow.kalman import Expected, Level, Walked
from backend.starflow.transformer import Cache, Transformer

SOFTPLUS_OF_ONE = 0.5413
"""softplus(0.5413) = 1: an untrained map is the identity."""

REACH = 4.0
"""Shift and log-scale inputs are clipped softly to this range."""

FURTHEST = 8.0
"""Length of all directions of a token's spread together, at most: what is drawn far off must not be drawn further yet."""


class Affine(nn.Module):
    """z = (x - b) / s, where b and s of a token depend on the tokens before it (STARFlow, TarFlow: Zhai et al. 2024); with
    `spread`, channels that go together besides (`Told`).

    A map over several frames works on how far tokens are from what a `Level` expects of them, in deviations: so a small model
    need not learn first that frames hardly change, and what it draws does not wander off where nothing moves.

    Args:
        channels: C of a token.
        width: D of the transformer.
        layers: of the transformer.
        tokens: of a frame.
        dropout: in training.
        level: follows the frames, where there is more than one.
        spread: directions in which the channels of a token may go together.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        layers: int,
        tokens: int,
        dropout: float = 0.0,
        level: Level | None = None,
        spread: int = 0,
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.enter = nn.Linear(channels, width)
        self.level = level
        self.behind = None if level is None else nn.Linear(3 * channels, width)
        self.transformer = Transformer(width, layers, dropout)
        self.head = nn.Linear(width, 2 * channels)
        self.spread = nn.Linear(width, spread * channels) if spread else None
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if self.spread is not None:  # Small, but not 0, from where no direction is better than its opposite.
            nn.init.normal_(self.spread.weight, std=0.003)
            nn.init.zeros_(self.spread.bias)

    def forward(self, x: Tensor, where: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Towards noise, all tokens at once.

        Args:
            x: tokens `[B, L, C]`, from the first of a frame on.
            where: their positions `[L, 3]`.
            prefix: what every token may look at besides, `[B, P, D]` (a caption).

        Returns:
            z `[B, L, C]` and log |det dz/dx| `[B]`, both in float32.
        """
        told = self.told(x, where, prefix)
        return told.noise(x), told.log_determinant.sum(1)

    def told(self, x: Tensor, where: Tensor, prefix: Tensor | None = None) -> Told:
        """What the tokens before it say of every token; arguments as in `forward`."""
        expected = None if self.level is None else self.level(x)
        apart = x if expected is None else expected.apart(x)
        seen = self.transformer(self.read(apart[:, :-1], 0, expected, prefix), shifted(where, prefix))
        told = self.parameters_of(seen[:, -x.shape[1] :])
        return told if expected is None else told.within(expected.level, expected.deviation)

    def read(self, before: Tensor, first: int, expected: Expected | None, prefix: Tensor | None) -> Tensor:
        """What the transformer reads in order to tell m tokens.

        Args:
            before: the token before each, in deviations, `[B, m, C]`; one less where the first of all has none.
            first: number of the first of them.
            expected: of them.
            prefix: is read before the first of all.

        Returns:
            `[B, m, D]`, or `[B, P + m, D]`.
        """
        read = self.enter(before)
        if first == 0:
            read = torch.cat([self.start.to(read.dtype).expand(len(read), -1, -1), read], 1)
        read = read + self.place[torch.arange(first, first + read.shape[1], device=read.device) % self.tokens]
        if expected is not None and self.behind is not None:
            read = read + self.behind(torch.cat([expected.level, expected.deviation.log(), expected.surprise], -1))
        return read if first or prefix is None else torch.cat([prefix.to(read.dtype), read], 1)

    def parameters_of(self, seen: Tensor) -> Told:
        """Features `[B, m, D]` of m tokens -> what they tell of them in deviations, in float32."""
        a, b = (REACH * (part / REACH).tanh() for part in exact(self.head(seen)).chunk(2, -1))
        v = b[..., :0] if self.spread is None else exact(self.spread(seen))
        v = v * (1 + v.square().sum(-1, keepdim=True) / FURTHEST**2).rsqrt()
        return Told(b, F.softplus(a + SOFTPLUS_OF_ONE), v.unflatten(-1, (v.shape[-1] // b.shape[-1], b.shape[-1])))


class Reader:
    """Walks an `Affine` from noise to data, and remembers what it has read of settled tokens.

    It is told tokens in deviations from what the `Level` expects of them, given those before. So the level, which hangs on
    the frame before more than all else does, is followed exactly through a guess of many frames: what is left to find by
    repeated guessing is what the transformer says.

    Args:
        affine: the map.
        where: positions of all tokens, `[L, 3]`.
        batch: B.
        prefix: as in `Affine.forward`.
    """

    def __init__(self, affine: Affine, where: Tensor, batch: int, prefix: Tensor | None = None) -> None:
        self.affine, self._level, self._prefix = affine, affine.level, prefix
        self._where, self._ahead = shifted(where, prefix), 0 if prefix is None else prefix.shape[1]
        self._cache, self._guessed, self._settled = Cache(), Cache(), 0
        self._before = self._begun = torch.empty(batch, 0, affine.enter.in_features, device=where.device)
        self._followed = None if affine.level is None else affine.level.begin(self._begun)
        self.passes = 0

    def guess(self, apart: Tensor) -> Told:
        """What is told of the next m tokens, were they `apart` `[B, m, C]`; the last of them has no say in it.

        Both are in deviations from what is expected of each token.
        """
        self.passes += 1
        walked, count = self._walked(self._begun, apart), apart.shape[1]
        expected = None if walked is None else walked.expected.last(count)
        before = torch.cat([self._before, apart[:, :-1]], 1)
        read = self.affine.read(before, self._settled, expected, self._prefix)
        begin = self._cache.length
        self._guessed = self._cache.head(begin)
        seen = self.affine.transformer(read, self._where[begin : begin + read.shape[1]], self._guessed)
        return self.affine.parameters_of(seen[:, -count:])

    def settle(self, apart: Tensor) -> Tensor:
        """Take `apart` as the first tokens of the last guess: no further pass is needed. Returns the tokens, `[B, m, C]`."""
        count = apart.shape[1]
        self._before, self._settled = apart[:, -1:], self._settled + count
        self._cache = self._guessed.head(self._ahead + self._settled)
        if (walked := self._walked(self._begun, apart)) is None:
            return apart
        self._followed, self._begun = walked.followed, walked.begun
        return walked.x[:, -count:]

    def take(self, x: Tensor) -> Told:
        """Read tokens `[B, m, C]` that are known; returns what `guess` does of them."""
        walked = self._walked(torch.cat([self._begun, x], 1), x[:, :0])
        apart = x if walked is None else walked.expected.last(x.shape[1]).apart(x)
        told = self.guess(apart)
        self.settle(apart)
        return told

    def _walked(self, x: Tensor, apart: Tensor) -> Walked | None:
        """The level's way through the frames since the last whole one; None where there is no level."""
        return None if self._level is None or self._followed is None else self._level.walk(self._followed, x, apart)


def exact(x: Tensor) -> Tensor:
    """At least float32, whatever the transformer runs in: an inverse multiplies every rounding error."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def shifted(where: Tensor, prefix: Tensor | None) -> Tensor:
    """Positions of what is read: a prefix `[B, P, D]` lies before the first frame, a token lies where its successor does."""
    if prefix is None:
        return where
    before = torch.zeros(prefix.shape[1], 3, device=where.device)
    before[:, 0] = -1
    before[:, 1] = torch.arange(len(before), device=where.device)
    return torch.cat([before, where])
