"""What is told of a token before it is seen: a Gaussian whose parts may go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Told:
    """x = shift + scale (I + v_R v_R')^(1/2) ... (I + v_1 v_1')^(1/2) z for each token: exact both ways, in closed form.

    A piece of a picture that moves changes in all its channels at once, in a direction that what it shows decides. Independent
    channels cannot say that; a few directions v that hang on the context, as in factor analysis, can.

    Attributes:
        shift, scale: `[B, m, C]`, scale > 0.
        spread: the directions, `[B, m, R, C]`; R may be 0.
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
        for v in self.spread.unbind(2):
            root = self._root(v)
            noise = noise + v * ((v * noise).sum(-1, keepdim=True) / (1 + root))
        return self.shift + self.scale * noise

    def noise(self, tokens: Tensor) -> Tensor:
        """Tokens `[B, m, C]` -> noise: the inverse of `tokens`."""
        noise = (tokens - self.shift) / self.scale
        for v in reversed(self.spread.unbind(2)):
            root = self._root(v)
            noise = noise - v * ((v * noise).sum(-1, keepdim=True) / (root * (1 + root)))
        return noise

    @property
    def log_determinant(self) -> Tensor:
        """Log |det| of the way from tokens to noise, `[B, m]`."""
        return -self.scale.log().sum(-1) - 0.5 * self.spread.square().sum(-1).log1p().sum(-1)

    @staticmethod
    def _root(v: Tensor) -> Tensor:
        return (1 + v.square().sum(-1, keepdim=True)).sqrt()
