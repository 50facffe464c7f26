"""A set energy: the K futures of a stream repel each other in the flow's latent space, and MCMC samples the set as a whole.

The energy of a set is the prior's, sum over k of |m_k|^2 / 2, plus strength * sum over j < k of cos(f_j, f_k). Here m_k is the
part of path k's base noise that is the same at every step, and f_k is m_k scaled by how far each of its numbers moves the face.
Directions repel, not positions: repulsion by distance would push every path outwards and make it less likely. To let samples of
one flow repel each other is the idea of Morshed & Boddeti 2025 (DiverseFlow, arXiv 2504.07894); here it needs no gradient,
because it acts before the flow. Shape suffixes: T steps, R rows, B streams, K futures, D numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SetEnergy:
    """Settings of the set energy and of its chain.

    Attributes:
        strength: of the repulsion; 0 leaves every path independent.
        sweeps: proposals for each path.
        step_size: share of new noise in a proposal, in (0, 1].
    """

    strength: float = 8.0
    sweeps: int = 8
    step_size: float = 0.5

    def refine(self, base_TRD: Tensor, k: int, scale_D: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the base noise `[T, R, D]` of sets after MCMC.

        Preconditioned Crank-Nicolson proposals (Cotter et al. 2013, arXiv 1202.0709) keep the prior by themselves, so that
        only the repulsion decides on acceptance, and any number of dimensions mixes alike.

        Args:
            base_TRD: standard normal noise; R = B * K, stream after stream.
            k: K.
            scale_D: how far each number moves the face, in any unit.
            generator: of the proposals, on the noise's device.
        """
        steps = len(base_TRD)
        start_BKD = (base_TRD.sum(0) / math.sqrt(steps)).unflatten(0, (-1, k))
        weight_D = scale_D / scale_D.norm()
        streams = len(start_BKD)
        shape = (self.sweeps, k, streams, start_BKD.shape[-1])
        proposals = torch.randn(shape, generator=generator, device=base_TRD.device) * self.step_size
        chances = torch.rand(shape[:3], generator=generator, device=base_TRD.device).log_()
        keep, m_BKD = math.sqrt(1 - self.step_size**2), start_BKD.clone()
        for normals, chance in zip(proposals, chances, strict=True):
            for path in range(k):
                proposal_BD = torch.add(normals[path], m_BKD[:, path], alpha=keep)
                before, after = (
                    self._repulsion(m_BKD * weight_D, one_BD * weight_D, path) for one_BD in (m_BKD[:, path], proposal_BD)
                )
                accepted = (chance[path] < before - after)[:, None]
                m_BKD[:, path] = torch.where(accepted, proposal_BD, m_BKD[:, path])
        return base_TRD + (m_BKD - start_BKD).flatten(0, 1) / math.sqrt(steps)

    def _repulsion(self, f_BKD: Tensor, one_BD: Tensor, path: int) -> Tensor:
        """Return the repulsion `[B]` of one path, at `one_BD`, by the others of its set."""
        direction_BD = one_BD / one_BD.norm(dim=-1, keepdim=True)
        cosine_BK = (f_BKD @ direction_BD[..., None])[..., 0] / f_BKD.norm(dim=-1)
        return self.strength * (cosine_BK.sum(1) - cosine_BK[:, path])
