"""Train the joint flow of a forecaster: it samples whole paths from the state that the trained GRU keeps.

Only sampled paths are scored, without a likelihood, which would make the paths of few clips too wide. The scores are proper:
the CRPS of every number, the energy scores of every frame and of whole paths, and those of first and second differences, since
positions alone hardly tell a smooth path from a jittery one. Shape suffixes: B windows, M moments, K paths, T steps, D numbers.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backend.core.weights import CONFIG
from backend.forecast.displacement_bank import load_bank, save_bank
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint import JointForecaster, joint_context
from backend.forecast.joint_flow import JointFlow
from backend.forecast.metrics import crps_each, energy_score
from backend.train.data.motion import MotionSampler
from backend.train.motion_task import MotionTask
from backend.train.run import RunState, TrainingProgress, seeded, train
from backend.train.settings import JointTraining

MEASURED_AFTER = (4, 9, 13)
"""Frames seen before the paths on which their components are measured."""


class JointTask(MotionTask[Forecaster]):
    """The joint flow of a forecaster learns; the GRU stays as it is."""

    settings: JointTraining

    def __init__(self, data: Path, settings: JointTraining, start_from: Path, out: Path) -> None:
        super().__init__(data, settings, out)
        loaded = Forecaster.load(start_from)
        model = Forecaster(replace(loaded.config, joint=loaded.config.joint or settings.joint)).eval()
        model.load_state_dict(loaded.state_dict(), strict=loaded.joint is not None)
        flow = self.flow(model)
        sampler = MotionSampler(self.motions, max(MEASURED_AFTER) + flow.config.steps, settings.seed)
        windows = sampler.sample(1024)
        if loaded.joint is None:
            ends = [(windows[:, seen - 1, None], windows[:, seen : seen + flow.config.steps]) for seen in MEASURED_AFTER]
            flow.fit_components(torch.cat([path - last for last, path in ends]), model.std)
        # Units of paths, velocities and accelerations.
        self.units = [model.std, model.step_std, windows.diff(n=2, dim=1).flatten(0, 1).std(0).clamp_min(1e-5)]
        model.requires_grad_(False)
        flow.requires_grad_(True).moments.requires_grad_(False)
        self.learn(model)

    @staticmethod
    def flow(model: Forecaster) -> JointFlow:
        """Return the part that learns."""
        assert model.joint is not None  # Given to every model of this task.
        return model.joint

    def futures(self, model: Forecaster) -> JointForecaster:
        """Return what samples whole paths."""
        return JointForecaster(model)

    def losses(self, batch: Tensor, state: RunState) -> dict[str, Tensor]:
        """Compute the scores of sampled paths from random moments of windows `[B, T, D]`."""
        settings, flow, noise = self.settings, self.flow(self.model), self.noise
        rows, steps = len(batch) * settings.moments, flow.config.steps
        with torch.no_grad():
            states = self.model.states(batch)
        seen = torch.randint(settings.first, batch.shape[1] - settings.least + 1, (rows,), generator=noise)
        window = torch.arange(len(batch)).repeat_interleave(settings.moments)
        context_MC, energy_M1 = joint_context(self.model, states[window, seen - 1])
        following = seen[:, None] + torch.arange(steps)
        shown_MT = (following < batch.shape[1]).float()
        truth_MTD = batch[window[:, None], following.clamp(max=batch.shape[1] - 1)] - batch[window, seen - 1, None]
        flow.train()
        with seeded(settings.seed + state.step):  # Dropout draws from the global generator.
            given = flow.condition(context_MC, energy_M1)
            draws = torch.randn(rows * settings.paths, flow.noise_size, generator=noise)
            paths = flow.decode(given, draws, settings.paths, steps).unflatten(0, (rows, settings.paths))
        quiet_M = (energy_M1[:, 0].sqrt() + 0.15) ** -settings.quiet
        scores = self._scores(paths, truth_MTD, shown_MT, quiet_M / quiet_M.mean())
        weights = (1.0, 1.0, settings.velocity, settings.acceleration, settings.whole)
        total = torch.stack([weight * score for weight, score in zip(weights, scores.values(), strict=True)]).sum()
        return scores | {"total": total}

    def _scores(self, paths_MKTD: Tensor, truth_MTD: Tensor, shown_MT: Tensor, weight_M: Tensor) -> dict[str, Tensor]:
        """Score sampled paths; each score is a mean, and of the size of one number's.

        Args:
            paths_MKTD: displacements from the last frame.
            truth_MTD: what happened.
            shown_MT: 1 where the truth is known, else 0.
            weight_M: of every moment.
        """
        size, steps = math.sqrt(truth_MTD.shape[-1]), shown_MT.shape[1]
        step_T = torch.arange(1.0, steps + 1) ** -self.settings.near
        weight_MT = shown_MT * weight_M[:, None] * (step_T / step_T.mean())

        def mean(score_MT: Tensor) -> Tensor:
            first = steps - score_MT.shape[1]  # A second difference begins one step later.
            return (score_MT * weight_MT[:, first:]).sum() / shown_MT[:, first:].sum()

        pair = paths_MKTD, truth_MTD
        # The first difference of displacements begins with their first step.
        velocities = [torch.cat([x[..., :1, :], x.diff(dim=-2)], -2) for x in pair]
        accelerations = [velocity.diff(dim=-2) for velocity in velocities]
        (path, truth), velocity, acceleration = (
            (sampled / unit_D, true / unit_D)
            for (sampled, true), unit_D in zip((pair, velocities, accelerations), self.units, strict=True)
        )
        share_MT1 = (shown_MT / shown_MT.sum(1, keepdim=True)).sqrt()[..., None]
        whole_M1 = energy_score((path * share_MT1[:, None]).flatten(2)[:, :, None], (truth * share_MT1).flatten(1)[:, None])
        return {
            "crps": mean(crps_each(path, truth).mean(-1)),
            "frame": mean(energy_score(path, truth)) / size,
            "velocity": mean(energy_score(*velocity)) / size,
            "acceleration": mean(energy_score(*acceleration)) / size,
            "whole": (whole_M1[:, 0] * weight_M).mean() / size,
        }


def train_joint(
    data: Path,
    out: Path,
    run: Path,
    settings: JointTraining,
    *,
    start_from: Path,
    progress: TrainingProgress | None = None,
) -> dict[str, Any]:
    """Train the joint flow of a forecaster and write the best weights; return the report, as in `config.json`.

    Args:
        data: folder of recordings (see `read_split`).
        out: folder for the weights.
        run: folder of the run; a run that is there is resumed.
        settings: settings of the run.
        start_from: folder of the forecaster; if it has a joint flow, this is trained further.
        progress: called after every update.

    Raises:
        InputError: the data folder is missing or empty, or no motion is long enough.
        ModelError: the forecaster, or the checkpoint, cannot be read.
    """
    torch.set_num_threads(settings.threads)
    with seeded(settings.seed):
        task = JointTask(data, settings, start_from, out)
        state = train(task, run, progress)
    fit_joint_moments(task.best, MotionSampler(task.motions, settings.windows[0], settings.seed))
    metrics = {"held_out_energy_score": state.best, "updates": state.step, "best_update": state.best_step}
    command = "motionfan train joint --start-from MODEL --data DIR"
    joint = {"training": asdict(settings), "metrics": metrics, "command": command}
    report = json.loads((start_from / CONFIG).read_text()) | {"joint": joint}
    report.pop("architecture")
    task.best.save(out, report)
    save_bank(out, load_bank(start_from))
    return report


@torch.no_grad()
def fit_joint_moments(model: Forecaster, sampler: MotionSampler, windows: int = 256) -> None:
    """Measure y behind the joint flow's blocks while it samples paths.

    Args:
        model: the moments of its joint flow are set.
        sampler: of training motion.
        windows: whose every frame gives a context.
    """
    flow = JointTask.flow(model.eval())
    context, energy = joint_context(model, model.states(sampler.sample(windows))[:, 3:])
    context_BC = context.flatten(0, 1)
    given = flow.condition(context_BC, energy.flatten(0, 1))
    flow.moments.fit_samples(flow.read_context(context_BC), given.slow)
