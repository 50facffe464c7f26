"""Train the video flow in stages: the autoencoder, the flow on its latents, the denoiser on the flow's score."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backend.core.errors import InputError
from backend.core.process import configure_process
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow
from backend.starflow.sampler import sample_latents
from backend.train.data.pack import Pack
from backend.train.data.video_clips import LatentCache, VideoClips
from backend.train.picture_losses import reconstruction_loss
from backend.train.run import Task, TrainingProgress, seeded, train
from backend.train.settings import StarFlowStage, StarFlowTraining

PARTS: dict[StarFlowStage, str] = {"autoencoder": "autoencoder", "flow": "flow", "denoiser": "denoiser", "regression": "flow"}
"""Part of the model that a stage trains."""

LATENT_NOISE = 0.3
"""Largest noise that the decoder is trained with, in standard deviations of every latent channel."""


class StarFlowTask(Task[StarFlow, tuple[Tensor, Tensor]]):
    """One part of a video model learns, on frames or on the latents of windows.

    Args:
        pack: the data.
        settings: settings of the run.
        start_from: folder of a model that holds the stages before.
        out: folder of the best weights.
    """

    score = "loss"

    def __init__(self, pack: Pack, settings: StarFlowTraining, start_from: Path | None, out: Path) -> None:
        super().__init__(settings, out)
        self.training, self.stage = settings, settings.stage
        self.model = first_model(settings, start_from).to(settings.device).requires_grad_(False).eval()
        self.part: nn.Module = getattr(self.model, PARTS[settings.stage]).requires_grad_(True)
        self.optimiser = torch.optim.AdamW(self.part.parameters(), settings.learning_rate, betas=(0.9, 0.95), weight_decay=1e-4)
        config = self.model.config
        self.clips, self.held_out = (
            VideoClips(pack, config.autoencoder.size, config.frames, held_out=held_out) for held_out in (False, True)
        )
        self.windows = self.held_out.evenly_spaced(2)

    def start(self, step: int) -> None:
        """Encode all frames for the stages after the autoencoder, and give a new flow its first frame and deep block."""
        if self.stage == "autoencoder":
            return
        self.latents, self.held_out_latents = (LatentCache(clips, self._encode) for clips in (self.clips, self.held_out))
        if PARTS[self.stage] == "flow" and not self.model.flow.deep.loc_scale_head.weight.any():
            self.model.flow.set_change_variance(self._changes())
            self.model.first_frame.fit(self._first_frames())

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Sample frames `[B, 3, S, S]`, or latents `[B, T, H, W, C]`; and captions `[B, P]`."""
        training, random = self.training, np.random.default_rng((self.training.seed, step))
        windows, mirrored = self.clips.sample(training.batch, random), random.random(training.batch) < 0.5
        if self.stage == "autoencoder":
            pictures = self.clips.pictures(windows[:, random.integers(windows.shape[1])])
            return torch.where(torch.from_numpy(mirrored)[:, None, None, None], pictures.flip(-1), pictures), torch.zeros(0)
        captions = self.clips.captions(windows, mirrored)
        captions[torch.from_numpy(random.random(training.batch) < training.no_caption)] = 0
        latents = self.latents(windows, mirrored[:, None])
        return latents[:, 1:] if random.random() < training.cut_start else latents, captions

    def losses(self, batch: tuple[Tensor, Tensor], step: int, share: float) -> dict[str, Tensor]:
        """Compute the loss of the stage."""
        data, captions = (tensor.to(self.training.device) for tensor in batch)
        self.part.train()
        matched = share >= 1 - self.training.matched
        with torch.autocast(self.training.device, torch.bfloat16):
            return {"total": stage_loss(self.model, self.stage, data, captions, self.noise, matched=matched)}

    @torch.no_grad()
    def validate(self, model: StarFlow) -> dict[str, float]:
        """Measure the stage's loss on held-out windows, without captions; an autoencoder also gets its latents normalised."""
        if self.stage == "autoencoder":
            model.autoencoder.normalise(self._frame_pairs())
            frames = self.held_out.pictures(self.windows[:64, 0]).to(self.training.device)
            error = model.autoencoder.decode(model.autoencoder.encode(frames)) - frames
            return {"loss": error.abs().mean().item(), "psnr": -10 * math.log10(error.square().mean().item())}
        noise, total = torch.Generator().manual_seed(0), 0.0
        for start in range(0, len(self.windows), 16):
            windows = self.windows[start : start + 16]
            data = self.held_out_latents(windows, np.zeros((len(windows), 1), bool)).to(self.training.device)
            total += stage_loss(model, self.stage, data, None, noise).item() * len(data)
        return {"loss": total / len(self.windows)}

    @torch.no_grad()
    def sample_sheet(self, model: StarFlow, rows: int = 6) -> NDArray[np.uint8]:
        """Render held-out windows: the truth above; below, what the model reconstructs or samples as its continuation."""
        strips, known = [], self.training.known
        for window in self.windows[np.linspace(0, len(self.windows) - 1, rows).astype(int)]:
            truth = self.held_out.pictures(window).to(self.training.device)
            latents = model.autoencoder.encode(truth)[None]
            if self.stage != "autoencoder":
                noise, denoiser = torch.Generator().manual_seed(0), model.denoiser if self.stage == "denoiser" else None
                temperature = 0.0 if self.stage == "regression" else 1.0
                sampled = sample_latents(
                    model.flow, denoiser, latents[:, :known], len(truth) - known, noise, temperature=temperature
                )
                latents = torch.cat([latents[:, :known], sampled.latents], 1)
            strips += [torch.cat(list(row), -1) for row in (truth[::2], model.autoencoder.decode(latents)[0, ::2])]
        return torch.cat(strips, -2).mul(255).byte().permute(1, 2, 0).cpu().numpy()

    def _encode(self, pictures: Tensor) -> Tensor:
        return self.model.autoencoder.encode(pictures.to(self.training.device)).cpu()

    def _frame_pairs(self, count: int = 512) -> Tensor:
        """Frames of training clips, each with the next one: `[count, 2, 3, S, S]`, the same at every call."""
        windows = self.clips.sample(count, np.random.default_rng(0))[:, :2]
        return self.clips.pictures(windows.reshape(-1)).unflatten(0, (count, 2)).to(self.training.device)

    def _changes(self, count: int = 256) -> Tensor:
        """Mean squared change of every latent channel from frame to frame, over training windows: `[C]`."""
        windows = self.clips.sample(count, np.random.default_rng(0))
        latents = self.latents(windows, np.zeros((count, 1), bool))
        return latents.diff(dim=1).square().mean((0, 1, 2, 3)).to(self.training.device)

    def _first_frames(self, count: int = 4096) -> Tensor:
        """Latents of frames of training people, weighed alike, half of them mirrored: `[count, H, W, C]`."""
        windows, random = self.clips.sample(count, np.random.default_rng(0)), np.random.default_rng(1)
        return self.latents(windows[:, :1], random.random((count, 1)) < 0.5)[:, 0].to(self.training.device)


def stage_loss(
    model: StarFlow,
    stage: StarFlowStage,
    data: Tensor,
    captions: Tensor | None,
    noise: torch.Generator,
    *,
    matched: bool = True,
) -> Tensor:
    """Compute the loss of a stage.

    Autoencoder: reconstruction through noisy latents. Flow: bits per number of noisy latents. Regression: squared error of
    the predicted next token. Denoiser: squared error of the flow's score, or of the noise, whose conditional mean is the
    score of the data.

    Args:
        model: all parts.
        stage: the part to train.
        data: frames `[B, 3, S, S]` for the autoencoder, else latents `[B, T, H, W, C]`.
        captions: `[B, P]` for the flow, or None.
        noise: source of the noise.
        matched: whether a denoiser regresses the score instead of the noise.
    """
    if stage == "autoencoder":
        latents = model.autoencoder.encode(data)
        amount = LATENT_NOISE * torch.rand(len(data), 1, 1, 1, generator=noise).to(data.device)
        noisy = latents + amount * latents.detach().flatten(0, -2).std(0) * _randn_like(latents, noise)
        rebuilt = model.autoencoder.decode(noisy)
        return reconstruction_loss(rebuilt, data, torch.ones_like(data[:, :1]), 1.0) + 1e-4 * latents.square().mean()
    if stage == "regression":
        return (model.flow.predict_mean(data) - data.flatten(1, 3)).square().mean()
    sigma, standard = model.flow.config.noise, _randn_like(data, noise)
    noisy = data + sigma * standard
    if stage == "flow":
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
    """Train one stage; a run that is there is resumed.

    Args:
        packed: folder written by `pack`.
        run: folder of this stage: checkpoint, log, sample sheets and `best/`.
        settings: settings of the run.
        start_from: folder of a model whose other parts (and this one, to continue it) are taken over.
        progress: called after every update.

    Returns:
        The folder of the best weights: all three parts.

    Raises:
        InputError: `starflow_stage`: an earlier part is missing.
    """
    if settings.stage != "autoencoder" and start_from is None and not (run / "checkpoint.pt").exists():
        raise InputError("starflow_stage", f"The {settings.stage} needs the parts before it.", "Name them with --start-from.")
    configure_process(settings.threads)
    with seeded(settings.seed):
        train(StarFlowTask(Pack(packed), settings, start_from, run / "best"), run, progress)
    return run / "best"


def first_model(settings: StarFlowTraining, start_from: Path | None) -> StarFlow:
    """Return a model with random weights, except for the parts that were trained before."""
    earlier = None if start_from is None else StarFlow.load(start_from)
    config = settings.architecture if earlier is None else earlier.config
    if settings.stage == "regression":
        config = replace(config, flow=regression_of(config.flow), denoiser=replace(config.denoiser, width=64, layers=1))
    model = StarFlow(config)
    for name, part in model.named_children() if earlier is not None else ():
        if settings.stage != "regression" or name == "autoencoder":
            part.load_state_dict(getattr(earlier, name).state_dict())
    if settings.stage == "autoencoder":
        model.autoencoder.unnormalise()
    return model


def regression_of(flow: LatentFlowConfig) -> LatentFlowConfig:
    """Return the sizes of one deep block about as large as a whole flow, without noise."""
    shallow = flow.shallow_blocks * flow.shallow_layers * flow.shallow_width**2 / flow.deep_width**2
    return replace(flow, shallow_blocks=0, deep_layers=flow.deep_layers + round(shallow), noise=0.0)


def _randn_like(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator).to(x.device)
