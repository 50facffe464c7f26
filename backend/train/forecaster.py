"""Train a forecaster on recordings: the GRU-NF, its Gaussian rival, or the VRNN.

The best weights are those whose sampled paths have the lowest energy score on held-out people: likelihood alone picks
models that drift.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backend.forecast.displacement_bank import STEPS, displacements, save_bank
from backend.forecast.gru_nf import Forecaster
from backend.forecast.vrnn import Vrnn, VrnnConfig
from backend.keypoints.dataset import read_split, stack_windows
from backend.train.data.motion import MotionSampler, measure_statistics
from backend.train.forecaster_losses import likelihood_loss, rollout_loss, surprise_quantiles, validation_score
from backend.train.run import Task, TrainingProgress, seeded, train
from backend.train.settings import ForecasterTraining

BANK = 1024
"""Windows of training motion that are kept beside the weights for the baselines."""


class ForecasterTask(Task[Forecaster | Vrnn, Tensor]):
    """A forecaster learns from stack_windows of training people.

    Args:
        data: folder of `clips.csv` and recordings.
        settings: settings of the run.
        start_from: folder of weights to continue from, with their architecture and statistics.
        out: folder of the best weights.

    Attributes:
        best: the best averaged weights so far.
    """

    score = "held_out_energy_score"

    def __init__(self, data: Path, settings: ForecasterTraining, start_from: Path | None, out: Path) -> None:
        super().__init__(settings, out)
        self.training, self.motions = settings, read_split(data, "train")
        self.held_out = torch.from_numpy(stack_windows(read_split(data, "val"), settings.context + settings.horizon, 12)[0])
        self.model = initial_model(settings, start_from)
        if start_from is None:
            sample = MotionSampler(self.motions, settings.window, settings.seed).sample(1024)
            self.model.set_statistics(measure_statistics(sample, self.model.config.mean_frames))
        self.best = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.parts = {"best": self.best}

    def start(self, step: int) -> None:
        """Prepare the windows; a resumed run samples others than it has seen."""
        self.sampler = MotionSampler(self.motions, self.training.window, self.training.seed + 1 + step)

    def batch(self, step: int) -> Tensor:
        """Sample stack_windows `[B, T, D]`."""
        return self.sampler.sample(self.training.batch, self.training.augment)

    def losses(self, batch: Tensor, step: int, share: float) -> dict[str, Tensor]:
        """Compute the likelihood loss, the losses beside it, and the energy score of sampled paths."""
        training, model = self.training, self.model.train()
        with seeded(training.seed + step):  # Dropout draws from the global generator.
            likelihood, side = likelihood_loss(model, batch, training, self.noise)
            losses = {"nll": likelihood, "side": side, "total": likelihood + side}
            if training.rollout_weight and step % training.rollout_every == 0:
                score = rollout_loss(model, batch[: training.rollout_rows], training, self.noise)
                losses |= {"energy_score": score, "total": losses["total"] + training.rollout_weight * score}
        return losses

    def validate(self, model: Forecaster | Vrnn) -> dict[str, float]:
        """Score sampled paths on held-out people."""
        return {self.score: validation_score(model, self.held_out, self.training)}

    def save(self, model: Forecaster | Vrnn, report: dict[str, Any]) -> None:
        """Keep the weights; `train_forecaster` writes the best ones at the end."""
        self.best.load_state_dict(model.state_dict())


def train_forecaster(
    data: Path,
    output: Path,
    runs: Path,
    training: ForecasterTraining | None = None,
    *,
    start_from: Path | None = None,
    progress: TrainingProgress | None = None,
) -> dict[str, Any]:
    """Train a forecaster and write the best weights.

    Args:
        data: folder of `clips.csv` and landmark recordings (see `backend.keypoints.dataset.read_split`).
        output: folder for the weights, e.g. `models/forecaster`.
        runs: folder of the run; a run that is there is resumed.
        training: settings.
        start_from: folder of a forecaster to continue from; random weights by default.
        progress: called after every update.

    Returns:
        What is also written to `config.json`: settings, seed, data, metrics.

    Raises:
        InputError: the data folder is missing, empty or holds no long enough motion.
        ModelError: the weights to start from, or the checkpoint, cannot be read.
    """
    training = training or ForecasterTraining()
    torch.set_num_threads(training.threads)
    with seeded(training.seed):
        task = ForecasterTask(data, training, start_from, output)
        state = train(task, runs, progress)
    model, motions = task.best, task.motions
    clips, people = {motion.clip for motion in motions}, {motion.person for motion in motions}
    used = {"layout": motions[0].layout, "train_recordings": sorted(Path(clip).stem for clip in clips)}
    report: dict[str, Any] = {
        "kind": training.kind,
        "training": asdict(training) | {"architecture": asdict(model.config)},
        "data": {"clips": len(clips), "people": len(people), "held_out_windows": len(task.held_out), **used},
        "metrics": {"held_out_energy_score": state.best, "updates": state.step, "best_update": state.best_step},
        "command": "motionfan train forecaster --data DIR"
        + (f" --kind {training.kind}" if training.kind != "gru_nf" else "")
        + (" --likelihood-only" if not training.augment else ""),
    }
    if isinstance(model, Forecaster):
        model.surprise_quantiles.copy_(surprise_quantiles(model, MotionSampler(motions, 24, training.seed)))
    model.save(output, report)
    if isinstance(model, Forecaster):
        save_bank(output, displacements(MotionSampler(motions, STEPS + 1, training.seed).sample(BANK, augment=False)))
    return report


def initial_model(training: ForecasterTraining, start_from: Path | None) -> Forecaster | Vrnn:
    """Return a model of the wanted kind: with random weights, or a copy of the one in a folder."""
    if start_from is not None:
        loaded = Vrnn.load(start_from) if training.kind == "vrnn" else Forecaster.load(start_from)
        model = Vrnn(loaded.config) if isinstance(loaded, Vrnn) else Forecaster(loaded.config)
        model.load_state_dict(loaded.state_dict())
        return model
    if training.kind == "vrnn":
        return Vrnn(VrnnConfig(features=training.architecture.features))
    blocks = 0 if training.kind == "gru_gaussian" else training.architecture.blocks
    return Forecaster(replace(training.architecture, blocks=blocks))
