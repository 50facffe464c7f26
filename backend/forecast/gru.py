"""One step of a GRU in few, small operations, for rollouts (Cho et al. 2014, with PyTorch's gate order r, z, n).

`torch.gru_cell` multiplies by transposed weights; for the handful of rows of a rollout, weights that lie contiguous the
other way round are read a third faster, and reading them is what a step costs.
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
    def of(cls, layer: nn.GRU) -> GruWeights:
        """Lay out the weights of a one-layer `nn.GRU`; differentiable."""
        return cls(
            layer.get_parameter("weight_ih_l0").t().contiguous(),
            layer.get_parameter("weight_hh_l0").t().contiguous(),
            layer.get_parameter("bias_ih_l0"),
            layer.get_parameter("bias_hh_l0"),
        )


def gru_step(weights: GruWeights, x_BI: Tensor, h_BH: Tensor) -> Tensor:
    """Return the next hidden state `[B, hidden]`."""
    wide = 2 * h_BH.shape[1]
    from_input = torch.addmm(weights.input_bias_G, x_BI, weights.input_IG)
    from_hidden = torch.addmm(weights.hidden_bias_G, h_BH, weights.hidden_HG)
    reset, update = torch.sigmoid(from_input[:, :wide] + from_hidden[:, :wide]).chunk(2, dim=1)
    new = torch.tanh(torch.addcmul(from_input[:, wide:], reset, from_hidden[:, wide:]))
    return torch.lerp(new, h_BH, update)
