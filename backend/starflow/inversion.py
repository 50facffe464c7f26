"""From noise to data: token by token (the oracle), or whole blocks at once as a fixed point (Jacobi)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Jacobi:
    """How to solve for a block of tokens.

    Attributes:
        block: tokens solved together.
        tolerance: stop when the squared change is less than this share of the squared value; 0 goes on to the exact result.
        most: iterations at most (a block is exact after as many as it has tokens).
    """

    block: int = 64
    tolerance: float = 2e-7
    most: int = 64


@dataclass
class Effort:
    """What an inversion cost: passes through the transformer, and iterations of every block."""

    passes: int = 0
    iterations: list[int] = field(default_factory=list)


class Solver(Protocol):
    """What tells shift and scale of the next tokens: a `Reader`, or two of them under guidance."""

    @property
    def passes(self) -> int:
        """Passes through the transformer so far."""

    def guess(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, m, C]` of the next m tokens, were they `x`; the last of them has no say in it."""

    def settle(self, x: Tensor) -> None:
        """Take `x` as the tokens that were last guessed, and go on behind them."""


def sequential(solver: Solver, z: Tensor) -> tuple[Tensor, Effort]:
    """Turn noise `[B, L, C]` into tokens one after the other: exact, and slow."""
    tokens, before = [], solver.passes
    for noise in z.split(1, 1):
        shift, scale = solver.guess(noise)
        tokens.append(noise * scale + shift)
        solver.settle(tokens[-1])
    return torch.cat(tokens, 1), Effort(solver.passes - before)


def parallel(
    solver: Solver,
    z: Tensor,
    settings: Jacobi,
    first: Tensor | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Tensor, Effort]:
    """Turn noise into tokens block by block: x <- s(x) z + b(x) until it stands still (STARFlow-V, video-aware Jacobi).

    Tokens of a block see one another's last guess. A block starts from the end of what is settled (in video: the same places
    one frame earlier, again and again); the first one from `first`, or from its noise.

    Args:
        solver: tells shift and scale.
        z: noise `[B, L, C]`.
        settings: block size and stopping rule.
        first: a frame's tokens `[B, tokens, C]` that the first block may start from.
        progress: called with the share of tokens that is settled.
    """
    blocks, effort, last = [], Effort(-solver.passes), first
    for noise in z.split(settings.block, 1):
        length = noise.shape[1]
        x = noise if last is None else last.repeat(1, -(-length // last.shape[1]), 1)[:, :length]
        count = 0
        while count < min(settings.most, length):
            shift, scale = solver.guess(x)
            x, before, count = noise * scale + shift, x, count + 1
            if (x - before).square().sum() <= settings.tolerance * before.square().sum():
                break
        solver.settle(x)
        blocks.append(x)
        effort.iterations.append(count)
        last = x if last is None else torch.cat([last, x], 1)[:, -last.shape[1] :]
        if progress:
            progress(sum(block.shape[1] for block in blocks) / z.shape[1])
    effort.passes += solver.passes
    return torch.cat(blocks, 1), effort
