"""An adaptive Kalman filter that predicts each token's channels from the same position in earlier frames."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MIN_ACTIVITY, MAX_ACTIVITY = 0.01, 4.0
"""Range of a position's activity, its process variance over the usual one. Without the upper limit, innovations of sampled
frames would feed back into the variance, and it would grow from frame to frame."""


@dataclass(frozen=True)
class Prediction:
    """One-step predictions of tokens from the frames before their own, each `[B, L, C]` float32.

    Attributes:
        mean, std: of the token with observation noise; mean 0 in the first frame.
        innovation: standardized residual of the frame before at the same position; 0 in the first frame.
    """

    mean: Tensor
    std: Tensor
    innovation: Tensor

    def standardize(self, x: Tensor) -> Tensor:
        """Residuals of tokens `[B, L, C]` in standard deviations."""
        return (x - self.mean) / self.std

    def last(self, count: int) -> Prediction:
        """The predictions of the last `count` tokens."""
        return Prediction(self.mean[:, -count:], self.std[:, -count:], self.innovation[:, -count:])


@dataclass(frozen=True)
class FilterState:
    """The state of a `KalmanFilter` before a frame.

    Attributes:
        frames: observed so far.
        mean, innovation: of the next frame, as in `Prediction`, `[B, tokens, C]`.
        activity: process variance as a share of the usual one, `[B, tokens, 1]`.
    """

    frames: int
    mean: Tensor
    innovation: Tensor
    activity: Tensor


@dataclass(frozen=True)
class FilterOutput:
    """All tokens `[B, L, C]` that a `KalmanFilter` has read, and their prediction.

    Attributes:
        state: after the last whole frame.
        partial: tokens of a last frame that is not whole, `[B, 0 to tokens - 1, C]`.
    """

    tokens: Tensor
    prediction: Prediction
    state: FilterState
    partial: Tensor


class KalmanFilter(nn.Module):
    """Tracks a random walk observed in noise, for every position and channel, and how fast each position moves.

    The local level model (Harvey 1989, section 2.3) with a process variance that follows the innovations (Mehra 1970): it
    averages many frames where nothing moves, and follows the last one where much does.

    Args:
        channels: C.
        rows, columns: of a frame.
        noise: standard deviation of the observation noise; the first frame's own is 1.
    """

    def __init__(self, channels: int, rows: int, columns: int, noise: float) -> None:
        super().__init__()
        self.rows, self.columns, self.noise = rows, columns, max(noise, 0.05)
        self.log_process_variance = nn.Parameter(torch.full((channels,), -3.0))
        self.adaptation_logit = nn.Parameter(torch.tensor(0.4).logit())

    def forward(self, x: Tensor) -> Prediction:
        """Predict tokens `[B, L, C]`, which start with the first of a frame."""
        return self.filter(self.initial_state(x), x, x[:, :0]).prediction

    def initial_state(self, like: Tensor) -> FilterState:
        """The state before the first frame, for tokens such as `like` `[B, L, C]`."""
        zeros = like.new_zeros(len(like), self.rows * self.columns, like.shape[2])
        return FilterState(0, zeros, zeros, torch.ones_like(zeros[..., :1]))

    def filter(self, state: FilterState, x: Tensor, standardized: Tensor) -> FilterOutput:
        """Filter known tokens, then tokens that are given by their standardized residuals.

        Args:
            state: before the first token.
            x: the known tokens, which start with the first of a frame, `[B, N, C]`.
            standardized: residuals of the tokens after them, `[B, M, C]`.
        """
        known, length, tokens = x.shape[1], x.shape[1] + standardized.shape[1], self.rows * self.columns
        frames, predictions, partial = [], [], x[:, :0]
        for first in range(0, length, tokens):
            prediction = self._predict(state)
            residuals = standardized[:, max(first - known, 0) : max(first + tokens - known, 0)]
            predictions.append(prediction)
            frame = x[:, first : first + tokens]
            if rest := residuals.shape[1]:
                here = slice(frame.shape[1], frame.shape[1] + rest)
                frame = torch.cat([frame, prediction.mean[:, here] + prediction.std[:, here] * residuals], 1)
            frames.append(frame)
            if frame.shape[1] == tokens:
                state = self._update(state, prediction, frame)
            else:
                partial = frame
        parts = ([getattr(one, name) for one in predictions] for name in ("mean", "std", "innovation"))
        prediction = Prediction(*(torch.cat(part, 1)[:, :length] for part in parts))
        return FilterOutput(torch.cat(frames, 1), prediction, state, partial)

    def _predict(self, state: FilterState) -> Prediction:
        variance = self.log_process_variance.exp() * state.activity + self.noise**2
        std = (variance if state.frames else torch.full_like(variance, 1 + self.noise**2)).sqrt()
        return Prediction(state.mean, std, state.innovation)

    def _update(self, state: FilterState, prediction: Prediction, frame: Tensor) -> FilterState:
        """Observe a whole frame."""
        usual, noise, activity = self.log_process_variance.exp(), self.noise**2, state.activity
        residual = frame - state.mean
        process = usual * activity
        mean = state.mean + (process / (process + noise)).clamp(min=1 / (state.frames + 1)) * residual
        if state.frames:
            observed = self._smooth((residual.square() - noise).mean(-1, keepdim=True) / usual.mean())
            activity = observed if state.frames == 1 else activity + self.adaptation_logit.sigmoid() * (observed - activity)
        return FilterState(state.frames + 1, mean, residual / prediction.std, activity)

    def _smooth(self, activity: Tensor) -> Tensor:
        """Average `[B, tokens, 1]` over 3 x 3 neighbouring positions, then clamp to the allowed range."""
        grid = activity.transpose(1, 2).unflatten(-1, (self.rows, self.columns))
        mean = F.avg_pool2d(grid, 3, 1, 1, count_include_pad=False)
        return mean.flatten(2).transpose(1, 2).clamp(MIN_ACTIVITY, MAX_ACTIVITY)

    @torch.no_grad()
    def set_change_variance(self, variance: Tensor) -> None:
        """Initialise the process variance: mean squared change of every channel between frames, without noise, `[C]`."""
        self.log_process_variance.copy_(variance.clamp(min=1e-6).log())
