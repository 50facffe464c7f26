"""A causal transformer over video tokens, with rotary positions in time, row and column, and a cache of what it has read."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD = 64
"""Width of an attention head."""


def positions(frames: int, rows: int, columns: int) -> Tensor:
    """Time, row and column of every token in raster order: `[frames * rows * columns, 3]`."""
    return torch.cartesian_prod(torch.arange(frames), torch.arange(rows), torch.arange(columns)).float()


def rotate(x: Tensor, where: Tensor) -> Tensor:
    """Turn pairs of features by angles that grow with position (RoPE, Su et al. 2021), a share of the pairs for each axis.

    Args:
        x: `[B, heads, L, HEAD]`.
        where: `[L, 3]`, time, row, column. Half of the pairs tell time, a quarter rows, a quarter columns.
    """
    half = HEAD // 2
    shares = (half // 2, half // 4, half // 4)
    angles = torch.cat(
        [
            axis[:, None] * 100.0 ** -(torch.arange(share, device=x.device) / share)
            for axis, share in zip(where.to(x.device).unbind(-1), shares, strict=True)
        ],
        -1,
    )
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


@dataclass
class Cache:
    """Keys (not yet rotated) and values of every layer for the tokens read so far, and where those tokens lie."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    where: Tensor | None = None

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return 0 if self.where is None else len(self.where)

    def head(self, length: int) -> Cache:
        """The first `length` tokens; what one reads from now on the other does not know."""
        if self.where is None:
            return Cache()
        return Cache([k[:, :, :length] for k in self.keys], [v[:, :, :length] for v in self.values], self.where[:length])


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
        self, x: Tensor, where: Tensor, past: tuple[Tensor, Tensor, Tensor] | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read tokens, each seeing those before it and itself.

        Args:
            x: `[B, L, D]`.
            where: their positions `[L, 3]`.
            past: keys and values `[B, heads, P, HEAD]` of tokens read before, and the positions of these.
            mask: `[L, L]`, which token sees which instead; True is seen. Not together with `past`.

        Returns:
            `[B, L, D]`, and the keys (not rotated) and values `[B, heads, L, HEAD]` of these tokens.
        """
        q, k, v = (part.unflatten(-1, (self.heads, HEAD)).transpose(1, 2) for part in self.qkv(self.first(x)).chunk(3, -1))
        keys, values, places = k, v, where
        if past is not None:
            keys, values, places = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2), torch.cat([past[2], where])
            mask = torch.ones(len(where), len(places), dtype=torch.bool, device=x.device).tril(len(past[2]))
        seen, known = rotate(q, where), rotate(keys, places)
        y = F.scaled_dot_product_attention(seen, known, values, attn_mask=mask, is_causal=mask is None)
        x = x + self.dropout(self.out(y.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.mlp(self.second(x))), k, v


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
        keys, values = [], []
        for index, layer in enumerate(self.layers):
            past = None
            if cache is not None and cache.where is not None:
                past = (cache.keys[index], cache.values[index], cache.where)
            x, k, v = layer(x, where, past)
            keys.append(k if past is None else torch.cat([past[0], k], 2))
            values.append(v if past is None else torch.cat([past[1], v], 2))
        if cache is not None:
            cache.keys, cache.values = keys, values
            cache.where = where if cache.where is None else torch.cat([cache.where, where])
        return self.norm(x)
