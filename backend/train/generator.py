"""`motionfan train generator`: reconstruction of one frame of a person from another, on a pack of face clips."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from backend.animate.generator import Generator, GeneratorConfig, Rendered
from backend.runtime.engine import configure_process
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.pack import Pack
from backend.train.pairs import Pairs, PairSampler


@dataclass(frozen=True)
class GeneratorTraining:
    """How to train a generator.

    Attributes:
        updates: optimiser steps in all; the learning rate falls to 0 over them (cosine).
        batch: pairs per update.
        learning_rate: of AdamW, after 200 updates of warm-up.
        ema: decay of the averaged weights, which are the ones that are validated and kept.
        gradient: weight of the image-gradient term beside L1.
        warp: weight of the error of the warped portrait alone, which teaches motion before paint can hide its faults.
        paint: weight of the error of the paint alone: where alpha is near 1 it would otherwise never learn to be needed.
        own_pixels: cost of painting where the portrait's own pixels would do. Low values give the least error and a blur
            wherever the network is unsure; this one stays sharp for 2 % more error.
        report_every: updates between validations, checkpoints and sample sheets.
        seed: of the data order and of fresh weights.
    """

    updates: int = 20_000
    batch: int = 8
    learning_rate: float = 4e-4
    ema: float = 0.998
    gradient: float = 1.0
    warp: float = 0.3
    paint: float = 0.5
    own_pixels: float = 0.1
    report_every: int = 500
    seed: int = 0
    threads: int = 2
    architecture: GeneratorConfig = field(default_factory=GeneratorConfig)


def reconstruction_loss(prediction: Tensor, target: Tensor, weight: Tensor, gradient: float, scales: int = 3) -> Tensor:
    """Weighted L1 plus L1 of the image gradients, over a pyramid of `scales` halvings; a scalar."""
    total = prediction.new_zeros(())
    for _ in range(scales):
        total = total + (weight * (prediction - target).abs()).mean()
        for axis in (-1, -2):
            difference = (prediction.diff(dim=axis) - target.diff(dim=axis)).abs()
            total = total + gradient * (weight.narrow(axis, 1, weight.shape[axis] - 1) * difference).mean()
        prediction, target, weight = (F.avg_pool2d(x, 2) for x in (prediction, target, weight))
    return total / scales


def render_pairs(generator: Generator, pairs: Pairs) -> Rendered:
    """Reconstruct the driving frames from the source frames."""
    rendered: Rendered = generator(generator.encode(pairs.source, pairs.source_keypoints), pairs.driving_keypoints)
    return rendered


def validate(generator: Generator, pairs: Pairs, batch: int = 16) -> dict[str, float]:
    """Mean L1 on held-out pairs: the generator's, copy-source's, the warp's alone, and their ratio."""
    generator.eval()
    errors: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(pairs.source), batch):
            part = slice(start, start + batch)
            chunk = Pairs(
                pairs.source[part],
                pairs.driving[part],
                pairs.source_keypoints[part],
                pairs.driving_keypoints[part],
                pairs.weight[part],
            )
            with torch.autocast("cpu", torch.bfloat16):
                out = render_pairs(generator, chunk)
            detail = (pairs.weight[part] - 1).clamp(min=0)
            local = ((out.frames - chunk.driving).abs() * detail).sum((1, 2, 3)) / (3 * detail.sum((1, 2, 3)))
            l1 = [(x.float() - chunk.driving).abs().mean((1, 2, 3)) for x in (out.frames, out.warped, chunk.source)]
            errors.append(torch.stack([*l1, local, out.alpha.mean((1, 2, 3))], 1))
    mean = torch.cat(errors).mean(0).tolist()
    return dict(zip(("l1", "l1_warp", "l1_copy_source", "l1_eyes_lips", "alpha"), mean, strict=True)) | {
        "ratio": mean[0] / mean[2]
    }


def sample_sheet(generator: Generator, pairs: Pairs, rows: int = 8) -> NDArray[np.uint8]:
    """Picture of held-out pairs: source, truth, result, warped portrait, alpha; one pair a row."""
    spread = torch.linspace(0, len(pairs.source) - 1, rows).long()
    chunk = Pairs(
        pairs.source[spread],
        pairs.driving[spread],
        pairs.source_keypoints[spread],
        pairs.driving_keypoints[spread],
        pairs.weight[spread],
    )
    generator.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        out = render_pairs(generator, chunk)
    columns = [chunk.source, chunk.driving, out.frames, out.warped, out.alpha.expand(-1, 3, -1, -1)]
    sheet = torch.cat([torch.cat(list(column.float()), -2) for column in columns], -1)
    return (sheet.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy()


def train_generator(
    packed: Path,
    run: Path,
    settings: GeneratorTraining,
    *,
    start_from: Path | None = None,
    progress: Callable[[int, int, dict[str, float]], None] | None = None,
) -> Path:
    """Train until `settings.updates`, resuming the run's checkpoint if there is one.

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
    data = Pack(packed)
    size = settings.architecture.size
    pairs = PairSampler(data, size)
    held_out = PairSampler(data, size, held_out=True).first_frames(per_clip=6)
    generator = Generator(settings.architecture)
    if start_from is not None:
        generator.load_state_dict(Generator.load(start_from).state_dict())
    generator = generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(generator)
    optimiser = torch.optim.AdamW(generator.parameters(), settings.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    step, best, seconds = 0, math.inf, 0.0
    if checkpoint := load_checkpoint(run):
        generator.load_state_dict(checkpoint["generator"])
        average.load_state_dict(checkpoint["average"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        step, best, seconds = checkpoint["step"], checkpoint["best"], checkpoint["seconds"]
    log = TrainingLog(run)
    samples = run / "samples"
    samples.mkdir(exist_ok=True)
    began, sums = time.monotonic() - seconds, torch.zeros(3)
    figures: dict[str, float] = {}

    def draw(number: int) -> Pairs:
        return pairs.draw(settings.batch, np.random.default_rng((settings.seed, number)))

    loader = ThreadPoolExecutor(1)
    upcoming = loader.submit(draw, step)
    while step < settings.updates:
        rate = settings.learning_rate * min(1, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * step / settings.updates))
        for group in optimiser.param_groups:
            group["lr"] = rate
        drawn, upcoming = upcoming.result(), loader.submit(draw, step + 1)
        generator.train()
        with torch.autocast("cpu", torch.bfloat16):
            out = render_pairs(generator, drawn)
        loss = reconstruction_loss(out.frames, drawn.driving, drawn.weight, settings.gradient)
        warped = reconstruction_loss(out.warped, drawn.driving, drawn.weight, settings.gradient)
        painted = reconstruction_loss(out.paint, drawn.driving, drawn.weight, settings.gradient)
        total = loss + settings.warp * warped + settings.paint * painted + settings.own_pixels * (1 - out.alpha).mean()
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
        optimiser.step()
        step += 1
        sums += torch.tensor([loss.item(), warped.item(), painted.item()])
        _average(average, generator, min(settings.ema, step / (step + 10)))
        if step % settings.report_every == 0 or step == settings.updates:
            figures = validate(average, held_out)
            seconds = time.monotonic() - began
            recent = dict(
                zip(("train_loss", "train_warp", "train_paint"), (sums / settings.report_every).tolist(), strict=True)
            )
            sums.zero_()
            log.write(step, {**recent, "rate": rate, "seconds": seconds, **figures})
            Image.fromarray(sample_sheet(average, held_out)).save(samples / f"{step:06d}.png")
            if figures["l1"] < best:
                best = figures["l1"]
                average.save(
                    run / "best", {"training": asdict(settings), "step": step, "validation": figures, "seconds": seconds}
                )
            state = {"generator": generator.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
            save_checkpoint(run, {**state, "step": step, "best": best, "seconds": seconds})
        if progress:
            progress(step, settings.updates, figures)
    loader.shutdown(cancel_futures=True)
    log.close()
    return run / "best"


@torch.no_grad()
def _average(average: Generator, generator: Generator, decay: float) -> None:
    for kept, new in zip(average.state_dict().values(), generator.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)
