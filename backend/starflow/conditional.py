"""What is told of a token before it is seen: a Gaussian whose parts may go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Told:
    """x = shift + scale A z with A A' = I + V'V for each token: exact both ways, in closed form.

    A piece of a picture that moves changes in all its channels at once, in a direction that what it shows decides. Independent
    channels cannot say that; a few directions V that hang on the context, as in factor analysis, can. With L L' = I + V V'
    (Cholesky, R x R), A = I + V' (L + I)^-1 V, its inverse is I - V' (L (I + L'))^-1 V, and its determinant that of L.

    Attributes:
        shift, scale: `[B, m, C]`, scale > 0.
        spread: the directions V, `[B, m, R, C]`; R may be 0.
    """

    shift: Tensor
    scale: Tensor
    spread: Tensor

    @classmethod
    def identity(cls, like: Tensor) -> Told:
        """Says that tokens such as `like` `[B, m, C]` are their noise."""
        return cls(torch.zeros_like(like), torch.ones_like(like), like.new_zeros(*like.shape[:2], 0, like.shape[2]))

    @classmethod
    def joined(cls, parts: Sequence[Told]) -> Told:
        """Of tokens that follow one another, with as many directions as the part that has most."""
        most = max(part.spread.shape[2] for part in parts)
        spreads = [F.pad(part.spread, (0, 0, 0, most - part.spread.shape[2])) for part in parts]
        return cls(
            torch.cat([part.shift for part in parts], 1), torch.cat([part.scale for part in parts], 1), torch.cat(spreads, 1)
        )

    def __len__(self) -> int:
        return self.shift.shape[1]

    def __getitem__(self, tokens: slice) -> Told:
        return Told(self.shift[:, tokens], self.scale[:, tokens], self.spread[:, tokens])

    def within(self, level: Tensor, deviation: Tensor) -> Told:
        """The same of tokens that were told in deviations from a level, each `[B, m, C]`."""
        return Told(level + deviation * self.shift, deviation * self.scale, self.spread)

    def tokens(self, noise: Tensor) -> Tensor:
        """Noise `[B, m, C]` -> tokens."""
        if self.spread.shape[2]:
            found = torch.linalg.solve_triangular(self._root + _one(self._root), self._along(noise), upper=False)
            noise = noise + self._across(found)
        return self.shift + self.scale * noise

    def noise(self, tokens: Tensor) -> Tensor:
        """Tokens `[B, m, C]` -> noise: the inverse of `tokens`."""
        noise = (tokens - self.shift) / self.scale
        if self.spread.shape[2]:
            found = torch.linalg.solve_triangular(self._root, self._along(noise), upper=False)
            found = torch.linalg.solve_triangular((self._root + _one(self._root)).mT, found, upper=True)
            noise = noise - self._across(found)
        return noise

    @property
    def log_determinant(self) -> Tensor:
        """Log |det| of the way from tokens to noise, `[B, m]`."""
        found = -self.scale.log().sum(-1)
        return found - self._root.diagonal(dim1=-2, dim2=-1).log().sum(-1) if self.spread.shape[2] else found

    @cached_property
    def _root(self) -> Tensor:
        """L, `[B, m, R, R]`."""
        with torch.autocast(self.spread.device.type, enabled=False):
            square = self.spread @ self.spread.mT
            return torch.linalg.cholesky(square + _one(square))

    def _along(self, x: Tensor) -> Tensor:
        """How far `[B, m, C]` go in every direction, `[B, m, R, 1]`."""
        return (self.spread * x[:, :, None]).sum(-1, keepdim=True)

    def _across(self, along: Tensor) -> Tensor:
        """Sum of the directions, each so many times: `[B, m, R, 1]` -> `[B, m, C]`."""
        return (self.spread * along).sum(2)


def _one(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)
