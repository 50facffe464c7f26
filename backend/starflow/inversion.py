"""From noise to data: token by token (the oracle), or whole blocks at once as a fixed point (Jacobi)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Jacobi:
    """How to solve for many tokens at once.

    Attributes:
        block: tokens that are guessed together.
        tolerance: a token stands still when its squared change is less than this share of its squared value; 0 goes on to the
            exact result.
    """

    block: int = 64
    tolerance: float = 5e-8


@dataclass
class Effort:
    """What an inversion cost: passes through the transformer, and how many tokens each of them settled."""

    passes: int = 0
    settled: list[int] = field(default_factory=list)


class Solver(Protocol):
    """What tells shift and scale of the next tokens: a `Reader`, or two of them under guidance."""

    @property
    def passes(self) -> int:
        """Passes through the transformer so far."""

    def guess(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and scale `[B, m, C]` of the next m tokens, were they `x`; the last of them has no say in it."""

    def settle(self, x: Tensor) -> None:
        """Take `x` as the first of the tokens that were last guessed, and go on behind them."""


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
    """Turn noise into tokens, a block at once: x <- s(x) z + b(x) until it stands still (STARFlow-V, video-aware Jacobi).

    Tokens of a block see one another's last guess. What is behind others stands still later than they: so the block slides
    on, by as many tokens as have come to rest at its front, at least one in a pass. New tokens start from what was guessed at
    the same place one frame earlier; where nothing was, from their noise.

    Args:
        solver: tells shift and scale.
        z: noise `[B, L, C]`.
        settings: block size and tolerance.
        first: the frame before, `[B, tokens, C]`.
        progress: called with the share of tokens that is settled.
    """
    done, effort, guess, past, before = 0, Effort(), z[:, :0], first, solver.passes
    rested: list[Tensor] = []
    while done < z.shape[1]:
        noise = z[:, done : done + settings.block]
        guess = _grown(guess, noise, past)
        shift, scale = solver.guess(guess)
        found = noise * scale + shift
        count = _still(found, guess, settings.tolerance)
        rested.append(found[:, :count])
        solver.settle(rested[-1])
        if past is not None:
            past = torch.cat([past, rested[-1]], 1)[:, -past.shape[1] :]
        done, guess = done + count, found[:, count:]
        effort.settled.append(count)
        if progress:
            progress(done / z.shape[1])
    effort.passes = solver.passes - before
    return torch.cat(rested, 1), effort


def _grown(guess: Tensor, noise: Tensor, past: Tensor | None) -> Tensor:
    """Guess as many tokens as there is noise for, going on from those already guessed."""
    if past is None:
        return torch.cat([guess, noise[:, guess.shape[1] :]], 1)
    while missing := noise.shape[1] - guess.shape[1]:
        behind = torch.cat([past, guess], 1)[:, -past.shape[1] :]
        guess = torch.cat([guess, behind[:, :missing]], 1)
    return guess


def _still(found: Tensor, guess: Tensor, tolerance: float) -> int:
    """Tokens at the front that no longer change; the first of all depends on no guess, so it is one at least."""
    moved = (found - guess).square().sum((0, 2)) > tolerance * guess.square().sum((0, 2))
    moved[0] = False
    return int(moved.long().cumsum(0).eq(0).sum())
