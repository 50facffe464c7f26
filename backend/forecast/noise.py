"""The random numbers of a forecast, drawn before it: a future that is kept moves with the driver while its numbers stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

NoiseSource = torch.Generator | Sequence[torch.Generator | None] | None
"""One generator, torch's global one (None), or one per stream: then a stream's futures do not depend on its batch."""


@dataclass(frozen=True)
class NoiseShape:
    """Numbers that a path needs: `times` times `base` standard normal ones, and `moves` proposals of `latent` numbers each.

    `horizon`: steps of the path; 0 for one each time.
    """

    times: int
    base: int
    moves: int = 0
    latent: int = 0
    horizon: int = 0


@dataclass(frozen=True)
class RolloutNoise:
    """All random numbers of R paths; axis 1 is the path.

    Attributes:
        base_TRD: standard normal noise that the flow maps to paths.
        normal_MRZ, log_uniform_MR1: of the proposals of MCMC and of their acceptance; None without MCMC.
        horizon: steps of the paths; 0 for one with each of the T.
    """

    base_TRD: Tensor
    normal_MRZ: Tensor | None = None
    log_uniform_MR1: Tensor | None = None
    horizon: int = 0

    @classmethod
    def draw(
        cls, shape: NoiseShape, streams: int, k: int, source: NoiseSource, device: torch.device, *, coupled: bool = False
    ) -> RolloutNoise:
        """Draw the noise of K paths for each stream.

        Base noise comes first: from one seed, GRU-NF and GRU-SNF get the same.

        Args:
            shape: of a path's noise.
            streams: B.
            k: K.
            source: of all randomness.
            device: of the tensors and of the source.
            coupled: make the base noise of a stream's K paths antithetic.
        """

        def sample(distribution: Callable[..., Tensor], times: int, columns: int) -> Tensor:
            if source is None or isinstance(source, torch.Generator):
                return distribution(times, streams * k, columns, generator=source, device=device)
            return torch.cat([distribution(times, k, columns, generator=one, device=device) for one in source], dim=1)

        base = sample(torch.randn, shape.times, shape.base)
        if coupled:
            base = antithetic(base, k)
        if not shape.moves:
            return cls(base, horizon=shape.horizon)
        moves = sample(torch.randn, shape.moves, shape.latent), sample(torch.rand, shape.moves, 1).log_()
        return cls(base, *moves, horizon=shape.horizon)

    @classmethod
    def zeros(cls, shape: NoiseShape, paths: int, like: Tensor) -> RolloutNoise:
        """Return zeros in the place of random numbers.

        Args:
            shape: of a path's noise.
            paths: R.
            like: gives device and type.
        """
        base = like.new_zeros(shape.times, paths, shape.base)
        if not shape.moves:
            return cls(base, horizon=shape.horizon)
        moves = like.new_zeros(shape.moves, paths, shape.latent), like.new_zeros(shape.moves, paths, 1)
        return cls(base, *moves, horizon=shape.horizon)

    def __len__(self) -> int:
        return self.base_TRD.shape[1]

    def __getitem__(self, paths: Tensor) -> RolloutNoise:
        """Select paths by their indices."""
        return self._like(None if part is None else part.index_select(1, paths) for part in self.parts)

    def split(self, k: int) -> list[RolloutNoise]:
        """Split into the noises of K paths each."""
        each = [[None] * (len(self) // k) if part is None else part.split(k, dim=1) for part in self.parts]
        return [self._like(parts) for parts in zip(*each, strict=True)]

    @staticmethod
    def cat(noises: Sequence[RolloutNoise]) -> RolloutNoise:
        """Join noises of the same shape along the paths."""
        if len(noises) == 1:
            return noises[0]
        parts = zip(*(noise.parts for noise in noises), strict=True)
        return noises[0]._like(None if part[0] is None else torch.cat(part, dim=1) for part in parts)

    def _like(self, parts: Iterable[Tensor | None]) -> RolloutNoise:
        return RolloutNoise(*parts, horizon=self.horizon)  # type: ignore[misc, arg-type]

    @property
    def steps(self) -> int:
        """Steps of the paths, H."""
        return self.horizon or len(self.base_TRD)

    @property
    def parts(self) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """All tensors, as above."""
        return self.base_TRD, self.normal_MRZ, self.log_uniform_MR1


def antithetic(normal_TRD: Tensor, k: int) -> Tensor:
    """Correlate each K consecutive rows of standard normal noise `[T, R, D]` negatively.

    Every row alone stays standard normal, but two rows of a group have the correlation -1 / (K - 1), the least possible for K
    exchangeable rows: K futures lie further apart than independent ones, and each is as likely as before (Craiu & Meng 2005,
    Annals of Statistics 33).
    """
    if k < 2:
        return normal_TRD
    groups = normal_TRD.unflatten(1, (-1, k))
    return ((groups - groups.mean(2, keepdim=True)) * math.sqrt(k / (k - 1))).flatten(1, 2)
