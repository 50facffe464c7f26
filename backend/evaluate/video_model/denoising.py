"""What removing the noise is worth: clips with noise added, and clips that the flow drew, each cleaned in three ways."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from backend.core.progress import Progress
from backend.evaluate.animation.image_metrics import flicker, psnr, ssim
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric
from backend.evaluate.video_model.named import named
from backend.evaluate.video_model.windows import Window, source
from backend.starflow.model import StarFlow
from backend.starflow.sampler import sample_latents
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings

PREFIX = "cleanup_"
WAYS = ("no_noise_removal", "score_step", "flow_score_matching")
TRUTH = "cleanup_truth"


def cleanup(
    model: StarFlow,
    windows: Sequence[Window],
    context: int,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Comparison]]:
    """Compare ways to take the noise out of latents before they are decoded.

    `no_noise_removal` leaves it to the decoder, `score_step` is x + sigma^2 grad log p(x) by the flow's own gradient,
    `flow_score_matching` the denoiser that has learned it; `reconstruction_bound` never had the noise.

    Args:
        model: the model; where it lies, it runs.
        windows: their true frames, with noise; and 16 frames drawn behind the first `context` of them.
        context: known frames.
        seed: of the noise.
        progress: told of windows done.

    Returns:
        By `cleanup_NAME`: `psnr` (dB), `ssim` and `flicker` against the true frames, and `drawn_flicker`, the mean absolute
        second difference in time of the drawn clip alone; by `cleanup_truth` that of the true frames in its place. And tests of
        the denoiser against the others.
    """
    frames, clips = Table(seed), Table(seed)
    for number, window in enumerate(windows):
        truth = window.pixels
        ways = _cleaned(model, truth, seed, number)
        scores = {name: {"psnr": psnr(made, truth), "ssim": ssim(made, truth)} for name, made in ways.items()}
        frames.add(window.person, scores)
        shaking: dict[str, dict[str, list[float]]] = {name: {"flicker": [flicker(made, truth)]} for name, made in ways.items()}
        for name, made in _drawn(model, truth[:context], seed, number).items():
            shaking[name]["drawn_flicker"] = [restlessness(made)]
        shaking["truth"] = {"drawn_flicker": [restlessness(truth[context : context + CHUNK_FRAMES])]}
        clips.add(window.person, shaking)
        progress(number + 1, len(windows))
    results: dict[str, dict[str, Metric]] = {}
    for name in ("reconstruction_bound", *WAYS):
        results[PREFIX + name] = {metric: frames.mean(name, metric) for metric in ("psnr", "ssim")}
        results[PREFIX + name]["flicker"] = clips.mean(name, "flicker")
        if name in WAYS:
            results[PREFIX + name]["drawn_flicker"] = clips.mean(name, "drawn_flicker")
    results[TRUTH] = {"drawn_flicker": clips.mean("truth", "drawn_flicker")}
    tests = [
        (clips if "flicker" in metric else frames).compare(metric, "flow_score_matching", other)
        for metric in ("psnr", "ssim", "flicker", "drawn_flicker")
        for other in WAYS[:2]
    ]
    return results, named(PREFIX, tests)


def cleaned(model: StarFlow, noisy: Tensor) -> dict[str, Tensor]:
    """Noisy latents `[1, T, H, W, C]` -> latents by the way they were cleaned."""
    sigma = model.flow.config.noise
    with torch.no_grad():
        matched = noisy + sigma * model.denoiser(noisy)
    return {
        "no_noise_removal": noisy,
        "score_step": noisy + sigma**2 * model.flow.score(noisy),
        "flow_score_matching": matched,
    }


def restlessness(frames: Tensor) -> float:
    """Mean absolute second difference in time of frames `[T, 3, S, S]`: their flicker against a picture that stands still."""
    return flicker(frames, torch.zeros_like(frames))


@torch.no_grad()
def _cleaned(model: StarFlow, truth: Tensor, seed: int, number: int) -> dict[str, Tensor]:
    """True frames `[T, 3, S, S]` through noisy latents and back, by the way these were cleaned."""
    device = next(model.parameters()).device
    latents = model.autoencoder.encode(truth.to(device))[None]
    noisy = latents + model.flow.config.noise * torch.randn(latents.shape, generator=source(seed, number)).to(device)
    ways = {"reconstruction_bound": latents} | cleaned(model, noisy)
    return {name: model.autoencoder.decode(x)[0].cpu() for name, x in ways.items()}


@torch.no_grad()
def _drawn(model: StarFlow, known: Tensor, seed: int, number: int) -> dict[str, Tensor]:
    """One clip drawn behind known frames `[T, 3, S, S]`, by the way its latents were cleaned: `[16, 3, S, S]`."""
    device = next(model.parameters()).device
    latents = model.autoencoder.encode(known.to(device))[None]
    made = sample_latents(
        model.flow, None, latents, CHUNK_FRAMES, source(seed, number), temperature=SamplingSettings().temperature
    )
    # The same noise on the known frames as `sample_latents` has put there: what it drew goes with that.
    noise = torch.randn(latents.shape, generator=source(seed, number)).to(device)
    noisy = torch.cat([latents + model.flow.config.noise * noise, made.noisy.clone()], 1)
    return {name: model.autoencoder.decode(x[:, len(known) :])[0].cpu() for name, x in cleaned(model, noisy).items()}
