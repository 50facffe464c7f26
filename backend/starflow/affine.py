"""One autoregressive affine map: each token is shifted and scaled by what a transformer says of the tokens before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.starflow.level import Expected, Level
from backend.starflow.transformer import Cache, Transformer

SOFTPLUS_OF_ONE = 0.5413
"""softplus(0.5413) = 1: an untrained map is the identity."""

REACH = 4.0
"""Shift and log-scale inputs are clipped softly to this range."""


class Affine(nn.Module):
    """z = (x - b) / s, where b and s of a token depend on the tokens before it (STARFlow, TarFlow: Zhai et al. 2024).

    A map over several frames works on how far tokens are from what a `Level` expects of them, in deviations: so a small model
    need not learn first that frames hardly change, and what it draws does not wander off where nothing moves.

    Args:
        channels: C of a token.
        width: D of the transformer.
        layers: of the transformer.
        tokens: of a frame.
        dropout: in training.
        level: follows the frames, where there is more than one.
    """

    def __init__(
        self, channels: int, width: int, layers: int, tokens: int, dropout: float = 0.0, level: Level | None = None
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
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor, where: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Towards noise, all tokens at once.

        Args:
            x: tokens `[B, L, C]`, from the first of a frame on.
            where: their positions `[L, 3]`.
            prefix: what every token may look at besides, `[B, P, D]` (a caption, an action).

        Returns:
            z `[B, L, C]` and log |det dz/dx| `[B]`, both in float32.
        """
        shift, scale = self.told(x, where, prefix)
        return (x - shift) / scale, -scale.log().sum((1, 2))

    def told(self, x: Tensor, where: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, L, C]` of every token, from those before it; arguments as in `forward`."""
        read, expected = self.inputs(x, 0, prefix)
        seen = self.transformer(read, shifted(where, 0 if prefix is None else prefix.shape[1]))
        return self.parameters_of(seen[:, -x.shape[1] :], expected)

    def inputs(self, x: Tensor, first: int, prefix: Tensor | None) -> tuple[Tensor, Expected | None]:
        """What is read in order to tell the tokens of `x` `[B, L, C]` from the `first` on.

        Returns:
            `[B, (P +) L - first, D]`, and what the level expects of those tokens.
        """
        expected = None if self.level is None else self.level(x)
        known = x if expected is None else (x - expected.level) / expected.deviation
        read = self.enter(known[:, max(first - 1, 0) : -1])
        if first == 0:
            read = torch.cat([self.start.to(read.dtype).expand(len(x), -1, -1), read], 1)
        read = read + self.place[torch.arange(first, x.shape[1], device=x.device) % self.tokens]
        if expected is not None and self.behind is not None:
            expected = Expected(expected.level[:, first:], expected.deviation[:, first:], expected.surprise[:, first:])
            read = read + self.behind(torch.cat([expected.level, expected.deviation.log(), expected.surprise], -1))
        return (read if first or prefix is None else torch.cat([prefix.to(read.dtype), read], 1)), expected

    def parameters_of(self, seen: Tensor, expected: Expected | None) -> tuple[Tensor, Tensor]:
        """Features `[B, m, D]` of m tokens -> shift b and scale s > 0, each `[B, m, C]` in float32."""
        a, b = (REACH * (part / REACH).tanh() for part in exact(self.head(seen)).chunk(2, -1))
        s = F.softplus(a + SOFTPLUS_OF_ONE)
        return (b, s) if expected is None else (expected.level + expected.deviation * b, expected.deviation * s)


class Reader:
    """Walks an `Affine` from noise to data, and remembers what it has read of settled tokens.

    Args:
        affine: the map.
        where: positions of all tokens, `[L, 3]`.
        batch: B.
        prefix: as in `Affine.forward`.
    """

    def __init__(self, affine: Affine, where: Tensor, batch: int, prefix: Tensor | None = None) -> None:
        self.affine, self._prefix, self._cache = affine, prefix, Cache()
        self._where = shifted(where, 0 if prefix is None else prefix.shape[1])
        self._settled = torch.empty(batch, 0, affine.enter.in_features, device=where.device)
        self._guessed, self._guesses = Cache(), 0
        self.passes = 0

    def guess(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, m, C]` of the next m tokens, were they `x`; the last of them has no say in it."""
        self.passes += 1
        whole, first = torch.cat([self._settled, x], 1), self._settled.shape[1]
        (read, expected), begin = self.affine.inputs(whole, first, self._prefix), self._cache.length
        self._guessed, self._guesses = self._cache.head(begin), x.shape[1]
        seen = self.affine.transformer(read, self._where[begin : begin + read.shape[1]], self._guessed)
        return self.affine.parameters_of(seen[:, -x.shape[1] :], expected)

    def settle(self, x: Tensor) -> None:
        """Take the first tokens of the last guess as they are there, and `x` as their values: no further pass is needed."""
        self._settled = torch.cat([self._settled, x], 1)
        self._cache = self._guessed.head(self._guessed.length - self._guesses + x.shape[1])


def exact(x: Tensor) -> Tensor:
    """At least float32, whatever the transformer runs in: an inverse multiplies every rounding error."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def shifted(where: Tensor, prefix: int) -> Tensor:
    """Positions of what is read: prefix and start lie before the first frame, a token lies where its successor does."""
    before = torch.zeros(prefix, 3, device=where.device)
    before[:, 0] = -1
    before[:, 1] = torch.arange(prefix, device=where.device)
    return torch.cat([before, where])
