"""`motionfan train generator`: reconstruction of one frame of a person from another, on a pack of face clips."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from backend.animate.generator import Generator, GeneratorConfig
from backend.core.process import configure_process
from backend.train.data.pack import Pack
from backend.train.data.pairs import Pairs, PairSampler
from backend.train.discriminator import Critics, critics_loss, fooling_loss, matching_loss
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.picture_losses import dissimilarity, reconstruction_loss
from backend.train.schedule import set_rate
from backend.train.sheets import render_pairs, sample_sheet, validate

Stage = Literal["motion", "details", "all"]


@dataclass(frozen=True)
class GeneratorTraining:
    """How to train a generator.

    Attributes:
        stage: `motion` trains the flow alone, by the warped portrait (four times as many updates an hour, and most of the
            error is motion's); `details` the painting of eyes and lips alone, on their crops (five times as many); `all`
            trains everything.
        updates: optimiser steps in all; the learning rate falls to 0 over them (cosine).
        minutes: stop after this long in all, the rate falling to 0 over that; 0 goes by `updates`.
        batch: pairs per update.
        learning_rate: of AdamW, after 200 updates of warm-up.
        ema: decay of the averaged weights, which are the ones that are validated and kept.
        gradient: weight of the image-gradient term beside L1.
        ssim: weight of (1 - SSIM) / 2.
        warp: weight of the error of the warped portrait alone, which teaches motion before paint can hide its faults.
        paint: weight of the error of the paint alone: where alpha is near 1 it would otherwise never learn to be needed.
        details: weight of the error of the close-ups' colours alone, for the same reason.
        own_pixels: cost of painting where the portrait's own pixels would do. Low values give the least error and a blur
            wherever the network is unsure; this one stays sharp for 2 % more error. Eyes and lips are exempt: they are painted.
        adversarial: weight of looking real to the critics; 0 trains without critics.
        matching: weight of the critics' features matching.
        report_every: updates between validations, checkpoints and sample sheets.
        seed: of the data order and of fresh weights.
        device: where to train.
    """

    stage: Stage = "all"
    updates: int = 20_000
    minutes: float = 0.0
    batch: int = 8
    learning_rate: float = 4e-4
    ema: float = 0.998
    gradient: float = 1.0
    ssim: float = 0.2
    warp: float = 0.3
    paint: float = 0.5
    details: float = 1.0
    own_pixels: float = 0.1
    adversarial: float = 0.01
    matching: float = 0.3
    report_every: int = 500
    seed: int = 0
    threads: int = 2
    device: str = "cpu"
    architecture: GeneratorConfig = field(default_factory=GeneratorConfig)


class Trainer:
    """A generator, its average, its critics and their optimisers: everything that a checkpoint holds."""

    def __init__(self, generator: Generator, settings: GeneratorTraining, parts: list[int]) -> None:
        self.settings = settings
        layout: dict[str, Any] = {"device": settings.device, "memory_format": torch.channels_last}
        self.generator = generator.to(**layout)
        self.average = copy.deepcopy(self.generator)
        self.critics = Critics(parts).to(**layout)
        stages: dict[str, nn.Module] = {"motion": self.generator.motion, "details": self.generator.details}
        self.learned = stages.get(settings.stage, self.generator)
        self.optimiser = torch.optim.AdamW(
            self.learned.parameters(), settings.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.critics_optimiser = torch.optim.AdamW(self.critics.parameters(), settings.learning_rate, betas=(0.5, 0.99))
        self.parts: dict[str, Any] = {
            "generator": self.generator,
            "average": self.average,
            "critics": self.critics,
            "optimiser": self.optimiser,
            "critics_optimiser": self.critics_optimiser,
        }

    def update(self, pairs: Pairs, done: float, step: int) -> dict[str, float]:
        """Take one optimiser step; `done` is the share of the training that is over. Returns the losses."""
        settings = self.settings
        for optimiser in (self.optimiser, self.critics_optimiser):
            set_rate(optimiser, settings.learning_rate, step, done, warm_up=200)
        self.generator.eval()
        self.learned.train()
        with torch.autocast(settings.device, torch.bfloat16):
            losses = {"motion": self._motion, "details": self._details, "all": self._all}[settings.stage](pairs)
        self.optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(self.generator.parameters(), 1.0)
        self.optimiser.step()
        self._follow(min(settings.ema, (step + 1) / (step + 11)))
        return {name: loss.item() for name, loss in losses.items()}

    def _motion(self, pairs: Pairs) -> dict[str, Tensor]:
        warped = self.generator.move(pairs.source, pairs.source_keypoints, pairs.driving_keypoints)
        return {"total": self._reconstruction(warped, pairs)}

    def _details(self, pairs: Pairs) -> dict[str, Tensor]:
        details, keypoints = self.generator.details, pairs.driving_keypoints
        with torch.no_grad():
            warped = self.generator.move(pairs.source, pairs.source_keypoints, keypoints)
            crops = details.cut_crops(warped, keypoints).flatten(0, 1)
            truth = details.cut_crops(pairs.driving, keypoints).flatten(0, 1)
            own = details.cut_crops(pairs.source, pairs.source_keypoints)
        condition = self.generator.condition(pairs.source_keypoints, keypoints)
        share, colour = details(own, warped, keypoints, condition)
        blend = torch.lerp(crops, colour.flatten(0, 1), share.flatten(0, 1))
        even = torch.ones_like(truth[:, :1])
        losses = {
            "frame": reconstruction_loss(blend, truth, even, self.settings.gradient),
            "details": reconstruction_loss(colour.flatten(0, 1), truth, even, self.settings.gradient),
        }
        total = losses["frame"] + 0.5 * losses["details"]
        if self.settings.adversarial:
            total = total + self._adversarial(losses, lambda x: [self.critics.close(x)], truth, blend)
        return losses | {"total": total}

    def _all(self, pairs: Pairs) -> dict[str, Tensor]:
        settings = self.settings
        out = render_pairs(self.generator, pairs)
        losses = {"frame": self._reconstruction(out.frames, pairs), "ssim": dissimilarity(out.frames, pairs.driving)}
        losses |= {"warp": self._reconstruction(out.warped, pairs), "paint": self._reconstruction(out.paint, pairs)}
        truth = self.generator.details.cut_crops(pairs.driving, pairs.driving_keypoints)
        losses["details"] = (out.details - truth).abs().mean()
        total = losses["frame"] + settings.ssim * losses["ssim"] + settings.warp * losses["warp"]
        total = (
            total
            + settings.paint * losses["paint"]
            + settings.details * losses["details"]
            + settings.own_pixels * (1 - out.coarse_alpha).mean()
        )
        if settings.adversarial:
            total = total + self._adversarial(
                losses, lambda x: self.critics(x, pairs.driving_keypoints), pairs.driving, out.frames
            )
        return losses | {"total": total}

    def _adversarial(
        self, losses: dict[str, Tensor], judge: Callable[[Tensor], list[list[Tensor]]], real: Tensor, rendered: Tensor
    ) -> Tensor:
        """Train the critics on these pictures, then return what the generator lowers; both are written to `losses`."""
        losses["critics"] = critics_loss(judge(real), judge(rendered.detach()))
        self.critics_optimiser.zero_grad()
        losses["critics"].backward()
        self.critics_optimiser.step()
        losses["critics"] = losses["critics"].detach()
        with torch.no_grad():
            wanted = judge(real)
        found = judge(rendered)
        losses |= {"fooling": fooling_loss(found), "matching": matching_loss(wanted, found)}
        return self.settings.adversarial * losses["fooling"] + self.settings.matching * losses["matching"]

    def _reconstruction(self, picture: Tensor, pairs: Pairs) -> Tensor:
        return reconstruction_loss(picture, pairs.driving, pairs.weight, self.settings.gradient)

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        for kept, new in zip(self.average.state_dict().values(), self.generator.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


def train_generator(
    packed: Path,
    run: Path,
    settings: GeneratorTraining,
    *,
    start_from: Path | None = None,
    progress: Callable[[int, int, dict[str, float]], None] | None = None,
) -> Path:
    """Train until `settings.updates` or `settings.minutes`, resuming the run's checkpoint if there is one.

    Args:
        packed: folder written by `pack`.
        run: folder for checkpoint, log, sample sheets and `best/` (weights and config of the best validation).
        settings: how to train.
        start_from: folder of earlier weights to start from (a 128 model for a 256 one).
        progress: called with (updates done, updates in all, latest figures).

    Returns:
        The folder of the best weights.
    """
    configure_process(settings.threads)
    torch.manual_seed(settings.seed)
    data, size = Pack(packed), settings.architecture.size
    pairs = PairSampler(data, size)
    held_out = PairSampler(data, size, held_out=True).first_frames(per_clip=6).to(settings.device)
    generator = Generator(settings.architecture)
    if start_from is not None:
        generator.load_state_dict(Generator.load(start_from).state_dict())
    trainer = Trainer(generator, settings, pairs.detail_index)
    step, best, seconds = 0, math.inf, 0.0
    if checkpoint := load_checkpoint(run):
        for name, part in trainer.parts.items():
            part.load_state_dict(checkpoint[name])
        step, best, seconds = checkpoint["step"], checkpoint["best"], checkpoint["seconds"]
    log = TrainingLog(run)
    (run / "samples").mkdir(exist_ok=True)
    began, since, sums = time.monotonic() - seconds, step, dict[str, float]()
    figures: dict[str, float] = {}

    def draw(number: int) -> Pairs:
        return pairs.draw(settings.batch, np.random.default_rng((settings.seed, number)))

    def done() -> float:
        if not settings.minutes:
            return step / settings.updates
        return min(1.0, (time.monotonic() - began) / (60 * settings.minutes))

    loader = ThreadPoolExecutor(1)
    upcoming = loader.submit(draw, step)
    while (share := done()) < 1:
        drawn, upcoming = upcoming.result().to(settings.device), loader.submit(draw, step + 1)
        losses = trainer.update(drawn, share, step)
        sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
        step += 1
        if step % settings.report_every == 0 or done() >= 1:
            figures = validate(trainer.average, held_out)
            seconds = time.monotonic() - began
            recent = {f"train_{name}": value / (step - since) for name, value in sums.items()}
            log.write(step, {**recent, "seconds": seconds, **figures})
            since, sums = step, {}
            Image.fromarray(sample_sheet(trainer.average, held_out)).save(run / "samples" / f"{step:06d}.png")
            score = figures[{"motion": "l1_warp", "details": "l1_eyes_lips", "all": "l1"}[settings.stage]]
            if score < best:
                best = score
                told = {"training": asdict(settings), "step": step, "validation": figures, "seconds": seconds}
                trainer.average.save(run / "best", told)
            state = {name: part.state_dict() for name, part in trainer.parts.items()}
            save_checkpoint(run, {**state, "step": step, "best": best, "seconds": seconds})
        if progress:
            progress(step, settings.updates, figures)
    loader.shutdown(cancel_futures=True)
    log.close()
    return run / "best"
