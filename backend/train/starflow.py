"""`motionfan train starflow`: the autoencoder, then the flow on its latents, then the denoiser on the flow's score."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from backend.core.errors import InputError
from backend.core.process import configure_process
from backend.keypoints.captions import VOCABULARY
from backend.starflow.flow import LatentFlowConfig
from backend.starflow.model import StarFlow, StarFlowConfig
from backend.starflow.sampler import sample_latents
from backend.train.data.pack import Pack
from backend.train.data.video_clips import KeptLatents, VideoClips
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.picture_losses import reconstruction_loss
from backend.train.schedule import set_rate

Stage = Literal["autoencoder", "flow", "denoiser", "regression"]
PARTS: dict[Stage, str] = {"autoencoder": "autoencoder", "flow": "flow", "denoiser": "denoiser", "regression": "flow"}
"""Part of the model that a stage trains. A regression is what the flow is compared with: one deep block of the flow's size."""

LATENT_NOISE = 0.3
"""Most noise that the decoder learns to live with, in deviations of every latent channel."""


@dataclass(frozen=True)
class StarFlowTraining:
    """How to train one stage.

    Attributes:
        stage: what is trained; the parts before it must have been.
        minutes: how long in all; the learning rate falls to 0 over it (cosine).
        batch: frames an update (autoencoder) or windows.
        learning_rate: highest, of AdamW.
        ema: decay of the averaged weights, which are validated and kept.
        no_caption: share of windows trained without their caption: for guidance, and for futures of which nothing is said.
        cut_start: share of windows that begin a frame later, as continuations do.
        matched: share of a denoiser's training, at its end, that regresses the flow's score; before it the noise itself, which
            is several times cheaper to come by.
        known: frames of a window that sample sheets are drawn from.
        report_every: updates between validations, checkpoints and sample sheets.
        seed: of data order, noise and fresh weights.
    """

    stage: Stage = "flow"
    minutes: float = 30.0
    batch: int = 16
    learning_rate: float = 5e-4
    ema: float = 0.999
    no_caption: float = 0.5
    cut_start: float = 0.25
    matched: float = 0.5
    known: int = 8
    report_every: int = 200
    seed: int = 0
    threads: int = 2
    device: str = "cpu"
    architecture: StarFlowConfig = StarFlowConfig(flow=LatentFlowConfig(words=len(VOCABULARY) - 1, deep_spread=16))


class Material:
    """What a stage is trained and validated on."""

    def __init__(self, pack: Pack, model: StarFlow, settings: StarFlowTraining) -> None:
        config, self.settings, self.model = model.config, settings, model
        size = config.autoencoder.size
        self.clips = VideoClips(pack, size, config.frames)
        self.held_out = VideoClips(pack, size, config.frames, held_out=True)
        self.windows = self.held_out.spread(2)
        self.unmirrored = np.zeros((len(self.windows), 1), bool)
        if settings.stage != "autoencoder":
            self.latents, self.held_out_latents = (KeptLatents(clips, self._encode) for clips in (self.clips, self.held_out))

    def _encode(self, pictures: Tensor) -> Tensor:
        return self.model.autoencoder.encode(pictures.to(self.settings.device)).cpu()

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Frames `[B, 3, S, S]`, or latents `[B, T, H, W, C]`; and captions `[B, P]`."""
        settings, random = self.settings, np.random.default_rng((self.settings.seed, step))
        windows, mirrored = self.clips.draw(settings.batch, random), random.random(settings.batch) < 0.5
        if settings.stage == "autoencoder":
            pictures = self.clips.pictures(windows[:, random.integers(windows.shape[1])])
            turned = torch.where(torch.from_numpy(mirrored)[:, None, None, None], pictures.flip(-1), pictures)
            return turned.to(settings.device), torch.zeros(0)
        captions = self.clips.captions(windows, mirrored)
        captions[torch.from_numpy(random.random(settings.batch) < settings.no_caption)] = 0
        latents = self.latents(windows, mirrored[:, None])
        if random.random() < settings.cut_start:
            latents = latents[:, 1:]
        return latents.to(settings.device), captions.to(settings.device)

    def typical_pairs(self, count: int = 512) -> Tensor:
        """Frames of training clips, each with the next one: `[count, 2, 3, S, S]`, the same at every call."""
        windows = self.clips.draw(count, np.random.default_rng(0))[:, :2]
        return self.clips.pictures(windows.reshape(-1)).unflatten(0, (count, 2)).to(self.settings.device)

    def changes(self, count: int = 256) -> Tensor:
        """Mean squared change of every latent channel from frame to frame, over training windows: `[C]`."""
        windows = self.clips.draw(count, np.random.default_rng(0))
        latents = self.latents(windows, np.zeros((count, 1), bool))
        return latents.diff(dim=1).square().mean((0, 1, 2, 3)).to(self.settings.device)

    def first_frames(self, count: int = 4096) -> Tensor:
        """Latents of frames of training people, weighed alike, half of them mirrored: `[count, H, W, C]`."""
        windows, random = self.clips.draw(count, np.random.default_rng(0)), np.random.default_rng(1)
        return self.latents(windows[:, :1], random.random((count, 1)) < 0.5)[:, 0].to(self.settings.device)

    def held_out_frames(self, rows: int = 64) -> Tensor:
        """Held-out frames, one of each of some windows: `[rows, 3, S, S]`."""
        return self.held_out.pictures(self.windows[:rows, 0]).to(self.settings.device)


def loss_of(
    model: StarFlow, stage: Stage, data: Tensor, captions: Tensor | None, noise: torch.Generator, *, matched: bool = True
) -> Tensor:
    """What a stage lowers: reconstruction through noisy latents; bits of the noisy latents; the error of the score, or of what
    the next token is. An unmatched denoiser regresses the noise, whose mean, where all is known, is the data's score.
    """
    if stage == "autoencoder":
        latents = model.autoencoder.encode(data)
        amount = LATENT_NOISE * torch.rand(len(data), 1, 1, 1, generator=noise).to(data.device)
        shaken = latents + amount * latents.detach().flatten(0, -2).std(0) * _like(latents, noise)
        rebuilt = model.autoencoder.decode(shaken)
        return reconstruction_loss(rebuilt, data, torch.ones_like(data[:, :1]), 1.0) + 1e-4 * latents.square().mean()
    if stage == "regression":
        return (model.flow.predict_mean(data) - data.flatten(1, 3)).square().mean()
    sigma, drawn = model.flow.config.noise, _like(data, noise)
    noisy = data + sigma * drawn
    if stage == "flow":
        return -model.flow.log_prob(noisy, captions).mean() / (data[0].numel() * math.log(2))
    target = sigma * model.flow.score(noisy) if matched else -drawn
    return (model.denoiser(noisy) - target).square().mean()


@torch.no_grad()
def validate(model: StarFlow, material: Material, batch: int = 16) -> dict[str, float]:
    """Held-out figures of the stage that is trained; a flow is told no caption."""
    settings, noise = material.settings, torch.Generator().manual_seed(0)
    if settings.stage == "autoencoder":
        frames = material.held_out_frames()
        error = model.autoencoder.decode(model.autoencoder.encode(frames)) - frames
        return {"loss": error.abs().mean().item(), "psnr": -10 * math.log10(error.square().mean().item())}
    losses = []
    for start in range(0, len(material.windows), batch):
        part = slice(start, start + batch)
        data = material.held_out_latents(material.windows[part], material.unmirrored[part]).to(settings.device)
        losses.append(loss_of(model, settings.stage, data, None, noise).item() * len(data))
    return {"loss": sum(losses) / len(material.windows)}


@torch.no_grad()
def sample_sheet(model: StarFlow, material: Material, rows: int = 6) -> Image.Image:
    """Picture of held-out windows: truth above, what the model makes of them (rebuilt, or continued) below."""
    settings, chosen = material.settings, np.linspace(0, len(material.windows) - 1, rows).astype(int)
    strips = []
    for window in material.windows[chosen]:
        truth = material.held_out.pictures(window).to(settings.device)
        latents = model.autoencoder.encode(truth)[None]
        if settings.stage != "autoencoder":
            source, denoiser = torch.Generator().manual_seed(0), model.denoiser if settings.stage == "denoiser" else None
            known, warmth = latents[:, : settings.known], 0.0 if settings.stage == "regression" else 1.0
            drawn = sample_latents(model.flow, denoiser, known, len(truth) - settings.known, source, temperature=warmth)
            latents = torch.cat([latents[:, : settings.known], drawn.latents], 1)
        strips += [torch.cat(list(row), -1) for row in (truth[::2], model.autoencoder.decode(latents)[0, ::2])]
    sheet = torch.cat(strips, -2).mul(255).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(sheet)


def train_starflow(
    packed: Path,
    run: Path,
    settings: StarFlowTraining,
    *,
    start_from: Path | None = None,
    progress: Callable[[float, dict[str, float]], None] | None = None,
) -> Path:
    """Train one stage, resuming the run's checkpoint if there is one.

    Args:
        packed: folder written by `pack`.
        run: folder of this stage: checkpoint, log, sample sheets and `best/`.
        settings: how to train.
        start_from: folder of a model whose other parts (and this one, to go on) are taken.
        progress: called with (share done, latest figures).

    Returns:
        The folder of the best weights: all three parts.

    Raises:
        InputError: `starflow_stage` where an earlier part is not there.
    """
    if settings.stage != "autoencoder" and start_from is None and not (run / "checkpoint.pt").exists():
        raise InputError("starflow_stage", f"The {settings.stage} needs the parts before it.", "Name them with --start-from.")
    configure_process(settings.threads)
    torch.manual_seed(settings.seed)
    model = _begin(settings, start_from).to(settings.device).requires_grad_(False)
    part: nn.Module = getattr(model, PARTS[settings.stage])
    part.requires_grad_(True)
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(part.parameters(), settings.learning_rate, betas=(0.9, 0.95), weight_decay=1e-4)
    state: dict[str, Any] = {"step": 0, "best": math.inf, "seconds": 0.0}
    if checkpoint := load_checkpoint(run):
        model.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        state = {name: checkpoint[name] for name in state}
    log = TrainingLog(run)
    (run / "samples").mkdir(exist_ok=True)
    material = Material(Pack(packed), model.eval(), settings)
    if settings.stage in ("flow", "regression") and not model.flow.deep.head.weight.any():
        model.flow.set_change_variance(material.changes())
        model.first.fit(material.first_frames())
        average.load_state_dict(model.state_dict())
    figures: dict[str, float] = {}
    for share, recent in _updates(model, average, optimiser, material, state):
        if state["step"] % settings.report_every == 0 or share >= 1:
            figures = _report(average, material, log, run, state, recent)
            save_checkpoint(
                run,
                {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(), **state},
            )
        if progress:
            progress(share, figures)
    log.close()
    return run / "best"


def _begin(settings: StarFlowTraining, start_from: Path | None) -> StarFlow:
    """A fresh model, with what there is of one that was trained before."""
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
    """One deep block about as large as a flow in all, without noise."""
    shallow = flow.shallow_blocks * flow.shallow_layers * flow.shallow_width**2 / flow.deep_width**2
    return replace(flow, shallow_blocks=0, deep_layers=flow.deep_layers + round(shallow), noise=0.0)


def _updates(
    model: StarFlow, average: StarFlow, optimiser: torch.optim.Optimizer, material: Material, state: dict[str, Any]
) -> Iterator[tuple[float, float]]:
    """Take optimiser steps until the time is over; yields the share that is over and the mean loss since the last report."""
    settings, began, sums = material.settings, time.monotonic() - state["seconds"], [0.0, 0]
    part: nn.Module = getattr(model, PARTS[settings.stage])
    noise = torch.Generator().manual_seed(settings.seed + state["step"])
    share = state["seconds"] / (60 * settings.minutes)
    while share < 1:
        set_rate(optimiser, settings.learning_rate, state["step"], share, warm_up=300)
        part.train()
        with torch.autocast(settings.device, torch.bfloat16):
            matched = share >= 1 - settings.matched
            loss = loss_of(model, settings.stage, *material.batch(state["step"]), noise, matched=matched)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(part.parameters(), 1.0)
        optimiser.step()
        part.eval()
        state["step"] += 1
        _follow(average, model, min(settings.ema, state["step"] / (state["step"] + 10)))
        sums = [sums[0] + loss.item(), sums[1] + 1]
        state["seconds"] = time.monotonic() - began
        share = state["seconds"] / (60 * settings.minutes)
        yield share, sums[0] / sums[1]
        if state["step"] % settings.report_every == 0:
            sums = [0.0, 0]


def _report(
    average: StarFlow, material: Material, log: TrainingLog, run: Path, state: dict[str, Any], recent: float
) -> dict[str, float]:
    """Validate the averaged weights, draw a sample sheet, and keep the weights where they are the best so far."""
    settings = material.settings
    if settings.stage == "autoencoder":
        average.autoencoder.normalise(material.typical_pairs())
    figures = validate(average, material)
    log.write(state["step"], {"train_loss": recent, "seconds": state["seconds"], **figures})
    sample_sheet(average, material).save(run / "samples" / f"{state['step']:06d}.png")
    if figures["loss"] < state["best"]:
        state["best"] = figures["loss"]
        training = {"training": asdict(settings), "step": state["step"], "validation": figures, "seconds": state["seconds"]}
        average.save(run / "best", training)
    return figures


@torch.no_grad()
def _follow(average: StarFlow, model: StarFlow, decay: float) -> None:
    for kept, new in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)


def _like(x: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator).to(x.device)
