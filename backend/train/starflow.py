"""Train the video model in stages: the autoencoder, the flow on its latents, the denoiser on the flow's score."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backend.core.device import check_device
from backend.core.errors import InputError
from backend.core.process import configure_process
from backend.starflow.model import StarFlow
from backend.starflow.sampler import sample_latents
from backend.train.data.pack import Pack
from backend.train.data.video_clips import LatentCache, VideoClips
from backend.train.picture_losses import reconstruction_loss
from backend.train.run import RunState, Task, TrainingProgress, seeded, train
from backend.train.settings import StarFlowTraining

LATENT_NOISE = 0.3
"""Largest noise that the decoder is trained with, in standard deviations of every latent channel."""


class StarFlowTask(Task[StarFlow, tuple[Tensor, Tensor]]):
    """One part of a video model learns, on frames or on the latents of windows."""

    score = "loss"
    settings: StarFlowTraining

    def __init__(self, pack: Pack, settings: StarFlowTraining, start_from: Path | None, out: Path) -> None:
        super().__init__(settings, out)
        self.stage = settings.stage
        self.model = initial_starflow(settings, start_from).to(settings.device).requires_grad_(False).eval()
        part = "flow" if self.stage == "regression" else self.stage
        self.part: nn.Module = getattr(self.model, part).requires_grad_(True)
        self.optimiser = torch.optim.AdamW(self.part.parameters(), settings.learning_rate, betas=(0.9, 0.95), weight_decay=1e-4)
        size, frames = self.model.config.autoencoder.size, self.model.config.frames
        self.clips, self.held_out = (VideoClips(pack, size, frames, held_out=held_out) for held_out in (False, True))
        self.windows = self.held_out.evenly_spaced(2)

    def start(self, step: int) -> None:
        """After the autoencoder's stage: encode all frames, and fit a new flow's first frame and Kalman filter."""
        if self.stage == "autoencoder":
            return
        device = self.settings.device
        encode: Callable[[Tensor], Tensor] = lambda pictures: self.model.autoencoder.encode(pictures.to(device)).cpu()
        self.latents, self.held_out_latents = (LatentCache(clips, encode) for clips in (self.clips, self.held_out))
        if self.part is self.model.flow and not self.model.flow.deep.loc_scale_head.weight.any():
            changes = self.latents(self._windows(256), np.zeros((256, 1), bool)).diff(dim=1)
            self.model.flow.set_change_variance(changes.square().mean((0, 1, 2, 3)).to(device))
            mirrored = np.random.default_rng(1).random((4096, 1)) < 0.5
            self.model.first_frame.fit(self.latents(self._windows(4096)[:, :1], mirrored)[:, 0].to(device))

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Sample frames `[B, 3, S, S]`, or latents `[B, T, H, W, C]`; and captions `[B, P]`."""
        settings, random = self.settings, np.random.default_rng((self.settings.seed, step))
        windows, mirrored = self.clips.sample(settings.batch, random), random.random(settings.batch) < 0.5
        if self.stage == "autoencoder":
            pictures = self.clips.pictures(windows[:, random.integers(windows.shape[1])])
            return torch.where(torch.from_numpy(mirrored)[:, None, None, None], pictures.flip(-1), pictures), torch.zeros(0)
        captions = self.clips.captions(windows, mirrored)
        captions[torch.from_numpy(random.random(settings.batch) < settings.no_caption)] = 0
        latents = self.latents(windows, mirrored[:, None])
        return latents[:, 1:] if random.random() < settings.cut_start else latents, captions

    def losses(self, batch: tuple[Tensor, Tensor], state: RunState) -> dict[str, Tensor]:
        """Compute the loss of the stage."""
        data, captions = (tensor.to(self.settings.device) for tensor in batch)
        self.part.train()
        matched = state.share(self.settings) >= 1 - self.settings.matched
        with torch.autocast(self.settings.device, torch.bfloat16):
            return {"total": self._loss(self.model, data, captions, self.noise, matched)}

    @torch.no_grad()
    def validate(self, model: StarFlow) -> dict[str, float]:
        """Measure the stage's loss on held-out windows, without captions; an autoencoder also gets its latents normalised."""
        if self.stage == "autoencoder":
            pairs = self.clips.pictures(self._windows(512)[:, :2].reshape(-1)).unflatten(0, (512, 2))
            model.autoencoder.normalise(pairs.to(self.settings.device))
            frames = self.held_out.pictures(self.windows[:64, 0]).to(self.settings.device)
            error = model.autoencoder.decode(model.autoencoder.encode(frames)) - frames
            return {"loss": error.abs().mean().item(), "psnr": -10 * math.log10(error.square().mean().item())}
        noise, total = torch.Generator().manual_seed(0), 0.0
        for start in range(0, len(self.windows), 16):
            windows = self.windows[start : start + 16]
            data = self.held_out_latents(windows, np.zeros((len(windows), 1), bool)).to(self.settings.device)
            total += self._loss(model, data, None, noise, True).item() * len(data)
        return {"loss": total / len(self.windows)}

    @torch.no_grad()
    def sample_sheet(self, model: StarFlow) -> NDArray[np.uint8]:
        """Render six held-out windows: the truth above; below, its reconstruction or a sampled continuation."""
        strips, known = [], self.settings.known
        for window in self.windows[np.linspace(0, len(self.windows) - 1, 6).astype(int)]:
            truth = self.held_out.pictures(window).to(self.settings.device)
            latents = model.autoencoder.encode(truth)[None]
            if self.stage != "autoencoder":
                noise, denoiser = torch.Generator().manual_seed(0), model.denoiser if self.stage == "denoiser" else None
                temperature, context = 0.0 if self.stage == "regression" else 1.0, latents[:, :known]
                sampled = sample_latents(model.flow, denoiser, context, len(truth) - known, noise, temperature=temperature)
                latents = torch.cat([context, sampled.latents], 1)
            strips += [torch.cat(list(row), -1) for row in (truth[::2], model.autoencoder.decode(latents)[0, ::2])]
        return torch.cat(strips, -2).mul(255).byte().permute(1, 2, 0).cpu().numpy()

    def _windows(self, count: int) -> NDArray[np.intp]:
        """Sample windows of training people, the same at every call."""
        return self.clips.sample(count, np.random.default_rng(0))

    def _loss(self, model: StarFlow, data: Tensor, captions: Tensor | None, noise: torch.Generator, matched: bool) -> Tensor:
        """Compute the loss of the stage on frames `[B, 3, S, S]` (autoencoder) or latents `[B, T, H, W, C]`.

        Autoencoder: reconstruction through noisy latents. Flow: bits per number of noisy latents. Regression: squared error
        of the predicted next token. Denoiser: squared error of the flow's score if `matched`, else of the noise, whose
        conditional mean is the score of the data.
        """
        if self.stage == "autoencoder":
            latents = model.autoencoder.encode(data)
            amount = LATENT_NOISE * torch.rand(len(data), 1, 1, 1, generator=noise).to(data.device)
            noisy = latents + amount * latents.detach().flatten(0, -2).std(0) * _randn_like(latents, noise)
            rebuilt = model.autoencoder.decode(noisy)
            return reconstruction_loss(rebuilt, data, torch.ones_like(data[:, :1])) + 1e-4 * latents.square().mean()
        if self.stage == "regression":
            return (model.flow.predict_mean(data) - data.flatten(1, 3)).square().mean()
        sigma, standard = model.flow.config.noise, _randn_like(data, noise)
        noisy = data + sigma * standard
        if self.stage == "flow":
            return -model.flow.log_prob(noisy, captions).mean() / (data[0].numel() * math.log(2))
        target = sigma * model.flow.score(noisy) if matched else -standard
        return (model.denoiser(noisy) - target).square().mean()


def train_starflow(
    packed: Path,
    run: Path,
    settings: StarFlowTraining,
    *,
    start_from: Path | None = None,
    progress: TrainingProgress | None = None,
) -> Path:
    """Train one stage, or resume the run, and return the folder of the best weights of all parts.

    Args:
        packed: folder written by `pack`.
        run: folder of this stage: checkpoint, log, sample sheets and `best/`.
        settings: settings of the run.
        start_from: folder of a model whose other parts (and this one, to continue it) are taken over.
        progress: called after every update.

    Raises:
        InputError: `starflow_stage`: an earlier part is missing; `device_unusable`.
    """
    if settings.stage != "autoencoder" and start_from is None and not (run / "checkpoint.pt").exists():
        raise InputError("starflow_stage", f"The {settings.stage} needs the parts before it.", "Name them with --start-from.")
    check_device(settings.device)
    configure_process(settings.threads)
    with seeded(settings.seed):
        train(StarFlowTask(Pack(packed), settings, start_from, run / "best"), run, progress)
    return run / "best"


def initial_starflow(settings: StarFlowTraining, start_from: Path | None) -> StarFlow:
    """Return a model with random weights, except for the parts that were trained before."""
    earlier = None if start_from is None else StarFlow.load(start_from)
    config = settings.architecture if earlier is None else earlier.config
    if settings.stage == "regression":
        # One deep block about as large as the whole flow, without noise.
        flow = config.flow
        shallow = flow.shallow_blocks * flow.shallow_layers * flow.shallow_width**2 / flow.deep_width**2
        flow = replace(flow, shallow_blocks=0, deep_layers=flow.deep_layers + round(shallow), noise=0.0)
        config = replace(config, flow=flow, denoiser=replace(config.denoiser, width=64, layers=1))
    model = StarFlow(config)
    for name, part in model.named_children() if earlier is not None else ():
        if settings.stage != "regression" or name == "autoencoder":
            part.load_state_dict(getattr(earlier, name).state_dict())
    if settings.stage == "autoencoder":
        model.autoencoder.unnormalise()
    return model


def _randn_like(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator).to(x.device)
