"""One autoregressive affine map, whose shift and scale of a token a transformer predicts from the tokens before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from backend.starflow.conditional import ConditionalGaussian
from backend.starflow.kalman import FilterOutput, KalmanFilter, Prediction
from backend.starflow.transformer import KVCache, Transformer

INVERSE_SOFTPLUS_OF_1 = 0.5413
"""softplus(0.5413) = 1: an untrained map is the identity."""

MAX_HEAD_OUTPUT = 4.0
"""Shifts, and scales before the softplus, are squashed into +-4 by a tanh."""

MAX_FACTOR_NORM = 8.0
"""Limit of the norm of all factors of a token together: an outlier among the samples must not cause larger ones."""


class Affine(nn.Module):
    """z = (x - b) / s, where b and s of a token depend on the tokens before it (STARFlow; TarFlow: Zhai et al. 2024).

    With `rank`, channels of a token are correlated (`ConditionalGaussian`). A map over several frames works on residuals that
    a `KalmanFilter` standardizes: a small model need not learn that frames hardly change, and samples do not drift.

    Args:
        channels: C of a token.
        width, layers, dropout: of the `Transformer`.
        tokens: of a frame.
        kalman: predicts frames, where there is more than one.
        rank: R, factors of a token's covariance.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        layers: int,
        tokens: int,
        dropout: float = 0.0,
        kalman: KalmanFilter | None = None,
        rank: int = 0,
    ) -> None:
        super().__init__()
        self.tokens = tokens
        self.start_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.in_proj = nn.Linear(channels, width)
        self.kalman = kalman
        self.kalman_proj = None if kalman is None else nn.Linear(3 * channels, width)
        self.transformer = Transformer(width, layers, dropout)
        self.loc_scale_head = nn.Linear(width, 2 * channels)
        self.factor_head = nn.Linear(width, rank * channels) if rank else None
        nn.init.zeros_(self.loc_scale_head.weight)
        nn.init.zeros_(self.loc_scale_head.bias)
        if self.factor_head is not None:  # Small but not 0, where the gradient vanishes by symmetry.
            nn.init.normal_(self.factor_head.weight, std=0.003)
            nn.init.zeros_(self.factor_head.bias)

    def forward(self, x: Tensor, positions: Tensor, prefix: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map tokens to noise: z `[B, L, C]` and log |det dz/dx| `[B]`, both in float32.

        Args:
            x: as for `conditional`.
            positions: as for `conditional`.
            prefix: as for `conditional`.
        """
        conditional = self.conditional(x, positions, prefix)
        return conditional.forward(x), conditional.log_det.sum(1)

    def conditional(self, x: Tensor, positions: Tensor, prefix: Tensor | None = None) -> ConditionalGaussian:
        """The distribution of every token given those before it.

        Args:
            x: tokens `[B, L, C]`, which start with the first of a frame.
            positions: `[L, 3]`.
            prefix: embeddings that every token may attend to, `[B, P, D]` (a caption).
        """
        prediction = None if self.kalman is None else self.kalman(x)
        residuals = x if prediction is None else prediction.standardize(x)
        features = self.transformer(self.embed(residuals[:, :-1], 0, prediction, prefix), input_positions(positions, prefix))
        conditional = self.gaussian(features[:, -x.shape[1] :])
        return conditional if prediction is None else conditional.unstandardize(prediction.mean, prediction.std)

    def embed(self, before: Tensor, first: int, prediction: Prediction | None, prefix: Tensor | None) -> Tensor:
        """Embed the transformer's input for m tokens: `[B, m, D]`, or `[B, P + m, D]` with the prefix.

        Args:
            before: standardized residual of the token before each, `[B, m, C]`; one less where `first` is 0.
            first: number of the first of the m tokens.
            prediction: the filter's, of the m tokens.
            prefix: goes before token 0.
        """
        embedded = self.in_proj(before)
        if first == 0:
            embedded = torch.cat([self.start_token.to(embedded.dtype).expand(len(embedded), -1, -1), embedded], 1)
        numbers = torch.arange(first, first + embedded.shape[1], device=embedded.device)
        embedded = embedded + self.pos_embed[numbers % self.tokens]
        if prediction is not None and self.kalman_proj is not None:
            moments = (prediction.mean, prediction.std.log(), prediction.innovation)
            embedded = embedded + self.kalman_proj(torch.cat(moments, -1))
        return embedded if first or prefix is None else torch.cat([prefix.to(embedded.dtype), embedded], 1)

    def gaussian(self, features: Tensor) -> ConditionalGaussian:
        """Features `[B, m, D]` -> distribution of the m standardized residuals, in float32."""
        parts = _at_least_float32(self.loc_scale_head(features)).chunk(2, -1)
        a, b = (MAX_HEAD_OUTPUT * (part / MAX_HEAD_OUTPUT).tanh() for part in parts)
        v = b[..., :0] if self.factor_head is None else _at_least_float32(self.factor_head(features))
        v = v * (1 + v.square().sum(-1, keepdim=True) / MAX_FACTOR_NORM**2).rsqrt()
        factors = v.unflatten(-1, (v.shape[-1] // b.shape[-1], b.shape[-1]))
        return ConditionalGaussian(b, F.softplus(a + INVERSE_SOFTPLUS_OF_1), factors)


class CachedPredictor:
    """Predicts tokens of an `Affine` from left to right for its inverse, with a key-value cache of the committed ones.

    Tokens are given as standardized residuals of the `KalmanFilter`: the filter is then exact for guesses many frames long, and
    the fixed-point iteration only has to solve for what the transformer adds.

    Args:
        affine: the map.
        positions: of all tokens, `[L, 3]`.
        batch: B.
        prefix: as for `Affine.conditional`.
    """

    def __init__(self, affine: Affine, positions: Tensor, batch: int, prefix: Tensor | None = None) -> None:
        self.affine, self._kalman, self._prefix = affine, affine.kalman, prefix
        self._positions, self._prefix_length = input_positions(positions, prefix), 0 if prefix is None else prefix.shape[1]
        self._cache, self._predicted, self._committed = KVCache(), KVCache(), 0
        self._before = self._partial = torch.empty(batch, 0, affine.in_proj.in_features, device=positions.device)
        self._state = None if affine.kalman is None else affine.kalman.initial_state(self._partial)
        self.nfe = 0

    def predict(self, residuals: Tensor) -> ConditionalGaussian:
        """As `TokenPredictor.predict`."""
        self.nfe += 1
        filtered, count = self._filter(self._partial, residuals), residuals.shape[1]
        prediction = None if filtered is None else filtered.prediction.last(count)
        before = torch.cat([self._before, residuals[:, :-1]], 1)
        embedded = self.affine.embed(before, self._committed, prediction, self._prefix)
        start = self._cache.length
        self._predicted = self._cache.truncated(start)
        features = self.affine.transformer(embedded, self._positions[start : start + embedded.shape[1]], self._predicted)
        return self.affine.gaussian(features[:, -count:])

    def commit(self, residuals: Tensor) -> Tensor:
        """As `TokenPredictor.commit`; without another pass."""
        count = residuals.shape[1]
        self._before, self._committed = residuals[:, -1:], self._committed + count
        self._cache = self._predicted.truncated(self._prefix_length + self._committed)
        if (filtered := self._filter(self._partial, residuals)) is None:
            return residuals
        self._state, self._partial = filtered.state, filtered.partial
        return filtered.tokens[:, -count:]

    def prefill(self, x: Tensor) -> ConditionalGaussian:
        """As `TokenPredictor.prefill`."""
        filtered = self._filter(torch.cat([self._partial, x], 1), x[:, :0])
        residuals = x if filtered is None else filtered.prediction.last(x.shape[1]).standardize(x)
        conditional = self.predict(residuals)
        self.commit(residuals)
        return conditional

    def _filter(self, x: Tensor, residuals: Tensor) -> FilterOutput | None:
        """Filter from the last whole frame on."""
        return None if self._kalman is None or self._state is None else self._kalman.filter(self._state, x, residuals)


def input_positions(positions: Tensor, prefix: Tensor | None) -> Tensor:
    """Positions of the transformer's input: a prefix `[B, P, D]` lies before frame 0, a token where its successor does."""
    if prefix is None:
        return positions
    before = torch.zeros(prefix.shape[1], 3, device=positions.device)
    before[:, 0] = -1
    before[:, 1] = torch.arange(len(before), device=positions.device)
    return torch.cat([before, positions])


def _at_least_float32(x: Tensor) -> Tensor:
    """Undo autocast: the inverse multiplies rounding errors."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
