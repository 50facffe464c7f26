"""The base of trainings whose model forecasts motion: data, validation, and the weights that are kept."""

from __future__ import annotations

import copy
from abc import abstractmethod
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from backend.forecast.futures_model import FuturesModel
from backend.forecast.metrics import energy_score
from backend.forecast.steps import StepModel
from backend.forecast.vrnn import Vrnn
from backend.keypoints.dataset import read_split, stack_windows
from backend.train.data.motion import MotionSampler
from backend.train.run import Task
from backend.train.settings import MotionTraining

M = TypeVar("M", bound=StepModel)

VALIDATION_PATHS = 20
"""Sampled paths of a window in validation."""


class MotionTask(Task[M, Tensor]):
    """A model learns from windows of training people's motion; `best` holds the best averaged weights so far.

    The best weights are those whose sampled paths have the lowest energy score on held-out people.

    Args:
        data: folder of recordings (see `read_split`).
        settings: of the run.
        out: folder for the weights.

    Raises:
        InputError: the data folder is missing or empty, or no motion is long enough.
    """

    score = "held_out_energy_score"
    settings: MotionTraining
    best: M

    def __init__(self, data: Path, settings: MotionTraining, out: Path) -> None:
        super().__init__(settings, out)
        self.motions = read_split(data, "train")
        self.held_out = torch.from_numpy(stack_windows(read_split(data, "val"), settings.context + settings.horizon, 12)[0])

    def learn(self, model: M) -> None:
        """Train this model: all of its parameters that require gradients."""
        self.model, self.best = model, copy.deepcopy(model).requires_grad_(False).eval()
        learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(learned, self.settings.learning_rate, weight_decay=self.settings.weight_decay)
        self.parts = {"best": self.best}

    def start(self, step: int) -> None:
        """Seed the samplers by the step, so that a resumed run samples new windows."""
        seed = self.settings.seed + 1 + step
        self.samplers = [MotionSampler(self.motions, length, seed) for length in self.settings.windows]

    def batch(self, step: int) -> Tensor:
        """Sample windows `[B, T, D]`."""
        return self.samplers[step % len(self.samplers)].sample(self.settings.batch, self.settings.augment)

    @abstractmethod
    def futures(self, model: M) -> FuturesModel | Vrnn:
        """Return what samples futures with this model."""

    def validate(self, model: M) -> dict[str, float]:
        """Measure the averaged model, as `score_of`."""
        return self.score_of(self.futures(model))

    @torch.no_grad()
    def score_of(self, futures: FuturesModel | Vrnn) -> dict[str, float]:
        """Measure the energy score of sampled paths on windows of held-out people, with one fixed seed."""
        context, horizon, std = self.settings.context, self.settings.horizon, self.best.std
        state = futures.observe(self.held_out[:, :context])
        paths = futures.sample(state, VALIDATION_PATHS, horizon, torch.Generator().manual_seed(1)).paths
        return {self.score: float(energy_score(paths / std, self.held_out[:, context:] / std).mean())}

    def save(self, model: M, report: dict[str, Any]) -> None:
        """Keep the weights; they are written at the end."""
        self.best.load_state_dict(model.state_dict())
