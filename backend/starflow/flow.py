"""The global-local flow: shallow maps within each frame, one deep map over all frames (STARFlow-V, section 3.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from backend.starflow.affine import Affine, Reader
from backend.starflow.inversion import Effort, Jacobi, parallel, sequential
from backend.starflow.kalman import Level
from backend.starflow.transformer import positions


@dataclass(frozen=True)
class FlowConfig:
    """Architecture of a flow.

    Attributes:
        rows, columns, channels: of a frame's latents.
        deep_width, deep_layers: of the block over all frames.
        shallow_width, shallow_layers, shallow_blocks: of those within a frame; an odd number of blocks, so that with the deep
            one tokens are turned round an even number of times.
        deep_spread: directions in which the channels of a token may go together in that block; 0 keeps them apart.
        noise: standard deviation of the noise that the density is learned with, latents having 1.
        words: size of the vocabulary of captions; 0 has none.
        caption: words of a caption, filled up with 0.
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
    words: int = 0
    caption: int = 3
    deep_spread: int = 0
    dropout: float = 0.1


class Flow(nn.Module):
    """p(x) = prod_n p_D(u_n | u_<n) |det J_fS(x_n)|, with u_n = f_S(x_n): exact likelihood of video latents.

    Only the deep block sees the caption; only it connects frames, so that a frame that was badly drawn can be mended within
    itself.
    """

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.config = config
        self.shallow = nn.ModuleList(
            Affine(config.channels, config.shallow_width, config.shallow_layers, self.tokens, config.dropout)
            for _ in range(config.shallow_blocks)
        )
        level = Level(config.channels, config.rows, config.columns, config.noise)
        self.deep = Affine(
            config.channels,
            config.deep_width,
            config.deep_layers,
            self.tokens,
            config.dropout,
            level,
            config.deep_spread,
        )
        self.words = nn.Embedding(config.words + 1, config.deep_width) if config.words else None

    @property
    def tokens(self) -> int:
        """Tokens of a frame."""
        return self.config.rows * self.config.columns

    def prefix(self, caption: Tensor | None, batch: int) -> Tensor | None:
        """Caption `[B, P]` (word numbers; 0 says nothing, as None does) -> what the deep block reads first, `[B, P, D]`."""
        if self.words is None:
            return None
        said = torch.zeros(batch, self.config.caption, dtype=torch.long) if caption is None else caption
        return self.words(said.to(self.words.weight.device))

    def forward(self, x: Tensor, caption: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents `[B, T, H, W, C]` -> noise `[B, T * H * W, C]` and log |det| `[B]`, float32."""
        u, inner = self.inside(x)
        z, outer = self.deep(u, self._where(x.shape[1]).to(x.device), self.prefix(caption, len(x)))
        return z, inner + outer

    def inside(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """f_S: latents `[B, T, H, W, C]` -> tokens `[B, T * H * W, C]`, and log |det| `[B]`."""
        batch, frames = x.shape[:2]
        u, where = x.flatten(0, 1).flatten(1, 2), self._where(1).to(x.device)
        total = u.new_zeros(len(u))
        for index, block in enumerate(self.shallow):
            u, log_determinant = block(_turned(u, index), where)
            u, total = _turned(u, index), total + log_determinant
        return u.unflatten(0, (batch, frames)).flatten(1, 2), total.unflatten(0, (batch, frames)).sum(1)

    def outside(self, u: Tensor, settings: Jacobi | None) -> tuple[Tensor, list[Effort]]:
        """The inverse of `inside`, all frames at once: tokens `[B, T * H * W, C]` -> latents `[B, T, H, W, C]`.

        Args:
            u: the tokens.
            settings: how to solve, a frame being a block; None goes token by token.
        """
        config, efforts = self.config, []
        x, where = u.unflatten(1, (-1, self.tokens)).flatten(0, 1), self._where(1).to(u.device)
        for index in reversed(range(len(self.shallow))):
            reader, noise = Reader(self.shallow[index], where, len(x)), _turned(x, index)  # type: ignore[arg-type]
            whole = settings and replace(settings, block=self.tokens)
            found, effort = sequential(reader, noise) if whole is None else parallel(reader, noise, whole)
            x = _turned(found, index)
            efforts.append(effort)
        return x.unflatten(0, (len(u), -1)).unflatten(2, (config.rows, config.columns)), efforts

    def reader(self, frames: int, batch: int, caption: Tensor | None = None) -> Reader:
        """Begin to draw `frames` frames through the deep block, token after token."""
        return Reader(self.deep, self._where(frames).to(self.deep.start.device), batch, self.prefix(caption, batch))

    def expect(self, changes: Tensor) -> None:
        """Begin near the data: mean squared change of every latent channel from frame to frame, without noise, `[C]`."""
        if self.deep.level is not None:
            self.deep.level.expect(changes)

    def expected(self, x: Tensor) -> Tensor:
        """What the deep block's shift says of every token `[B, T * H * W, C]` from those before it: a regression's answer."""
        u, prefix = self.inside(x)[0], self.prefix(None, len(x))
        return self.deep.told(u, self._where(x.shape[1]).to(x.device), prefix).shift

    def log_prob(self, x: Tensor, caption: Tensor | None = None) -> Tensor:
        """Log density of latents `[B, T, H, W, C]`, `[B]`, in nats."""
        z, log_determinant = self(x, caption)
        return log_determinant - 0.5 * (z.square() + math.log(2 * math.pi)).sum((1, 2))

    def score(self, x: Tensor, caption: Tensor | None = None) -> Tensor:
        """Gradient of the log density at latents `[B, T, H, W, C]`: which way they become likelier; detached."""
        with torch.enable_grad():
            at = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.log_prob(at, caption).sum(), at)
        return gradient

    def _where(self, frames: int) -> Tensor:
        return positions(frames, self.config.rows, self.config.columns)


def _turned(tokens: Tensor, index: int) -> Tensor:
    """Even blocks read a frame from its end: what one block could not see, the next can."""
    return tokens.flip(1) if index % 2 == 0 else tokens
