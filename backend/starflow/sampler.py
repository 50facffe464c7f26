"""Draws video: frames that are known, then frames that may follow."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.starflow.denoiser import Denoiser
from backend.starflow.flow import Flow
from backend.starflow.guidance import Guided
from backend.starflow.inversion import Effort, Jacobi, Solver, parallel


@dataclass(frozen=True)
class Drawn:
    """Frames drawn: cleaned latents, the same as the flow drew them, and what it cost.

    Attributes:
        latents: `[B, T, H, W, C]`.
        noisy: the same shape.
        efforts: of the deep block, then of each shallow one.
    """

    latents: Tensor
    noisy: Tensor
    efforts: list[Effort]


@torch.inference_mode()
def draw(
    flow: Flow,
    denoiser: Denoiser | None,
    known: Tensor,
    frames: int,
    generator: torch.Generator,
    *,
    caption: Tensor | None = None,
    guidance: float = 0.0,
    temperature: float = 1.0,
    jacobi: Jacobi | None = None,
) -> Drawn:
    """Draw frames that may follow known ones.

    Args:
        flow: the model.
        denoiser: cleans what is drawn; None leaves the noise in.
        known: latents `[B, T, H, W, C]` seen so far; T may be 0 where there is a caption.
        frames: how many to draw.
        generator: the source of all noise.
        caption: word numbers `[B, P]`.
        guidance: weight w of the caption beyond its own.
        temperature: scale of the noise.
        jacobi: how to solve; a frame at a time by default.
    """
    batch, seen = known.shape[:2]
    settings = jacobi or Jacobi(flow.tokens)
    noisy = known + flow.config.noise * torch.randn(known.shape, generator=generator)
    solver: Solver = flow.reader(seen + frames, batch, caption)
    if guidance and caption is not None:
        solver = Guided(solver, flow.reader(seen + frames, batch, torch.zeros_like(caption)), guidance)
    last = None
    if seen:
        u, _ = flow.inside(noisy)
        solver.guess(u, settle=True)
        last = u[:, -settings.block :]
    z = temperature * torch.randn(batch, frames * flow.tokens, flow.config.channels, generator=generator)
    u, effort = parallel(solver, z, settings, last)
    x, efforts = flow.outside(u, Jacobi(flow.tokens, settings.tolerance))
    return Drawn(_cleaned(flow, denoiser, noisy, x), x, [effort, *efforts])


def _cleaned(flow: Flow, denoiser: Denoiser | None, before: Tensor, x: Tensor) -> Tensor:
    if denoiser is None:
        return x
    whole = torch.cat([before, x], 1)
    return x + flow.config.noise * denoiser(whole)[:, before.shape[1] :]
