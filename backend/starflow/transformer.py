"""A causal transformer over video tokens, with rotary positions in time, row and column, and a key-value cache."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD_WIDTH = 64
"""Width of an attention head."""

CosSin = tuple[Tensor, Tensor]
KeysValues = tuple[Tensor, Tensor]


def token_positions(*sizes: int) -> Tensor:
    """Time, row and column of every token in raster order, `[T * H * W, 3]`; `sizes` are T, H and W."""
    return torch.cartesian_prod(*(torch.arange(size) for size in sizes)).float()


def rope_angles(positions: Tensor) -> CosSin:
    """Cosines and sines `[L, HEAD_WIDTH / 2]` of the rotary angles (RoPE, Su et al. 2021) of positions `[L, 3]`.

    Half of a head's pairs of features encode time, a quarter rows, a quarter columns.
    """
    shares, parts = (HEAD_WIDTH // 4, HEAD_WIDTH // 8, HEAD_WIDTH // 8), []
    for axis, share in zip(positions.unbind(-1), shares, strict=True):
        parts.append(axis[:, None] * 100.0 ** -(torch.arange(share, device=positions.device) / share))
    angles = torch.cat(parts, -1)
    return angles.cos(), angles.sin()


def apply_rope(x: Tensor, rope: CosSin) -> Tensor:
    """Rotate pairs of features of `[B, heads, L, HEAD_WIDTH]`."""
    (cos, sin), (a, b) = (part.to(x.dtype) for part in rope), x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


@dataclass
class KVCache:
    """Keys and values `[B, heads, P, HEAD_WIDTH]` of every layer for the P tokens read so far."""

    layers: list[KeysValues] = field(default_factory=list)

    @property
    def length(self) -> int:
        """P."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def truncated(self, length: int) -> KVCache:
        """An independent cache of the first `length` tokens."""
        return KVCache([(keys[:, :, :length], values[:, :, :length]) for keys, values in self.layers])


class TransformerLayer(nn.Module):
    """Attention and MLP, each with a LayerNorm before and a residual connection; the width D is a multiple of `HEAD_WIDTH`."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, rope: CosSin, past: KeysValues | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, KeysValues]:
        """Let each token attend to itself and those before it; also return keys and values of all P + L tokens.

        Args:
            x: `[B, L, D]`.
            rope: `rope_angles` of their positions.
            past: keys and values of the P tokens before.
            mask: `[L, P + L]`, True where a token may attend, in place of the causal mask; a single token needs none.
        """
        q, k, v = (
            part.unflatten(-1, (self.heads, HEAD_WIDTH)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        q, k = apply_rope(q, rope), apply_rope(k, rope)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None and q.shape[2] > 1)
        x = x + self.dropout(self.out_proj(y.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.mlp(self.norm2(x))), (k, v)


class Transformer(nn.Module):
    """Layers of width D, then an RMSNorm."""

    def __init__(self, width: int, layers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerLayer(width, dropout) for _ in range(layers))
        self.norm = nn.RMSNorm(width)

    def forward(self, x: Tensor, positions: Tensor, cache: KVCache | None = None) -> Tensor:
        """Let each token attend to the cache, itself, and the tokens before it.

        Args:
            x: tokens `[B, L, D]`.
            positions: `[L, 3]`.
            cache: of the tokens before, to which these are added.
        """
        rope, mask, layers = rope_angles(positions), None, []
        if (before := 0 if cache is None else cache.length) and len(positions) > 1:
            mask = torch.ones(len(positions), before + len(positions), dtype=torch.bool, device=x.device).tril(before)
        for index, layer in enumerate(self.layers):
            x, keys_values = layer(x, rope, cache.layers[index] if cache is not None and before else None, mask)
            layers.append(keys_values)
        if cache is not None:
            cache.layers = layers
        return self.norm(x)
