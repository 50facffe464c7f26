"""The sampling loop of GRU-SNF's published code (arXiv 2512.04282) on our weights, to separate its effect from the weights'.

It differs from ours: samples are computed one after the other; their mean is fed back and the GRU's state is shared, so that a
"sample" is a cloud at every step, not a path; the MCMC target comes from an untrained linear head; and acceptance is decided
per coordinate, though the prior term of the energy is the sum over coordinates.

Shape suffixes: W windows, C context, K samples, H horizon, D = 6N.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from backend.core.device import seeded_generator
from backend.forecast.gru_nf import Forecaster
from backend.forecast.paper.flow import PaperFlow


class PaperLoop:
    """GRU-NF (`steps` 0) or GRU-SNF, sampled as by the paper.

    Args:
        forecaster: the weights; loaded or frozen.
        steps: random-walk steps after each block.
        step_size: standard deviation of a proposal.
        seed: of the untrained head.
        flow: the paper's own flow, used instead of the forecaster's.
    """

    def __init__(
        self, forecaster: Forecaster, steps: int = 2, step_size: float = 0.35, seed: int = 0, flow: PaperFlow | None = None
    ) -> None:
        self._forecaster, self._flow, self._steps, self._step_size = forecaster, flow, steps, step_size
        config = forecaster.config
        self._blocks = flow.blocks if flow else config.blocks
        inputs = config.hidden * config.layers
        # The initialisation of `nn.Linear`: uniform within 1 / sqrt(inputs).
        device = forecaster.mean.device
        uniform = torch.rand(inputs + 1, config.features, generator=seeded_generator(device, seed), device=device)
        self._weight, self._bias = ((2 * uniform - 1) / math.sqrt(inputs)).split([inputs, 1])

    @torch.inference_mode()
    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return K samples of every step, `[W, K, H, D]`.

        Args:
            context_WCD: the observed frames.
            k: K.
            horizon: H.
            generator: source of all randomness.
        """
        state, weights, clouds = self._forecaster.observe(context_WCD), self._forecaster.prepare(), []
        for _ in range(horizon):
            conditional = self._flow(state.h.flatten(1)) if self._flow else self._forecaster.condition(state.h, weights)
            target_WD = self.target(state.h)
            samples = []
            for _ in range(k):
                noise = torch.randn(target_WD.shape, generator=generator, device=target_WD.device)
                step = conditional.decode(noise, lambda block, y, to=target_WD: self._refine(block, y, to, generator))  # type: ignore[misc]
                samples.append(torch.addmm(state.frame, step, self._forecaster.unwhiten))
            cloud_WKD = torch.stack(samples, dim=1)
            clouds.append(cloud_WKD)
            state = self._forecaster.step(state, cloud_WKD.mean(1))
        return torch.stack(clouds, dim=2)

    def target(self, h_WLH: Tensor) -> Tensor:
        """Return the untrained head's point `[W, D]`."""
        return torch.addmm(self._bias, h_WLH.flatten(1), self._weight)

    def _refine(self, block: int, y_WD: Tensor, target_WD: Tensor, generator: torch.Generator | None) -> Tensor:
        weight = block / (self._blocks - 1) if self._blocks > 1 else 1.0
        for _ in range(self._steps):
            proposal = y_WD + self._step_size * torch.randn(y_WD.shape, generator=generator, device=y_WD.device)
            fall = paper_energy(y_WD, target_WD, weight) - paper_energy(proposal, target_WD, weight)
            accepted = torch.rand(y_WD.shape, generator=generator, device=y_WD.device) < fall.exp()
            y_WD = torch.where(accepted, proposal, y_WD)
        return y_WD


def paper_energy(y_WD: Tensor, target_WD: Tensor, weight: float) -> Tensor:
    """Return (1 - l) |y|^2 / 2 + l (y - target)^2 as `[W, D]`: only the first term is a sum over coordinates.

    Args:
        y_WD: the sample.
        target_WD: where the second term pulls to.
        weight: l in [0, 1].
    """
    return (1 - weight) * 0.5 * y_WD.square().sum(-1, keepdim=True) + weight * (y_WD - target_WD).square()
