"""A causal transformer over video tokens, with rotary positions in time, row and column, and a cache of what it has read."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD = 64
"""Width of an attention head."""

Turns = tuple[Tensor, Tensor]
KeysValues = tuple[Tensor, Tensor]


def positions(frames: int, rows: int, columns: int) -> Tensor:
    """Time, row and column of every token in raster order: `[frames * rows * columns, 3]`."""
    return torch.cartesian_prod(torch.arange(frames), torch.arange(rows), torch.arange(columns)).float()


def turns(where: Tensor) -> Turns:
    """Angles that grow with position (RoPE, Su et al. 2021), a share of a head's pairs of features for each axis.

    Args:
        where: `[L, 3]`, time, row, column. Half of the pairs tell time, a quarter rows, a quarter columns.

    Returns:
        Their cosines and sines, `[L, HEAD / 2]`.
    """
    half = HEAD // 2
    shares = (half // 2, half // 4, half // 4)
    angles = torch.cat(
        [
            axis[:, None] * 100.0 ** -(torch.arange(share, device=where.device) / share)
            for axis, share in zip(where.unbind(-1), shares, strict=True)
        ],
        -1,
    )
    return angles.cos(), angles.sin()


def rotate(x: Tensor, by: Turns) -> Tensor:
    """Turn pairs of features of `[B, heads, L, HEAD]`."""
    (cos, sin), (a, b) = (part.to(x.dtype) for part in by), x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


@dataclass
class Cache:
    """Keys and values `[B, heads, P, HEAD]` of every layer for the P tokens read so far."""

    read: list[KeysValues] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return self.read[0][0].shape[2] if self.read else 0

    def head(self, length: int) -> Cache:
        """The first `length` tokens; what one reads from now on the other does not know."""
        return Cache([(keys[:, :, :length], values[:, :, :length]) for keys, values in self.read])


class Layer(nn.Module):
    """Attention and MLP, each before a residual sum, after a LayerNorm."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.heads = width // HEAD
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, by: Turns, past: KeysValues | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, KeysValues]:
        """Read tokens, each seeing those before it and itself.

        Args:
            x: `[B, L, D]`.
            by: `turns` of their positions.
            past: what was read before.
            mask: `[L, P + L]`, which token sees which instead; True is seen. A single token sees all without one.

        Returns:
            `[B, L, D]`, and keys and values of the tokens before and of these.
        """
        q, k, v = (part.unflatten(-1, (self.heads, HEAD)).transpose(1, 2) for part in self.qkv(self.first(x)).chunk(3, -1))
        q, k = rotate(q, by), rotate(k, by)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None and q.shape[2] > 1)
        x = x + self.dropout(self.out(y.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.mlp(self.second(x))), (k, v)


class Transformer(nn.Module):
    """Layers, then an RMSNorm.

    Args:
        width: D, a multiple of `HEAD`.
        layers: how many.
        dropout: share of features dropped in training.
    """

    def __init__(self, width: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, dropout) for _ in range(layers))
        self.norm = nn.RMSNorm(width)

    def forward(self, x: Tensor, where: Tensor, cache: Cache | None = None) -> Tensor:
        """Read tokens `[B, L, D]` at positions `[L, 3]`: each sees those of the cache, itself, and those before it.

        Args:
            x: the tokens.
            where: their positions.
            cache: what was read before, to which these tokens are added; None reads from the beginning.
        """
        by, mask, read = turns(where), None, []
        if (before := 0 if cache is None else cache.length) and len(where) > 1:
            mask = torch.ones(len(where), before + len(where), dtype=torch.bool, device=x.device).tril(before)
        for index, layer in enumerate(self.layers):
            x, both = layer(x, by, cache.read[index] if cache is not None and before else None, mask)
            read.append(both)
        if cache is not None:
            cache.read = read
        return self.norm(x)
