"""`motionfan train detector`: a First Order Motion Model learns, from any videos, what moves (Siarohin et al. 2019).

Two frames of one video: keypoints are found in both, and the second is rebuilt from the first. Beside that only
equivariance is asked for. Nobody labels anything; see `losses` for what is compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from backend.animate.fomm.generator import GeneratorSize
from backend.animate.fomm.hourglass import HourglassSize
from backend.animate.fomm.model import Fomm, FommConfig
from backend.core.errors import InputError, ModelError
from backend.core.process import configure_process
from backend.train.detector.losses import crowding, equivariance, motion_weight
from backend.train.detector.measure import sample_sheet, validate
from backend.train.detector.tps import ThinPlate
from backend.train.detector.videos import VideoSet
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.picture_losses import reconstruction_loss
from backend.train.schedule import set_rate

SIZES = (64, 128, 256)
"""Edges of the pictures that can be trained on."""


@dataclass(frozen=True)
class DetectorTraining:
    """How to train a detector.

    Attributes:
        size: edge of the pictures.
        keypoints: N.
        updates: optimiser steps in all; the learning rate falls to 0 over them (cosine).
        minutes: stop after this long, 0 does not; the learning rate then follows the time instead of the updates.
        batch: pairs per update.
        learning_rate: of Adam, betas 0.5 and 0.999 as in the paper, after 50 updates of warm-up.
        reconstruction, value, jacobian: weights of the paper's losses. It gives 10 to each; its features of a VGG network
            are about a hundred times larger than pixel differences, hence the first.
        crowding: weight of what the paper does not have: keypoints that sit on one another pay, or in a short training all
            of them would follow what is easiest to follow.
        moving: share of the reconstruction's weight that lies where the two pictures differ.
        report_every: updates between validations, checkpoints and sample sheets.
        seed: of fresh weights and of the data order.
        threads: of torch.
    """

    size: int = 64
    keypoints: int = 10
    updates: int = 5000
    minutes: float = 0.0
    batch: int = 8
    learning_rate: float = 1e-3
    reconstruction: float = 50.0
    value: float = 10.0
    jacobian: float = 10.0
    crowding: float = 5.0
    moving: float = 0.5
    report_every: int = 200
    seed: int = 0
    threads: int = 2

    def architecture(self) -> FommConfig:
        """Sizes that a CPU can train: about a hundredth of the published model's work per picture."""
        if self.size not in SIZES:
            raise InputError("size", f"A detector is trained at {', '.join(map(str, SIZES))} pixels, not {self.size}.")
        hourglass = HourglassSize(width=12, widest=128, depth=4, factor=self.size // 32)
        # Few pixels are warped as they are: halved, they would only come out blurred.
        generator = GeneratorSize(width=20, widest=80, halvings=self.size.bit_length() - 7, residuals=2)
        return FommConfig(self.keypoints, self.keypoints, 3, True, hourglass, hourglass, generator, self.size)


def losses(model: Fomm, source: Tensor, driving: Tensor, plate: ThinPlate, moving: float) -> dict[str, Tensor]:
    """Reconstruction of `driving` from `source` (`[B, 3, S, S]`); equivariance and crowding of the driving keypoints."""
    count = len(source)
    found = model.detect(torch.cat([source, driving, plate.deform(driving)]))
    ours, theirs, deformed = found[:count], found[count : 2 * count], found[2 * count :]
    frames = model(source, ours, theirs)
    value, jacobian = equivariance(theirs, deformed, plate)
    rebuilt = reconstruction_loss(frames, driving, motion_weight(source, driving, moving), structure=0.2)
    return {"reconstruction": rebuilt, "value": value, "jacobian": jacobian, "crowding": crowding(theirs)}


def train_detector(
    data: Path, out: Path, settings: DetectorTraining, *, progress: Callable[[int, int, dict[str, float]], None] | None = None
) -> dict[str, float]:
    """Train until `settings.updates`, going on from the checkpoint if there is one.

    Args:
        data: folder of videos; see `VideoSet.read`.
        out: folder for weights and config, and under `run/` for checkpoint, log and sample sheets.
        settings: how to train.
        progress: called with (updates done, updates in all, latest figures).

    Returns:
        The last validation's figures.

    Raises:
        InputError: the data cannot be used.
        ModelError: the checkpoint cannot be read, or is of other sizes.
    """
    configure_process(settings.threads)
    videos = VideoSet.read(data, settings.size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        # Channels last: half again as fast on a CPU.
        model = Fomm(settings.architecture()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(model.parameters(), settings.learning_rate, betas=(0.5, 0.999))
    run = out / "run"
    step, seconds = 0, 0.0
    if checkpoint := load_checkpoint(run):
        if checkpoint["architecture"] != asdict(model.config):
            raise ModelError(
                "checkpoint_other", f"The run in {run} is of other sizes.", "Choose another folder, or its settings."
            )
        model.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        step, seconds = checkpoint["step"], checkpoint["seconds"]
    log, began = TrainingLog(run), time.monotonic() - seconds
    figures = _report(model, videos, run, step)
    log.write(step, figures)
    sums, since = dict[str, float](), 0
    while (share := _share(settings, step, time.monotonic() - began)) < 1:
        set_rate(optimiser, settings.learning_rate, step, share, warm_up=50)
        parts = _update(model, optimiser, videos, settings, step)
        sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
        step, since, seconds = step + 1, since + 1, time.monotonic() - began
        if step % settings.report_every == 0 or _share(settings, step, seconds) >= 1:
            figures = _report(model, videos, run, step)
            log.write(step, {**{name: value / since for name, value in sums.items()}, "seconds": seconds, **figures})
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "architecture": asdict(model.config)}
            save_checkpoint(run, {**state, "step": step, "seconds": seconds})
            model.save(out, {"training": asdict(settings), "step": step, "validation": figures, "seconds": seconds})
            sums, since = {}, 0
        if progress:
            progress(step, settings.updates, figures)
    log.close()
    return figures


def _share(settings: DetectorTraining, step: int, seconds: float) -> float:
    """How much of the training is done, from 0 to 1 and beyond: by updates or by time, whichever ends first."""
    return max(step / settings.updates, seconds / (60 * settings.minutes) if settings.minutes else 0.0)


def _update(
    model: Fomm, optimiser: torch.optim.Optimizer, videos: VideoSet, settings: DetectorTraining, step: int
) -> dict[str, float]:
    model.train()
    source, driving = videos.draw(settings.batch, np.random.default_rng((settings.seed, step)))
    plate = ThinPlate.draw(settings.batch, torch.Generator().manual_seed(settings.seed * 1_000_003 + step))
    parts = losses(model, source, driving, plate, settings.moving)
    total = sum((getattr(settings, name) * part for name, part in parts.items()), torch.zeros(()))
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimiser.step()
    return {name: part.item() for name, part in parts.items()}


def _report(model: Fomm, videos: VideoSet, run: Path, step: int) -> dict[str, float]:
    model.eval()
    samples = run / "samples"
    samples.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sample_sheet(model, videos.held_out)).save(samples / f"{step:06d}.png")
    return validate(model, videos.train, videos.held_out)
