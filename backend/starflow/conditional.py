"""The conditional distribution of one token given the tokens before it: a Gaussian with low-rank covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class ConditionalGaussian:
    """x = loc + scale A z for each token, with A A' = I + V'V: invertible in closed form.

    Where something moves, the channels of a token change together, in directions that depend on the context: the R factors V,
    as in factor analysis. With L L' = I + V V' (Cholesky, R x R), A = I + V' (L + I)^-1 V, its inverse is
    I - V' (L (I + L'))^-1 V, and its determinant is that of L.

    Attributes:
        loc, scale: `[B, m, C]`, scale > 0.
        factors: V, `[B, m, R, C]`; R may be 0.
    """

    loc: Tensor
    scale: Tensor
    factors: Tensor

    @classmethod
    def standard(cls, like: Tensor) -> ConditionalGaussian:
        """N(0, I) for tokens such as `like` `[B, m, C]`."""
        return cls(torch.zeros_like(like), torch.ones_like(like), like.new_zeros(*like.shape[:2], 0, like.shape[2]))

    @classmethod
    def concat(cls, parts: Sequence[ConditionalGaussian]) -> ConditionalGaussian:
        """Concatenate along tokens; the rank is that of the part with the highest."""
        rank = max(part.factors.shape[2] for part in parts)
        padded = [(part.loc, part.scale, F.pad(part.factors, (0, 0, 0, rank - part.factors.shape[2]))) for part in parts]
        return cls(*(torch.cat(tensors, 1) for tensors in zip(*padded, strict=True)))

    def __len__(self) -> int:
        return self.loc.shape[1]

    def __getitem__(self, tokens: slice) -> ConditionalGaussian:
        return ConditionalGaussian(self.loc[:, tokens], self.scale[:, tokens], self.factors[:, tokens])

    def unstandardize(self, mean: Tensor, std: Tensor) -> ConditionalGaussian:
        """The distribution of `mean + std * x`, where this one is that of x."""
        return ConditionalGaussian(mean + std * self.loc, std * self.scale, self.factors)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `[B, m, C]` -> noise."""
        noise = (tokens - self.loc) / self.scale
        if self.factors.shape[2]:
            solved = torch.linalg.solve_triangular(self._cholesky, self._project(noise), upper=False)
            solved = torch.linalg.solve_triangular((self._cholesky + _eye_like(self._cholesky)).mT, solved, upper=True)
            noise = noise - self._combine(solved)
        return noise

    def inverse(self, noise: Tensor) -> Tensor:
        """Noise `[B, m, C]` -> tokens."""
        if self.factors.shape[2]:
            root = self._cholesky + _eye_like(self._cholesky)
            noise = noise + self._combine(torch.linalg.solve_triangular(root, self._project(noise), upper=False))
        return self.loc + self.scale * noise

    @property
    def log_det(self) -> Tensor:
        """Log |det| of `forward`, `[B, m]`."""
        log_det = -self.scale.log().sum(-1)
        return log_det - self._cholesky.diagonal(dim1=-2, dim2=-1).log().sum(-1) if self.factors.shape[2] else log_det

    @cached_property
    def _cholesky(self) -> Tensor:
        """L, `[B, m, R, R]`."""
        with torch.autocast(self.factors.device.type, enabled=False):
            square = self.factors @ self.factors.mT
            return torch.linalg.cholesky(square + _eye_like(square))

    def _project(self, x: Tensor) -> Tensor:
        """V x: `[B, m, C]` -> `[B, m, R, 1]`."""
        return (self.factors * x[:, :, None]).sum(-1, keepdim=True)

    def _combine(self, weights: Tensor) -> Tensor:
        """V' weights: `[B, m, R, 1]` -> `[B, m, C]`."""
        return (self.factors * weights).sum(2)


def _eye_like(square: Tensor) -> Tensor:
    return torch.eye(square.shape[-1], dtype=square.dtype, device=square.device)
