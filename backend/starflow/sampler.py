"""Samples video latents that continue known frames."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.progress import ShareProgress
from backend.starflow.denoiser import Denoiser
from backend.starflow.flow import LatentFlow
from backend.starflow.guidance import ClassifierFreeGuidance
from backend.starflow.inversion import JacobiSettings, SolverStats, TokenPredictor, invert_jacobi


@dataclass(frozen=True)
class SampledLatents:
    """Sampled frames.

    Attributes:
        latents, noisy: `[B, T, H, W, C]`, denoised and as sampled by the flow.
        last_known: the last known frame with noise added and removed likewise, `[B, H, W, C]`; None where none was known.
        stats: of the deep block, then of each shallow one.
    """

    latents: Tensor
    last_known: Tensor | None
    noisy: Tensor
    stats: list[SolverStats]


@torch.inference_mode()
def sample_latents(
    flow: LatentFlow,
    denoiser: Denoiser | None,
    known: Tensor,
    frames: int,
    generator: torch.Generator,
    *,
    caption: Tensor | None = None,
    guidance: float = 0.0,
    temperature: float | Tensor = 1.0,
    jacobi: JacobiSettings | None = None,
    progress: ShareProgress | None = None,
    z: Tensor | None = None,
) -> SampledLatents:
    """Sample frames that continue known ones.

    Args:
        flow: the model.
        denoiser: removes the noise from the samples; None leaves it in.
        known: latents `[B, T, H, W, C]`; T may be 0.
        frames: how many to sample.
        generator: the source of all noise.
        caption: word numbers `[B, P]`.
        guidance: weight of classifier-free guidance; 0 for none.
        temperature: scale of the noise, for all or `[B]`.
        jacobi: settings of the solver.
        progress: called with the share of tokens that is sampled.
        z: noise `[B, frames * H * W, C]` to use instead of fresh noise.
    """
    batch, seen = known.shape[:2]
    settings, device = jacobi or JacobiSettings(), known.device
    noisy = known + flow.config.noise * torch.randn(known.shape, generator=generator).to(device)
    predictor: TokenPredictor = flow.predictor(seen + frames, batch, caption)
    if guidance and caption is not None:
        predictor = ClassifierFreeGuidance(predictor, flow.predictor(seen + frames, batch), guidance)
    last = predictor.prefill(flow.shallow_forward(noisy)[0])[-flow.tokens_per_frame :] if seen else None
    if z is None:
        z = torch.randn(batch, frames * flow.tokens_per_frame, flow.config.channels, generator=generator).to(device)
        z = z * torch.as_tensor(temperature, device=device).reshape(-1, 1, 1)
    u, deep = invert_jacobi(predictor, z, settings, last, progress)
    x, shallow = flow.shallow_inverse(u, settings)
    whole = torch.cat([noisy, x], 1)
    denoised = whole if denoiser is None else whole + flow.config.noise * denoiser(whole)
    return SampledLatents(denoised[:, seen:], denoised[:, seen - 1] if seen else None, x, [deep, *shallow])
