"""Measure the likelihood of real clips in bits per latent number, under the flow and under Gaussian baselines.

Shape suffixes: W windows, T frames, N numbers of a frame, C channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.report import Comparison
from backend.evaluate.video_model.windows import WindowSet, encode_noisy, window_noise
from backend.keypoints.captions import caption
from backend.starflow.flow import LatentFlow
from backend.starflow.kalman import KalmanFilter
from backend.starflow.transformer import token_positions
from backend.starflow.video import VideoFlow

PREFIX = "likelihood_"


@torch.no_grad()
def likelihood(video: VideoFlow, windows: WindowSet) -> tuple[Figures, list[Comparison]]:
    """Score every frame of every window but its first, given those before it, on the same noisy latents.

    All windows have the same length. `flow` sees no caption; `flow_with_caption` sees the one of the window's own landmarks,
    which describes its future. `level` is the deep block's Kalman filter without any network. `last_frame_gaussian` is N(last
    frame, a variance for each channel). Both have parameters fitted to the scored windows, which favours them.
    `standard_gaussian` has none.

    Returns:
        `bits` (per latent number; `per_step` is frame by frame) by `likelihood_NAME`, and tests of the flow against the rest.
    """
    flow, table, noisy, clean = video.model.flow, ScoreTable(windows.seed), list[Tensor](), list[Tensor]()
    rows: dict[str, list[Tensor]] = {"flow": [], "flow_with_caption": []}
    for number, window in windows:
        latents, x = encode_noisy(video.model, window.pixels, window_noise(windows.seed, number))
        rows["flow"].append(frame_bits(flow, x)[:, 1:].cpu())
        if flow.caption_embed is not None:
            own = torch.from_numpy(caption(window.landmarks))[None, : flow.config.caption]
            rows["flow_with_caption"].append(frame_bits(flow, x, own)[:, 1:].cpu())
        noisy.append(x.cpu())
        clean.append(latents.cpu())
    bits = {name: torch.cat(found) for name, found in rows.items() if found}
    bits |= gaussians(torch.cat(noisy), torch.cat(clean), flow.config.noise)
    for row, window in enumerate(windows.windows):
        table.add(window.person, {name: {"bits": values[row : row + 1]} for name, values in bits.items()})
    results = {PREFIX + name: {"bits": table.mean(name, "bits")} for name in bits}
    return results, prefixed(PREFIX, (table.compare("bits", "flow", name) for name in bits if name != "flow"))


def frame_bits(flow: LatentFlow, x: Tensor, caption: Tensor | None = None) -> Tensor:
    """Return bits per number of every frame given those before it: `[B, T]`.

    Args:
        flow: the flow.
        x: latents `[B, T, H, W, C]`.
        caption: numbers of its words `[B, W]`, if any.
    """
    batch, frames = x.shape[:2]
    u = flow.shallow_forward(x)[0]
    inner = flow.shallow_forward(x.flatten(0, 1)[:, None])[1].unflatten(0, (batch, frames))
    where = token_positions(frames, flow.config.rows, flow.config.columns).to(x.device)
    predicted = flow.deep.conditional(u, where, flow.embed_caption(caption, batch))
    nats = 0.5 * (predicted.forward(u).square() + math.log(2 * math.pi)).sum(2) - predicted.log_det
    return (nats.unflatten(1, (frames, -1)).sum(2) - inner) / (x[0, 0].numel() * math.log(2))


def gaussians(x: Tensor, clean: Tensor, sigma: float) -> dict[str, Tensor]:
    """Return bits per number of frames after the first under Gaussian baselines: `[W, T - 1]` each.

    Args:
        x: noisy latents `[W, T, H, W, C]`.
        clean: the same without noise.
        sigma: standard deviation of the noise.
    """
    before, after = x[:, :-1], x[:, 1:]
    axes = tuple(range(x.dim() - 1))
    last = _gaussian_bits(after - before, (after - before).square().mean(axes))
    standard = _gaussian_bits(after, torch.full_like(x[0, 0, 0, 0], 1 + sigma**2))
    return {"level": _kalman_bits(x, clean, sigma), "last_frame_gaussian": last, "standard_gaussian": standard}


def _kalman_bits(x: Tensor, clean: Tensor, sigma: float) -> Tensor:
    """Return bits as `gaussians` does, under the flow's Kalman filter without any network."""
    _, frames, rows, columns, channels = x.shape
    kalman = KalmanFilter(channels, rows, columns, sigma).requires_grad_(False)
    kalman.set_change_variance(clean.diff(dim=1).square().mean((0, 1, 2, 3)))
    predicted = kalman(x.flatten(1, 3))
    errors = (x.flatten(1, 3) - predicted.mean).unflatten(1, (frames, -1))
    return _gaussian_bits(errors, predicted.std.square().unflatten(1, (frames, -1)))[:, 1:]


def _gaussian_bits(error: Tensor, variance: Tensor) -> Tensor:
    """Return bits per number of errors `[W, T, ..., C]` with their variances (of the same shape, or `[C]`): `[W, T]`."""
    variance = variance.clamp(min=1e-12)
    nats = 0.5 * (error.square() / variance + (2 * math.pi * variance).log())
    return nats.flatten(2).mean(2) / math.log(2)
