"""Draws video: frames that are known, then frames that may follow."""

from __future__ import annotations

from collections.abc import Callable
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
        last: the last known frame as the flow saw it, in noise, cleaned likewise: `[B, H, W, C]`; None where none was known.
        noisy: the same shape.
        efforts: of the deep block, then of each shallow one.
    """

    latents: Tensor
    last: Tensor | None
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
    temperature: float | Tensor = 1.0,
    jacobi: Jacobi | None = None,
    progress: Callable[[float], None] | None = None,
    z: Tensor | None = None,
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
        temperature: scale of the noise, for all or `[B]`.
        jacobi: how to solve.
        progress: called with the share of tokens that is drawn.
        z: noise `[B, frames * H * W, C]` to draw from instead of fresh noise.
    """
    batch, seen = known.shape[:2]
    settings, device = jacobi or Jacobi(), known.device
    noisy = known + flow.config.noise * torch.randn(known.shape, generator=generator).to(device)
    solver: Solver = flow.reader(seen + frames, batch, caption)
    if guidance and caption is not None:
        solver = Guided(solver, flow.reader(seen + frames, batch), guidance)
    last = None
    if seen:
        last = solver.take(flow.inside(noisy)[0])[-flow.tokens :]
    if z is None:
        z = torch.randn(batch, frames * flow.tokens, flow.config.channels, generator=generator).to(device)
        z = z * torch.as_tensor(temperature, device=device).reshape(-1, 1, 1)
    u, effort = parallel(solver, z, settings, last, progress)
    x, efforts = flow.outside(u, settings)
    whole = torch.cat([noisy, x], 1)
    cleaned = whole if denoiser is None else whole + flow.config.noise * denoiser(whole)
    return Drawn(cleaned[:, seen:], cleaned[:, seen - 1] if seen else None, x, [effort, *efforts])
