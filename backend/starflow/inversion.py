"""From noise to data: token by token (the oracle), or whole blocks at once as a fixed point (Jacobi)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.starflow.affine import Affine, Reader


@dataclass(frozen=True)
class Jacobi:
    """How to solve for a block of tokens.

    Attributes:
        block: tokens solved together.
        tolerance: stop when the squared change is less than this share of the squared value; 0 goes on to the exact result.
        most: iterations at most (a block is exact after as many as it has tokens).
    """

    block: int = 64
    tolerance: float = 1e-6
    most: int = 64


@dataclass
class Effort:
    """What an inversion cost: passes through the transformer, and iterations of every block."""

    passes: int = 0
    iterations: list[int] | None = None


def sequential(affine: Affine, z: Tensor, where: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Effort]:
    """Invert `Affine.forward` one token after the other: exact, and slow.

    Args:
        affine: the map.
        z: noise `[B, L, C]`.
        where: positions `[L, 3]`.
        prefix: as in `Affine.forward`.
    """
    reader, tokens = Reader(affine, where, len(z), prefix), []
    for index in range(z.shape[1]):
        shift, scale = reader.next()
        tokens.append(z[:, index : index + 1] * scale + shift)
        reader.append(tokens[-1])
    return torch.cat(tokens, 1), Effort(reader.passes)


def parallel(
    affine: Affine, z: Tensor, where: Tensor, settings: Jacobi, prefix: Tensor | None = None, first: Tensor | None = None
) -> tuple[Tensor, Effort]:
    """Invert `Affine.forward` block by block: x <- s(x) z + b(x) until it stands still (STARFlow-V, video-aware Jacobi).

    Tokens of a block see one another's last guess. A block starts from the block before it (in video: the same places one
    frame earlier); the first one from `first`, or from its noise.

    Args:
        affine: the map.
        z: noise `[B, L, C]`.
        where: positions `[L, 3]`.
        settings: block size and stopping rule.
        prefix: as in `Affine.forward`.
        first: guess of the first block `[B, block, C]`.
    """
    reader, blocks, counts = Reader(affine, where, len(z), prefix), [], []
    guess = first
    for begin in range(0, z.shape[1], settings.block):
        noise = z[:, begin : begin + settings.block]
        x = noise if guess is None or guess.shape != noise.shape else guess
        counts.append(0)
        while counts[-1] < min(settings.most, noise.shape[1]):
            counts[-1] += 1
            shift, scale = reader.guess(x)
            x, before = noise * scale + shift, x
            if (x - before).square().sum() <= settings.tolerance * before.square().sum():
                break
        reader.guess(x, settle=True)
        blocks.append(x)
        guess = x
    return torch.cat(blocks, 1), Effort(reader.passes, counts)
