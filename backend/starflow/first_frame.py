"""A first frame from nothing: probabilistic principal components of faces' latents."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributions import LowRankMultivariateNormal

RANK = 48
"""Principal components. On held-out people 32 to 64 are likeliest, and likelier than what a small flow says of a frame that
nothing comes before.
"""

LEAST = 1e-4
"""Least variance beside the components, of any number."""


class FirstFrame(nn.Module):
    """N(mean, F F^T + diag(rest)) of a frame's latents, fitted in closed form (Tipping & Bishop 1999, with a diagonal rest).

    Args:
        shape: H, W, C of a frame's latents.
    """

    mean: Tensor
    factor: Tensor
    rest: Tensor

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape
        numbers = shape[0] * shape[1] * shape[2]
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("factor", torch.zeros(numbers, min(RANK, numbers)))
        self.register_buffer("rest", torch.ones(numbers))

    @torch.no_grad()
    def fit(self, latents: Tensor) -> None:
        """Fit to frames `[N, H, W, C]`, more of them than components."""
        flat = latents.flatten(1)
        apart = flat - flat.mean(0)
        _, scale, directions = torch.linalg.svd(apart, full_matrices=False)
        rank = self.factor.shape[1]
        self.mean.copy_(flat.mean(0))
        self.factor.copy_((directions[:rank] * scale[:rank, None]).T / len(flat) ** 0.5)
        self.rest.copy_((apart.square().mean(0) - self.factor.square().sum(1)).clamp(min=LEAST))

    def log_prob(self, latents: Tensor, noise: float = 0.0) -> Tensor:
        """Log density of frames `[N, H, W, C]` that noise of that deviation was added to: `[N]`, in nats."""
        density = LowRankMultivariateNormal(self.mean, self.factor, self.rest + noise**2)
        found: Tensor = density.log_prob(latents.flatten(1))
        return found

    def draw(self, count: int, temperature: float, generator: torch.Generator) -> Tensor:
        """Draw frames `[count, H, W, C]` along the components alone; `temperature` scales how far from the average face."""
        z = torch.randn(count, self.factor.shape[1], generator=generator).to(self.mean.device)
        return (self.mean + temperature * z @ self.factor.T).unflatten(1, self.shape)
