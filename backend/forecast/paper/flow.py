"""The flow of GRU-SNF's published code at its own sizes, untrained, to time that code's sampling.

It is the RealNVP of pytorch-ts' TempFlow (Rasul et al. 2021, arXiv 2002.06103) without its batch norm, an affine map when
sampling. The GRU's state is reduced to ONE number. Shape suffixes: B rows, D features, C context.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backend.forecast.flow import AfterBlock


@dataclass(frozen=True)
class ConditionalPaperFlow:
    """p(x | c) of a `PaperFlow`, for sampling only; `label [B, 1]` is the context as one number."""

    flow: PaperFlow
    label: Tensor

    def decode(self, z_BD: Tensor, after: AfterBlock | None = None) -> Tensor:
        """Map noise to data (the inverse pass); `after` may move y between the blocks."""
        y = z_BD
        for index, (scale, shift, mask) in enumerate(zip(self.flow.scales, self.flow.shifts, self.flow.mask, strict=True)):
            inputs = torch.cat([self.label, y * mask], dim=-1)
            log_scale = torch.tanh(scale(inputs)) * (1 - mask)
            y = (y - shift(inputs) * (1 - mask)) * torch.exp(-log_scale)
            if after is not None:
                y = after(index, y)
        return y


class PaperFlow(nn.Module):
    """Coupling blocks that leave even and odd features unchanged in turn.

    Args:
        features: D.
        context: C, size of the conditioning vector.
        blocks: T.
        hidden: width of a net's layers.
        hidden_layers: layers between a net's first and last one.
    """

    mask: Tensor

    def __init__(self, features: int, context: int, blocks: int = 5, hidden: int = 512, hidden_layers: int = 3) -> None:
        super().__init__()
        self.blocks = blocks
        self.label = nn.Linear(context, 1)
        sizes = [1 + features] + [hidden] * (hidden_layers + 1) + [features]
        self.scales = nn.ModuleList(_net(sizes, nn.Tanh) for _ in range(blocks))
        self.shifts = nn.ModuleList(_net(sizes, nn.ReLU) for _ in range(blocks))
        even = torch.arange(features) % 2
        self.register_buffer("mask", torch.stack([even ^ (index % 2) for index in range(blocks)]).float())
        self.requires_grad_(False).eval()

    def forward(self, context_BC: Tensor) -> ConditionalPaperFlow:
        """Condition on `context_BC`."""
        return ConditionalPaperFlow(self, self.label(context_BC))


def _net(sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])
