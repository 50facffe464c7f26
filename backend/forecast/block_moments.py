"""What a trained flow's y looks like behind each of its blocks: the moments that the refiner's energy is made of.

Training does not keep y behind an inner block at unit variance, which a fixed energy would assume. The moments are measured
once, in contexts of the training motion, and saved with the weights. Shape suffixes: B rows, T blocks, Z numbers of the flow,
C context.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from backend.core.device import seeded_generator
from backend.forecast.flow import ConditionalFlow

RIDGE = 1e-2
"""Weight of the squared coefficients in the regression of y, relative to the mean square of the context."""

MIN_VARIANCE = 1e-3
"""Least variance of a number behind a block; a smaller one would freeze it."""


class BlockMoments(nn.Module):
    """First and second moments of y behind each block, and the linear regression of y on the context.

    Untrained, they are those of a flow whose y is standard normal everywhere.

    Args:
        context: C.
        blocks: T.
        features: Z.
    """

    second: Tensor
    residual: Tensor

    def __init__(self, context: int, blocks: int, features: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.register_buffer("second", torch.ones(blocks, features))  # E[y^2], over all contexts
        self.register_buffer("residual", torch.ones(blocks, features))  # E[(y - y_hat)^2]
        # Parameters, because these are stored in half precision; they are not trained.
        self.weight = nn.Parameter(torch.zeros(context, blocks * features), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(blocks * features), requires_grad=False)

    def predict(self, context_BC: Tensor) -> Tensor:
        """Return y_hat, the linear prediction of y behind each block: `[T, B, Z]`."""
        flat = torch.addmm(self.bias, context_BC, self.weight)
        return flat.unflatten(1, (self.blocks, -1)).transpose(0, 1)

    @torch.no_grad()
    def fit_samples(self, context_BC: Tensor, flow: ConditionalFlow) -> None:
        """Measure the moments while a flow, conditioned on contexts of the training motion, maps fixed noise to data."""
        levels: list[Tensor] = []

        def keep(_: int, y_BZ: Tensor) -> Tensor:
            levels.append(y_BZ)
            return y_BZ

        device = flow.loc.device
        flow.decode(torch.randn(flow.loc.shape, generator=seeded_generator(device, 0), device=device), keep)
        self.fit(context_BC, torch.stack(levels))

    @torch.no_grad()
    def fit(self, context_BC: Tensor, y_TBZ: Tensor) -> None:
        """Measure the moments on the flow's own samples.

        Args:
            context_BC: of every row, from the training motion.
            y_TBZ: behind each block, while noise is mapped to data.
        """
        ones = torch.cat([context_BC, context_BC.new_ones(len(context_BC), 1)], 1).double()
        target = y_TBZ.transpose(0, 1).flatten(1).double()
        gram = ones.T @ ones
        gram.diagonal()[:-1] += RIDGE * context_BC.double().square().mean() * len(ones)
        solved = torch.linalg.solve(gram, ones.T @ target)
        self.weight.copy_(solved[:-1])
        self.bias.copy_(solved[-1])
        self.second.copy_(y_TBZ.square().mean(1).clamp_min(MIN_VARIANCE))
        away = (target - ones @ solved).square().mean(0)
        self.residual.copy_(away.unflatten(0, (self.blocks, -1)).clamp_min(MIN_VARIANCE))
