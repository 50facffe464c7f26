"""The global-local flow: shallow maps within each frame, one deep map over all frames (STARFlow-V, section 3.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from backend.starflow.affine import Affine, CachedPredictor
from backend.starflow.inversion import JacobiSettings, SolverStats, invert_jacobi, invert_sequential
from backend.starflow.kalman import KalmanFilter
from backend.starflow.transformer import token_positions


@dataclass(frozen=True)
class LatentFlowConfig:
    """Architecture of a flow.

    Attributes:
        rows, columns, channels: of a frame's latents.
        deep_width, deep_layers: of the block over all frames.
        shallow_width, shallow_layers, shallow_blocks: of those within a frame; the number of blocks is odd.
        deep_rank: rank of a token's covariance factors in the deep block; 0 for independent channels.
        noise: standard deviation of the noise added to latents (whose own is 1) in training.
        vocabulary: size of the vocabulary of captions; 0 for a flow without captions.
        caption: words of a caption, padded with 0.
        dropout: in training.
    """

    rows: int = 4
    columns: int = 4
    channels: int = 64
    deep_width: int = 256
    deep_layers: int = 6
    shallow_width: int = 128
    shallow_layers: int = 2
    shallow_blocks: int = 3
    noise: float = 0.1
    vocabulary: int = 0
    caption: int = 3
    deep_rank: int = 0
    dropout: float = 0.1


class LatentFlow(nn.Module):
    """p(x) = prod_n p_D(u_n | u_<n) |det J_fS(x_n)|, with u_n = f_S(x_n): exact likelihood of video latents.

    Only the deep block connects frames and depends on the caption.
    """

    def __init__(self, config: LatentFlowConfig) -> None:
        super().__init__()
        self.config = config
        self.shallow = nn.ModuleList(
            Affine(config.channels, config.shallow_width, config.shallow_layers, self.tokens_per_frame, config.dropout)
            for _ in range(config.shallow_blocks)
        )
        self.deep = Affine(
            config.channels,
            config.deep_width,
            config.deep_layers,
            self.tokens_per_frame,
            config.dropout,
            KalmanFilter(config.channels, config.rows, config.columns, config.noise),
            config.deep_rank,
        )
        self.caption_embed = nn.Embedding(config.vocabulary + 1, config.deep_width) if config.vocabulary else None

    @property
    def tokens_per_frame(self) -> int:
        """H * W."""
        return self.config.rows * self.config.columns

    def embed_caption(self, caption: Tensor | None, batch: int) -> Tensor | None:
        """Caption `[B, P]` (word numbers; all 0, or None, for no caption) -> the deep block's prefix `[B, P, D]`."""
        if self.caption_embed is None:
            return None
        numbers = torch.zeros(batch, self.config.caption, dtype=torch.long) if caption is None else caption
        return self.caption_embed(numbers.to(self.caption_embed.weight.device))

    def forward(self, x: Tensor, caption: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents `[B, T, H, W, C]` -> noise `[B, T * H * W, C]` and log |det| `[B]`, float32."""
        u, inner = self.shallow_forward(x)
        z, outer = self.deep(u, self._positions(x.shape[1]).to(x.device), self.embed_caption(caption, len(x)))
        return z, inner + outer

    def shallow_forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """f_S: latents `[B, T, H, W, C]` -> tokens `[B, T * H * W, C]`, and log |det| `[B]`."""
        batch, frames = x.shape[:2]
        u, positions = x.flatten(0, 1).flatten(1, 2), self._positions(1).to(x.device)
        total = u.new_zeros(len(u))
        for index, block in enumerate(self.shallow):
            u, log_det = block(_flip_if_even(u, index), positions)
            u, total = _flip_if_even(u, index), total + log_det
        return u.unflatten(0, (batch, frames)).flatten(1, 2), total.unflatten(0, (batch, frames)).sum(1)

    def shallow_inverse(self, u: Tensor, settings: JacobiSettings | None) -> tuple[Tensor, list[SolverStats]]:
        """Invert `shallow_forward`, all frames at once, in blocks of one frame; without settings token by token."""
        config, stats = self.config, []
        x, positions = u.unflatten(1, (-1, self.tokens_per_frame)).flatten(0, 1), self._positions(1).to(u.device)
        for index in reversed(range(len(self.shallow))):
            block: Affine = self.shallow[index]  # type: ignore[assignment]
            predictor, noise = CachedPredictor(block, positions, len(x)), _flip_if_even(x, index)
            whole = settings and replace(settings, block=self.tokens_per_frame)
            found, cost = invert_sequential(predictor, noise) if whole is None else invert_jacobi(predictor, noise, whole)
            x = _flip_if_even(found, index)
            stats.append(cost)
        return x.unflatten(0, (len(u), -1)).unflatten(2, (config.rows, config.columns)), stats

    def predictor(self, frames: int, batch: int, caption: Tensor | None = None) -> CachedPredictor:
        """A predictor for the inverse of the deep block, before the first frame.

        Args:
            frames: how many it can predict.
            batch: B.
            caption: word numbers `[B, P]`.
        """
        positions = self._positions(frames).to(self.deep.start_token.device)
        return CachedPredictor(self.deep, positions, batch, self.embed_caption(caption, batch))

    def set_change_variance(self, variance: Tensor) -> None:
        """Initialise the Kalman filter: mean squared change of every channel between frames, without noise, `[C]`."""
        if self.deep.kalman is not None:
            self.deep.kalman.set_change_variance(variance)

    def predict_mean(self, x: Tensor) -> Tensor:
        """The deep block's mean of every token `[B, T * H * W, C]` of latents given those before it."""
        u, prefix = self.shallow_forward(x)[0], self.embed_caption(None, len(x))
        return self.deep.conditional(u, self._positions(x.shape[1]).to(x.device), prefix).loc

    def log_prob(self, x: Tensor, caption: Tensor | None = None) -> Tensor:
        """Log density of latents `[B, T, H, W, C]`, `[B]`, in nats."""
        z, log_det = self(x, caption)
        return log_det - 0.5 * (z.square() + math.log(2 * math.pi)).sum((1, 2))

    def score(self, x: Tensor, caption: Tensor | None = None) -> Tensor:
        """Gradient of the log density at latents `[B, T, H, W, C]`, detached."""
        with torch.enable_grad():
            at = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.log_prob(at, caption).sum(), at)
        return gradient

    def _positions(self, frames: int) -> Tensor:
        return token_positions(frames, self.config.rows, self.config.columns)


def _flip_if_even(tokens: Tensor, index: int) -> Tensor:
    """Even blocks go through a frame from its end, so that every token is conditioned on both sides."""
    return tokens.flip(1) if index % 2 == 0 else tokens
