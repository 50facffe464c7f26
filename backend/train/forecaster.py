"""Train a forecaster on recordings: the GRU-NF, its Gaussian rival, or the VRNN.

The best weights are those whose sampled paths have the lowest energy score on held-out people: likelihood alone picks
models that drift.
"""

from __future__ import annotations

import copy
import math
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from backend.forecast.displacement_bank import STEPS, displacements, save_bank
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.vrnn import Vrnn, VrnnConfig
from backend.keypoints.dataset import KeypointSequence, read_split, stack_windows
from backend.train.data.motion import MotionSampler, measure
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.losses import likelihood_loss, rollout_loss, surprise_quantiles, validation_score
from backend.train.schedule import set_rate

Kind = Literal["gru_nf", "gru_gaussian", "vrnn"]

BANK = 1024
"""Moments of training motion that are kept beside the weights for the baselines."""


@dataclass(frozen=True)
class ForecasterTraining:
    """Settings of a training run.

    Attributes:
        kind: which model; `gru_gaussian` is the GRU-NF without coupling blocks.
        updates: optimiser steps.
        batch: windows an update.
        window: steps of a training window (80 ms each).
        context, horizon: frames seen and forecast when paths are sampled.
        warm_up: frames at a window's start that the likelihood leaves out: the GRU knows nothing yet.
        learning_rate, weight_decay: of AdamW; the rate rises over 100 updates and falls by a cosine.
        input_noise: noise on the frames the GRU reads, in standard deviations of a step, correlated as steps are.
        target_noise: the same on the step to be explained: repeated video frames would give infinite densities.
        rollout_every, rollout_paths, rollout_rows, rollout_weight: the energy-score loss; at weight 0 there is none.
        shake_weight: of the energy score of the paths' differences.
        gaussian_weight: of the likelihood of the flow's Gaussian without its blocks.
        augment: mirror, tempo, turn, scale, shift and amplitude (`MotionSampler`).
        keep: the averaged weights that score best on held-out people, or the last ones.
        average: decay of the weights' running average, which is what is validated and kept.
        validate_every: updates between validations.
        seed: of everything random.
        minutes: stop after this long (0: never), with the rate brought down in time.
        architecture: of the GRU-NF and its Gaussian rival; the VRNN has the predecessors' sizes.
        threads: of torch; the tensors are small, a second thread gains little and loses much when cores are shared.
    """

    kind: Kind = "gru_nf"
    updates: int = 3000
    batch: int = 48
    window: int = 32
    context: int = 8
    horizon: int = 16
    warm_up: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    input_noise: float = 0.0
    target_noise: float = 0.02
    rollout_every: int = 1
    rollout_paths: int = 4
    rollout_rows: int = 32
    rollout_weight: float = 0.0
    shake_weight: float = 0.5
    gaussian_weight: float = 0.2
    augment: bool = True
    keep: Literal["best", "last"] = "best"
    average: float = 0.998
    validate_every: int = 100
    seed: int = 0
    minutes: float = 0.0
    threads: int = 1
    architecture: ForecasterConfig = field(default_factory=ForecasterConfig)


def train_forecaster(
    data: Path,
    output: Path,
    runs: Path,
    training: ForecasterTraining | None = None,
    *,
    start_from: Path | None = None,
    resume: bool = True,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a forecaster and write the best weights.

    Args:
        data: folder of `clips.csv` and landmark recordings (see `backend.keypoints.dataset.read_split`).
        output: folder for the weights, e.g. `models/forecaster`.
        runs: folder for `checkpoint.pt`, `log.jsonl` and TensorBoard events.
        training: settings.
        start_from: folder of a forecaster to go on from, with its architecture and statistics; random weights by default.
        resume: go on from `runs/checkpoint.pt` where there is one.
        quiet: no progress bar.

    Returns:
        What is also written to `config.json`: settings, seed, data, metrics.

    Raises:
        InputError: the data folder is missing, empty or holds no long enough motion.
        ModelError: the weights to start from cannot be read.
    """
    training = training or ForecasterTraining()
    torch.set_num_threads(training.threads)
    motions = read_split(data, "train")
    held_out = torch.from_numpy(stack_windows(read_split(data, "val"), training.context + training.horizon, 12)[0])
    run = _Run(training, motions, runs, resume, start_from)
    with Progress(
        TextColumn("forecaster"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}  held out {task.fields[best]:.4f}"), disable=quiet,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=training.updates, completed=run.update, loss=math.nan, best=run.best)
        while not run.finished:
            loss = run.advance()
            if run.update % training.validate_every == 0 or run.finished:
                run.validate(held_out)
            progress.update(task, completed=run.update, loss=loss, best=run.best)
    run.close()
    model = run.best_model()
    if isinstance(model, Forecaster):
        model.surprise_quantiles.copy_(surprise_quantiles(model, MotionSampler(motions, 24, training.seed)))
    clips, people = {motion.clip for motion in motions}, {motion.person for motion in motions}
    report: dict[str, Any] = {
        "kind": training.kind,
        "training": asdict(training) | {"architecture": asdict(model.config)},
        "data": {
            "clips": len(clips),
            "people": len(people),
            "held_out_windows": len(held_out),
            "layout": motions[0].layout,
            "train_recordings": sorted(Path(clip).stem for clip in clips),
        },
        "metrics": {"held_out_energy_score": run.best, "updates": run.update, "best_update": run.best_update},
        "command": "motionfan train forecaster --data DIR"
        + (f" --kind {training.kind}" if training.kind != "gru_nf" else "")
        + (" --likelihood-only" if not training.augment else ""),
    }
    model.save(output, report)
    if isinstance(model, Forecaster):
        save_bank(output, displacements(MotionSampler(motions, STEPS + 1, training.seed).draw(BANK, augment=False)))
    return report


def trained(training: ForecasterTraining, folder: Path) -> Forecaster | Vrnn:
    """Return a copy of the model in a folder, its statistics too, ready to learn on."""
    loaded = Vrnn.load(folder) if training.kind == "vrnn" else Forecaster.load(folder)
    model = Vrnn(loaded.config) if isinstance(loaded, Vrnn) else Forecaster(loaded.config)
    model.load_state_dict(loaded.state_dict())
    return model


def untrained(training: ForecasterTraining) -> Forecaster | Vrnn:
    """Return a model of the wanted kind with random weights."""
    if training.kind == "vrnn":
        return Vrnn(VrnnConfig(features=training.architecture.features))
    blocks = 0 if training.kind == "gru_gaussian" else training.architecture.blocks
    return Forecaster(replace(training.architecture, blocks=blocks))


class _Run:
    """The mutable part of a training run: weights, optimiser, random state, best so far; saved and resumed as a whole."""

    def __init__(
        self, training: ForecasterTraining, motions: list[KeypointSequence], folder: Path, resume: bool, start_from: Path | None
    ) -> None:
        self._log = TrainingLog(folder)
        self._training, self._folder = training, folder
        self._generator = torch.Generator().manual_seed(training.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed)
            self._model = untrained(training) if start_from is None else trained(training, start_from)
        if start_from is None:
            first_look = MotionSampler(motions, training.window, training.seed).draw(1024)
            self._model.set_statistics(measure(first_look, self._model.config.mean_frames))
        self._average = copy.deepcopy(self._model).requires_grad_(False).eval()
        self._best = copy.deepcopy(self._average.state_dict())
        self._optimiser = torch.optim.AdamW(
            self._model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
        )
        self.update, self.best, self.best_update = 0, math.inf, 0
        self._spent = 0.0
        if resume and (state := load_checkpoint(folder)):
            self._restore(state)
        # A resumed run draws other windows than it has seen, and the same ones as any run resumed here.
        self._sampler = MotionSampler(motions, training.window, training.seed + 1 + self.update)
        self._since = time.monotonic() - self._spent
        self._seen: dict[str, list[float]] = defaultdict(list)

    @property
    def progress(self) -> float:
        """Share of the run that is done, by updates or by minutes, whichever is further."""
        done = self.update / self._training.updates
        if self._training.minutes:
            done = max(done, (time.monotonic() - self._since) / 60 / self._training.minutes)
        return min(done, 1.0)

    @property
    def finished(self) -> bool:
        """Whether updates or minutes are used up."""
        return self.progress >= 1.0

    def advance(self) -> float:
        """Make one update; return its likelihood loss."""
        training, model = self._training, self._model.train()
        flat = self._sampler.draw(training.batch, training.augment)
        # Dropout knows only the global generator: lend it one of ours.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(training.seed + self.update)
            likelihood, side = likelihood_loss(model, flat, training, self._generator)
        loss = likelihood + side
        if training.rollout_weight and self.update % training.rollout_every == 0:
            score = rollout_loss(model, flat[: training.rollout_rows], training, self._generator)
            loss = loss + training.rollout_weight * score
            self._seen["energy_score"].append(score.item())
        self._optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        set_rate(self._optimiser, training.learning_rate, self.update, self.progress, warm_up=100)
        if torch.isfinite(norm):
            self._optimiser.step()
        self.update += 1
        decay = min(training.average, self.update / (self.update + 10))
        for kept, new in zip(self._average.parameters(), model.parameters(), strict=True):
            kept.lerp_(new.detach(), 1 - decay)
        self._seen["nll"].append(likelihood.item())
        self._seen["side"].append(side.item())
        return likelihood.item()

    def validate(self, held_out: Tensor) -> None:
        """Score the averaged weights, keep them when best, write the logs and the checkpoint."""
        score = validation_score(self._average, held_out, self._training)
        if score < self.best or self._training.keep == "last":
            self.best, self.best_update = score, self.update
            self._best = copy.deepcopy(self._average.state_dict())
        means = {name: sum(values) / len(values) for name, values in self._seen.items()}
        self._seen.clear()
        self._log.write(self.update, means | {"held_out_energy_score": score})
        save_checkpoint(self._folder, self._state())

    def best_model(self) -> Forecaster | Vrnn:
        """Return the best averaged weights."""
        self._average.load_state_dict(self._best)
        return self._average

    def close(self) -> None:
        """Close the logs."""
        self._log.close()

    def _state(self) -> dict[str, Any]:
        return {
            "model": self._model.state_dict(),
            "average": self._average.state_dict(),
            "best_weights": self._best,
            "optimiser": self._optimiser.state_dict(),
            "generator": self._generator.get_state(),
            "update": self.update,
            "best": self.best,
            "best_update": self.best_update,
            "spent": time.monotonic() - self._since,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._model.load_state_dict(state["model"])
        self._average.load_state_dict(state["average"])
        self._best = state["best_weights"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._generator.set_state(state["generator"])
        self.update, self.best, self.best_update = state["update"], state["best"], state["best_update"]
        self._spent = state["spent"]
