"""From noise to data: token by token (the oracle), or whole blocks at once as a fixed point (Jacobi)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from backend.starflow.conditional import Told


@dataclass(frozen=True)
class Jacobi:
    """How to solve for many tokens at once.

    Attributes:
        block: tokens that are guessed together.
        tolerance: a token stands still when its squared change is less than this share of its squared value, both in
            deviations; 0 goes on to the exact result.
    """

    block: int = 96
    tolerance: float = 2e-6


@dataclass
class Effort:
    """What an inversion cost: passes through the transformer, and how many tokens each of them settled."""

    passes: int = 0
    settled: list[int] = field(default_factory=list)


class Solver(Protocol):
    """What tells of the next tokens, all in deviations: a `Reader`, or two of them under guidance."""

    @property
    def passes(self) -> int:
        """Passes through the transformer so far."""

    def guess(self, apart: Tensor) -> Told:
        """What is told of the next tokens, were they `apart` `[B, m, C]`; the last of them has no say in it."""

    def settle(self, apart: Tensor) -> Tensor:
        """Take `apart` as the first of the tokens that were last guessed, and go on behind them; returns the tokens."""

    def take(self, x: Tensor) -> Told:
        """Read tokens that are known; returns what `guess` says of them."""


def sequential(solver: Solver, z: Tensor) -> tuple[Tensor, Effort]:
    """Turn noise `[B, L, C]` into tokens one after the other: exact, and slow."""
    tokens, before = [], solver.passes
    for noise in z.split(1, 1):
        tokens.append(solver.settle(solver.guess(noise).tokens(noise)))
    return torch.cat(tokens, 1), Effort(solver.passes - before)


def parallel(
    solver: Solver, z: Tensor, settings: Jacobi, last: Told | None = None, progress: Callable[[float], None] | None = None
) -> tuple[Tensor, Effort]:
    """Turn noise into tokens, a block at once: x <- s(x) z + b(x) until it stands still (STARFlow-V, video-aware Jacobi).

    Tokens of a block see one another's last guess. What is behind others stands still later than they: so the block slides
    on, by as many tokens as have come to rest at its front, at least one in a pass. Of new tokens it is first assumed what was
    told of the same place one frame earlier; where nothing was, that they are their noise.

    Args:
        solver: tells of the next tokens.
        z: noise `[B, L, C]`.
        settings: block size and tolerance.
        last: what was told of the frame before.
        progress: called with the share of tokens that is settled.
    """
    done, effort, before, rested = 0, Effort(), solver.passes, []
    frame = last or Told.identity(z[:, : settings.block])
    told = frame[:0]
    while done < z.shape[1]:
        noise = z[:, done : done + settings.block]
        told = _grown(frame, told, noise.shape[1])
        guess = told.tokens(noise)
        told = solver.guess(guess)
        found = told.tokens(noise)
        count = _still(found, guess, settings.tolerance)
        rested.append(solver.settle(found[:, :count]))
        frame, told = Told.joined([frame, told[:count]])[-len(frame) :], told[count:]
        done += count
        effort.settled.append(count)
        if progress:
            progress(done / z.shape[1])
    effort.passes = solver.passes - before
    return torch.cat(rested, 1), effort


def _grown(frame: Told, told: Told, length: int) -> Told:
    """Tell of `length` tokens: what is told of the last ones behind a frame is repeated, frame after frame."""
    whole = Told.joined([frame, told])
    while (missing := len(frame) + length - len(whole)) > 0:
        whole = Told.joined([whole, whole[-len(frame) :][:missing]])
    return whole[len(frame) :][:length]


def _still(found: Tensor, guess: Tensor, tolerance: float) -> int:
    """Tokens at the front that no longer change; the first of all depends on no guess, so it is one at least."""
    moved = (found - guess).square().sum((0, 2)) > tolerance * guess.square().sum((0, 2))
    moved[0] = False
    return int(moved.long().cumsum(0).eq(0).sum())
