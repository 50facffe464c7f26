"""Samples a first frame unconditionally, by probabilistic principal components of faces' latents."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import LowRankMultivariateNormal

RANK = 48
"""Principal components. On held-out people 32 to 64 give the highest likelihood, above a small flow's for a first frame."""

MIN_VARIANCE = 1e-4
"""Lower limit of the residual variance of every feature."""


class FirstFrame(nn.Module):
    """N(mean, F F^T + diag(rest)) of a frame's latents `shape` = H, W, C, fitted in closed form (Tipping & Bishop 1999)."""

    mean: Tensor
    factors: Tensor
    residual_variance: Tensor

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape
        features = math.prod(shape)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("factors", torch.zeros(features, min(RANK, features)))
        self.register_buffer("residual_variance", torch.ones(features))

    @torch.no_grad()
    def fit(self, latents: Tensor) -> None:
        """Fit to frames `[N, H, W, C]`, more of them than components."""
        flat = latents.flatten(1)
        centred = flat - flat.mean(0)
        _, scale, directions = torch.linalg.svd(centred, full_matrices=False)
        rank = self.factors.shape[1]
        self.mean.copy_(flat.mean(0))
        self.factors.copy_((directions[:rank] * scale[:rank, None]).T / len(flat) ** 0.5)
        self.residual_variance.copy_((centred.square().mean(0) - self.factors.square().sum(1)).clamp(min=MIN_VARIANCE))

    def log_prob(self, latents: Tensor, noise: float = 0.0) -> Tensor:
        """Log density `[N]`, in nats, of frames `[N, H, W, C]` with added noise of that standard deviation."""
        density = LowRankMultivariateNormal(self.mean, self.factors, self.residual_variance + noise**2)
        log_prob: Tensor = density.log_prob(latents.flatten(1))
        return log_prob

    def sample(self, count: int, temperature: float, generator: torch.Generator) -> Tensor:
        """Sample frames `[count, H, W, C]` along the components alone.

        Args:
            count: how many.
            temperature: scale of the distance from the average face.
            generator: source of all randomness.
        """
        z = torch.randn(count, self.factors.shape[1], generator=generator).to(self.mean.device)
        return (self.mean + temperature * z @ self.factors.T).unflatten(1, self.shape)
