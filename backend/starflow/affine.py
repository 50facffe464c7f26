"""One autoregressive affine map: each token is shifted and scaled by what a transformer says of the tokens before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.starflow.transformer import Cache, Transformer

SOFTPLUS_OF_ONE = 0.5413
"""softplus(0.5413) = 1: an untrained map is the identity."""

REACH = 4.0
"""Shift and log-scale inputs are clipped softly to this range."""


class Affine(nn.Module):
    """z = (x - b) / s, where b and s of a token depend on the tokens before it (STARFlow, TarFlow: Zhai et al. 2024).

    Args:
        channels: C of a token.
        width: D of the transformer.
        layers: of the transformer.
        dropout: in training.
    """

    def __init__(self, channels: int, width: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.enter = nn.Linear(channels, width)
        self.transformer = Transformer(width, layers, dropout)
        self.head = nn.Linear(width, 2 * channels)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor, where: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Towards noise, all tokens at once.

        Args:
            x: tokens `[B, L, C]`.
            where: their positions `[L, 3]`.
            prefix: what every token may look at besides, `[B, P, D]` (a caption, an action).

        Returns:
            z `[B, L, C]` and log |det dz/dx| `[B]`, both in float32.
        """
        read = torch.cat([self._begin(x, prefix), self.enter(x[:, :-1])], 1)
        seen = self.transformer(read, _shifted(where, 0 if prefix is None else prefix.shape[1]))
        shift, scale = self.parameters_of(seen[:, -x.shape[1] :])
        return (x - shift) / scale, -scale.log().sum((1, 2))

    def parameters_of(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Features `[B, L, D]` -> shift b and scale s > 0, each `[B, L, C]` in float32."""
        a, b = (REACH * (part / REACH).tanh() for part in exact(self.head(seen)).chunk(2, -1))
        return b, F.softplus(a + SOFTPLUS_OF_ONE)

    def _begin(self, x: Tensor, prefix: Tensor | None) -> Tensor:
        start = self.start.expand(len(x), -1, -1)
        return start if prefix is None else torch.cat([prefix.to(start.dtype), start], 1)


class Reader:
    """Walks an `Affine` from noise to data: what has been settled lies in its cache.

    The transformer reads a token one place late (the start token stands in front), so the cache always ends before the last
    settled token, which is read together with the next ones.

    Args:
        affine: the map.
        where: positions of all tokens, `[L, 3]`.
        batch: B.
        prefix: as in `Affine.forward`.
    """

    def __init__(self, affine: Affine, where: Tensor, batch: int, prefix: Tensor | None = None) -> None:
        self.affine, self.cache = affine, Cache()
        self._where = _shifted(where, 0 if prefix is None else prefix.shape[1])
        self._next = affine._begin(torch.empty(batch, 0, 0), prefix)
        self.passes = 0

    def next(self) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, 1, C]` of the next token, which `append` then has to name."""
        shift, scale = self._read(self._next, keep=True)
        return shift[:, -1:], scale[:, -1:]

    def append(self, x: Tensor) -> None:
        """Say what the next token `[B, 1, C]` is."""
        self._next = self.affine.enter(x)

    def guess(self, x: Tensor, *, settle: bool = False) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, m, C]` of the next m tokens, were they `x`; `settle` takes `x` as final."""
        shift, scale = self._read(torch.cat([self._next, self.affine.enter(x[:, :-1])], 1), keep=settle)
        if settle:
            self.append(x[:, -1:])
        return shift[:, -x.shape[1] :], scale[:, -x.shape[1] :]

    def _read(self, read: Tensor, *, keep: bool) -> tuple[Tensor, Tensor]:
        self.passes += 1
        begin = self.cache.length
        seen = self.affine.transformer(read, self._where[begin : begin + read.shape[1]], self.cache, keep=keep)
        return self.affine.parameters_of(seen)


def exact(x: Tensor) -> Tensor:
    """At least float32, whatever the transformer runs in: an inverse multiplies every rounding error."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _shifted(where: Tensor, prefix: int) -> Tensor:
    """Positions of what is read: prefix and start lie before the first frame, a token lies where its successor does."""
    before = torch.zeros(prefix, 3, device=where.device)
    before[:, 0] = -1
    before[:, 1] = torch.arange(prefix, device=where.device)
    return torch.cat([before, where])
