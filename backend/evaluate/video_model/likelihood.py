"""How likely real clips are: bits per latent number under the flow, and under Gaussians around the last frame.

Shape suffixes: W windows, T frames, N numbers of a frame, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from backend.core.progress import Progress
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric
from backend.evaluate.video_model.named import named
from backend.evaluate.video_model.windows import Window, source
from backend.keypoints.captions import caption
from backend.starflow.flow import LatentFlow
from backend.starflow.kalman import KalmanFilter
from backend.starflow.model import StarFlow
from backend.starflow.transformer import token_positions

PREFIX = "likelihood_"


@torch.no_grad()
def likelihood(
    model: StarFlow, windows: Sequence[Window], seed: int = 0, progress: Progress = lambda done, total: None
) -> tuple[dict[str, dict[str, Metric]], list[Comparison]]:
    """Score every frame of every window but its first, given those before it, all on the same noisy latents.

    `flow` sees no caption; `flow_with_caption` the one that the window's own landmarks give (so it is told what will happen).
    `level` is what the flow's deep block starts from, without any network: N(level of the place, its deviation).
    `last_frame_gaussian` is N(last frame, a variance for each channel). Numbers of both are fitted to the very windows that are
    scored, which favours them. `standard_gaussian` knows nothing.

    Args:
        model: the model; where it lies, it runs.
        windows: what is scored; all of the same length.
        seed: of the noise.
        progress: told of windows done.

    Returns:
        `bits` (per latent number; `per_step` is frame by frame) by `likelihood_NAME`, and tests of the flow against the rest.
    """
    device, sigma = next(model.parameters()).device, model.flow.config.noise
    noisy, clean, table = list[Tensor](), list[Tensor](), Table(seed)
    told: dict[str, list[Tensor]] = {"flow": [], "flow_with_caption": []}
    for number, window in enumerate(windows):
        progress(number, len(windows))
        latents = model.autoencoder.encode(window.pixels.to(device))[None]
        x = latents + sigma * torch.randn(latents.shape, generator=source(seed, number)).to(device)
        told["flow"].append(frame_bits(model.flow, x)[:, 1:].cpu())
        if model.flow.words is not None:
            said = torch.from_numpy(caption(window.landmarks))[None, : model.flow.config.caption]
            told["flow_with_caption"].append(frame_bits(model.flow, x, said)[:, 1:].cpu())
        noisy.append(x.cpu())
        clean.append(latents.cpu())
    progress(len(windows), len(windows))
    bits = {name: torch.cat(rows) for name, rows in told.items() if rows} | gaussians(torch.cat(noisy), torch.cat(clean), sigma)
    for row, window in enumerate(windows):
        table.add(window.person, {name: {"bits": values[row : row + 1]} for name, values in bits.items()})
    results = {PREFIX + name: {"bits": table.mean(name, "bits")} for name in bits}
    tests = [table.compare("bits", "flow", name) for name in bits if name != "flow"]
    return results, named(PREFIX, tests)


def frame_bits(flow: LatentFlow, x: Tensor, caption: Tensor | None = None) -> Tensor:
    """Bits per number of every frame of latents `[B, T, H, W, C]` given those before it: `[B, T]`."""
    batch, frames = x.shape[:2]
    u = flow.shallow_forward(x)[0]
    inner = flow.shallow_forward(x.flatten(0, 1)[:, None])[1].unflatten(0, (batch, frames))
    where = token_positions(frames, flow.config.rows, flow.config.columns).to(x.device)
    told = flow.deep.conditional(u, where, flow.embed_caption(caption, batch))
    nats = 0.5 * (told.forward(u).square() + math.log(2 * math.pi)).sum(2) - told.log_det
    return (nats.unflatten(1, (frames, -1)).sum(2) - inner) / (x[0, 0].numel() * math.log(2))


def gaussians(x: Tensor, clean: Tensor, sigma: float) -> dict[str, Tensor]:
    """Bits per number of frames after the first of noisy latents `[W, T, H, W, C]` under Gaussians: `[W, T - 1]` each.

    Args:
        x: noisy latents.
        clean: the same without noise.
        sigma: standard deviation of the noise.
    """
    before, after = x[:, :-1], x[:, 1:]
    axes = tuple(range(x.dim() - 1))
    last = gaussian_bits(after - before, (after - before).square().mean(axes))
    nothing = gaussian_bits(after, torch.full_like(x[0, 0, 0, 0], 1 + sigma**2))
    return {"level": level_bits(x, clean, sigma), "last_frame_gaussian": last, "standard_gaussian": nothing}


def level_bits(x: Tensor, clean: Tensor, sigma: float) -> Tensor:
    """Bits per number of frames after the first under the flow's `KalmanFilter` alone, without any network: `[W, T - 1]`."""
    windows, frames, rows, columns, channels = x.shape
    level = KalmanFilter(channels, rows, columns, sigma).requires_grad_(False)
    level.set_change_variance(clean.diff(dim=1).square().mean((0, 1, 2, 3)))
    told = level(x.flatten(1, 3))
    errors = (x.flatten(1, 3) - told.mean).unflatten(1, (frames, -1))
    return gaussian_bits(errors, told.std.square().unflatten(1, (frames, -1)))[:, 1:]


def gaussian_bits(error: Tensor, variance: Tensor) -> Tensor:
    """Bits per number of errors `[W, T, ..., C]` with their variances (of the same shape, or `[C]`): `[W, T]`."""
    variance = variance.clamp(min=1e-12)
    nats = 0.5 * (error.square() / variance + (2 * math.pi * variance).log())
    return nats.flatten(2).mean(2) / math.log(2)
