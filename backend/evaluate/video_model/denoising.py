"""Compare ways to remove the noise of latents, on clips with added noise and on sampled clips."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.evaluate.common.image_metrics import flicker, psnr, ssim
from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.report import Comparison
from backend.evaluate.video_model.windows import WindowSet, encode_noisy, window_noise
from backend.starflow.model import StarFlow
from backend.starflow.sampler import sample_latents
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

PREFIX = "cleanup_"
METHODS = ("no_noise_removal", "score_step", "flow_score_matching")


def cleanup(video: VideoFlow, windows: WindowSet) -> tuple[Figures, list[Comparison]]:
    """Compare ways to remove the noise of latents, added to windows or of samples after their first frames.

    `no_noise_removal` leaves it to the decoder, `score_step` is x + sigma^2 grad log p(x) by the flow's own gradient,
    `flow_score_matching` the denoiser trained to predict that step; `reconstruction_bound` never had noise.

    Returns:
        By `cleanup_NAME`: `psnr` (dB), `ssim` and `flicker` against the true frames, and `drawn_flicker`, the mean absolute
        second difference in time of the sampled clip itself; by `cleanup_truth` that of the true frames. And tests of the
        denoiser against the others.
    """
    model, context, frames, clips = video.model, video.context, ScoreTable(windows.seed), ScoreTable(windows.seed)
    for number, window in windows:
        truth = window.pixels
        ways = _clean_frames(model, truth, window_noise(windows.seed, number))
        frames.add(window.person, {name: {"psnr": psnr(made, truth), "ssim": ssim(made, truth)} for name, made in ways.items()})
        scores: dict[str, dict[str, list[float]]] = {name: {"flicker": [flicker(made, truth)]} for name, made in ways.items()}
        for name, made in _clean_samples(model, truth[:context], windows.seed, number).items():
            scores[name]["drawn_flicker"] = [self_flicker(made)]
        scores["truth"] = {"drawn_flicker": [self_flicker(truth[context : context + CHUNK_FRAMES])]}
        clips.add(window.person, scores)
    results: Figures = {}
    for name in ("reconstruction_bound", *METHODS):
        results[PREFIX + name] = {metric: frames.mean(name, metric) for metric in ("psnr", "ssim")}
        results[PREFIX + name]["flicker"] = clips.mean(name, "flicker")
        if name in METHODS:
            results[PREFIX + name]["drawn_flicker"] = clips.mean(name, "drawn_flicker")
    results[f"{PREFIX}truth"] = {"drawn_flicker": clips.mean("truth", "drawn_flicker")}
    tables = {"psnr": frames, "ssim": frames, "flicker": clips, "drawn_flicker": clips}
    *others, ours = METHODS
    return results, prefixed(PREFIX, (tables[metric].compare(metric, ours, other) for metric in tables for other in others))


def cleaned(model: StarFlow, noisy: Tensor) -> dict[str, Tensor]:
    """Clean noisy latents `[1, T, H, W, C]` by each of `METHODS`."""
    sigma = model.flow.config.noise
    with torch.no_grad():
        matched = noisy + sigma * model.denoiser(noisy)
    stepped = noisy + sigma**2 * model.flow.score(noisy)
    return dict(zip(METHODS, (noisy, stepped, matched), strict=True))


def self_flicker(frames: Tensor) -> float:
    """Return the mean absolute second difference in time of frames `[T, 3, S, S]`: their flicker against a still picture."""
    return flicker(frames, torch.zeros_like(frames))


@torch.no_grad()
def _clean_frames(model: StarFlow, truth: Tensor, noise: torch.Generator) -> dict[str, Tensor]:
    """Add noise to the latents of frames `[T, 3, S, S]`, and decode them cleaned in each way."""
    latents, noisy = encode_noisy(model, truth, noise)
    ways = {"reconstruction_bound": latents} | cleaned(model, noisy)
    return {name: model.autoencoder.decode(x)[0].cpu() for name, x in ways.items()}


@torch.no_grad()
def _clean_samples(model: StarFlow, known: Tensor, seed: int, number: int) -> dict[str, Tensor]:
    """Sample one clip after known frames `[T, 3, S, S]`, and decode it cleaned in each way: `[16, 3, S, S]`."""
    # Known frames get the noise that `sample_latents` gives them, as the sampled ones depend on it.
    latents, noisy = encode_noisy(model, known, window_noise(seed, number))
    noise, temperature = window_noise(seed, number), SamplingSettings().temperature
    made = sample_latents(model.flow, None, latents, CHUNK_FRAMES, noise, temperature=temperature)
    noisy = torch.cat([noisy, made.noisy.clone()], 1)
    return {name: model.autoencoder.decode(x[:, len(known) :])[0].cpu() for name, x in cleaned(model, noisy).items()}
