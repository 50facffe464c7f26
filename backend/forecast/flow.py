"""A conditional RealNVP with the contract of zuko's flows: `flow(c).log_prob(x)`, `flow(c).sample()`.

Real NVP: Dinh et al. 2017 (arXiv 1605.08803), eqs. 7 and 8. Shape suffixes: B rows, D features, C context, T blocks.

    >>> flow = RealNvp(features=4, context=3)
    >>> flow(torch.zeros(2, 3)).sample().shape
    torch.Size([2, 4])
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

AfterBlock = Callable[[int, Tensor], Tensor]
"""Called as `after(i, y_BD)` after block i = 0..T-1 of the inverse pass; its result goes on to the next block."""

MAX_LOG_SCALE = 2.0
"""A coupling block scales by exp(-2) to exp(2): unbounded scales made the paper's GRU-NF cell diverge."""

MAX_BASE_LOG_SCALE = 4.0
"""The Gaussian's own log-scale may span more: a face at rest moves a hundred times less than a turning one."""


class CouplingWeights(NamedTuple):
    """One block's weights with its masks multiplied in, laid out for `addmm`."""

    in_DH: Tensor
    hidden_HH: Tensor
    hidden_bias_H: Tensor
    out_HS: Tensor
    out_bias_S: Tensor


class FlowWeights(NamedTuple):
    """All weights of a flow, laid out for `addmm`: made once for many calls of `RealNvp.forward`."""

    context_CK: Tensor
    context_bias_K: Tensor
    couplings: list[CouplingWeights]
    max_log_scale: Tensor  # A product with a Python number would convert it every time.


class ConditionalFlow:
    """The distribution p(x | c) of a `RealNvp`, one per row of the context.

    Args:
        weights: of the flow.
        entries: T tensors `[B, H]`: the context's share of each block's first layer.
        loc_BD, log_scale_BD: of the Gaussian.
    """

    def __init__(self, weights: FlowWeights, entries: Sequence[Tensor], loc_BD: Tensor, log_scale_BD: Tensor) -> None:
        self._weights = weights
        self._couplings = weights.couplings
        self._max_log_scale = weights.max_log_scale
        self._entries = entries
        self.loc = loc_BD
        self.log_scale = log_scale_BD

    def repeat(self, k: int) -> ConditionalFlow:
        """Return the distribution of K rows for each row, row after row."""
        entries = [entry.repeat_interleave(k, 0) for entry in self._entries]
        return ConditionalFlow(self._weights, entries, self.loc.repeat_interleave(k, 0), self.log_scale.repeat_interleave(k, 0))

    def _scale_and_shift(self, index: int, y_BD: Tensor) -> tuple[Tensor, Tensor]:
        block = self._couplings[index]
        hidden = torch.addmm(self._entries[index], y_BD, block.in_DH).relu_()
        hidden = torch.addmm(block.hidden_bias_H, hidden, block.hidden_HH).relu_()
        d = y_BD.shape[-1]
        raw, shift = torch.addmm(block.out_bias_S, hidden, block.out_HS).split_with_sizes([d, d], dim=-1)
        return torch.tanh(raw) * self._max_log_scale, shift

    def normalise(self, x_BD: Tensor) -> Tensor:
        """Return y: x in units of the row's own Gaussian, in which the blocks and MCMC work."""
        return (x_BD - self.loc) * torch.exp(-self.log_scale)

    def encode(self, x_BD: Tensor) -> tuple[Tensor, Tensor]:
        """Map data to noise: `(z [B, D], log |det dz/dx| [B])`."""
        y = self.normalise(x_BD)
        log_det = -self.log_scale.sum(-1)
        for index in reversed(range(len(self._couplings))):
            log_scale, shift = self._scale_and_shift(index, y)
            y = (y - shift) * torch.exp(-log_scale)
            log_det = log_det - log_scale.sum(-1)
        return y, log_det

    def decode(self, z_BD: Tensor, after: AfterBlock | None = None, log_dets: list[Tensor] | None = None) -> Tensor:
        """Map noise to data (the inverse pass): x `[B, D]`.

        Args:
            z_BD: noise.
            after: may move y between the blocks.
            log_dets: receives log |det| `[B]` of every block and of the Gaussian; they sum to log |det dx/dz|.
        """
        y = z_BD
        for index in range(len(self._couplings)):
            log_scale, shift = self._scale_and_shift(index, y)
            y = torch.addcmul(shift, y, torch.exp(log_scale))
            if log_dets is not None:
                log_dets.append(log_scale.sum(-1))
            if after is not None:
                y = after(index, y)
        if log_dets is not None:
            log_dets.append(self.log_scale.sum(-1))
        return torch.addcmul(self.loc, y, torch.exp(self.log_scale))

    def log_prob(self, x_BD: Tensor) -> Tensor:
        """Exact log density `[B]` by the change of variables."""
        z, log_det = self.encode(x_BD)
        return log_det - 0.5 * (z.square().sum(-1) + z.shape[-1] * math.log(2 * math.pi))

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Sample `[B, D]`; differentiable in the weights."""
        return self.decode(torch.randn(self.loc.shape, generator=generator, dtype=self.loc.dtype, device=self.loc.device))


class RealNvp(nn.Module):
    """T affine coupling blocks inside a Gaussian whose mean and scale depend on the context.

    The learned mean and scale stand at the data's end (x = loc(c) + scale(c) * y): without blocks the flow is a Gaussian head;
    with blocks y has about unit variance for every context, so one MCMC proposal size fits a resting and a turning face.

    Args:
        features: D >= 2.
        context: C, size of the conditioning vector; every block sees all of it.
        blocks: T; with 0 only the Gaussian is left.
        hidden: width of a block's two hidden layers.
    """

    def __init__(self, features: int, context: int, blocks: int = 5, hidden: int = 192) -> None:
        super().__init__()
        if features < 2:
            raise ValueError("coupling blocks need at least two features")
        self.blocks, self.features = blocks, features
        # One product conditions all blocks: the context does not change along the inverse pass.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Without blocks there is nothing to initialise.
            self.context_proj = nn.Linear(context, blocks * hidden)
        self.loc_scale_head = nn.Linear(context, 2 * features)
        self.in_weight = nn.Parameter(torch.randn(blocks, features, hidden) / math.sqrt(features / 2))
        self.hidden_weight = nn.Parameter(torch.randn(blocks, hidden, hidden) * math.sqrt(2 / hidden))
        self.hidden_bias = nn.Parameter(torch.zeros(blocks, hidden))
        # Zeros make every block start as the identity.
        self.out_weight = nn.Parameter(torch.zeros(blocks, hidden, 2 * features))
        self.out_bias = nn.Parameter(torch.zeros(blocks, 2 * features))
        nn.init.zeros_(self.loc_scale_head.weight)
        nn.init.zeros_(self.loc_scale_head.bias)
        self.mask: Tensor
        self.register_buffer("mask", coupling_masks(features, blocks), persistent=False)

    def prepare(self) -> FlowWeights:
        """Multiply the masks into the weights and lay them out; differentiable."""
        mask = self.mask.to(self.in_weight.dtype)
        transformed = (1 - mask).repeat(1, 2)
        in_weight = self.in_weight * mask[:, :, None]
        out_weight, out_bias = self.out_weight * transformed[:, None, :], self.out_bias * transformed
        parts = zip(in_weight, self.hidden_weight, self.hidden_bias, out_weight, out_bias, strict=True)
        return FlowWeights(
            torch.cat([self.context_proj.weight, self.loc_scale_head.weight]).t().contiguous(),
            torch.cat([self.context_proj.bias, self.loc_scale_head.bias]),
            [CouplingWeights(*part) for part in parts],
            mask.new_tensor(MAX_LOG_SCALE),
        )

    def forward(self, context_BC: Tensor, weights: FlowWeights | None = None) -> ConditionalFlow:
        """Condition on `context_BC`; pass the result of `prepare` to reuse it over the steps of a rollout."""
        weights = weights or self.prepare()
        product = torch.addmm(weights.context_bias_K, context_BC, weights.context_CK)
        hidden, d = self.hidden_weight.shape[-1], self.features
        *entries, loc, raw = product.split_with_sizes([hidden] * self.blocks + [d, d], dim=1)
        return ConditionalFlow(weights, entries, loc, torch.tanh(raw) * MAX_BASE_LOG_SCALE)


def coupling_masks(features: int, blocks: int) -> Tensor:
    """Return `[T, D]` of 0 and 1: 1 where a block reads the feature and leaves it unchanged.

    Blocks come in complementary pairs; each pair splits by another binary digit of the feature's index, so that every two
    features are on different sides of some split.
    """
    index, block = torch.arange(features), torch.arange(blocks)[:, None]
    digits = max(1, (features - 1).bit_length())
    return ((index >> (block // 2 % digits)) & 1) ^ (block % 2)
