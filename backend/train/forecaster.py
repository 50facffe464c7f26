"""Train a forecaster on recordings: the GRU-NF, its Gaussian rival, or the VRNN.

The best weights are those whose sampled paths have the lowest energy score on held-out people: likelihood alone picks
models that drift. The energy score also trains the model on its own samples: with little data, a model of one step drifts
over many.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.weights import CONFIG
from backend.forecast.displacement_bank import STEPS, displacements, save_bank
from backend.forecast.gru_nf import Forecaster
from backend.forecast.joint import JointForecaster
from backend.forecast.metrics import energy_score
from backend.forecast.vrnn import Vrnn, VrnnConfig
from backend.train.data.motion import MotionSampler, measure_statistics
from backend.train.joint import fit_joint_moments
from backend.train.motion_task import MotionTask
from backend.train.run import RunState, TrainingProgress, seeded, train
from backend.train.settings import ForecasterTraining

FIXED = ("mean", "std", "step_std", "whiten", "slow_ZDT", "fast_std_DT", "directions_DD", "courses_TT")
"""Buffers that weights can only be averaged with if they are the same."""


class ForecasterTask(MotionTask[Forecaster | Vrnn]):
    """A forecaster learns to forecast step by step."""

    settings: ForecasterTraining

    def __init__(self, data: Path, settings: ForecasterTraining, start_from: Path | None, out: Path) -> None:
        super().__init__(data, settings, out)
        model = initial_forecaster(settings, start_from)
        if start_from is None:
            sample = MotionSampler(self.motions, settings.windows[0], settings.seed).sample(1024)
            model.set_statistics(measure_statistics(sample, model.config.mean_frames))
        self.learn(model)

    def futures(self, model: Forecaster | Vrnn) -> Forecaster | Vrnn:
        """Return the model itself."""
        return model

    def losses(self, batch: Tensor, state: RunState) -> dict[str, Tensor]:
        """Compute the likelihood loss, the losses beside it, and the energy score of sampled paths."""
        settings = self.settings
        self.model.train()
        with seeded(settings.seed + state.step):  # Dropout draws from the global generator.
            likelihood, side = self._likelihood(batch)
            losses = {"nll": likelihood, "side": side, "total": likelihood + side}
            if settings.rollout_weight and state.step % settings.rollout_every == 0:
                score = self._rollout_score(batch[: settings.rollout_rows])
                losses |= {"energy_score": score, "total": losses["total"] + settings.rollout_weight * score}
        return losses

    def _likelihood(self, flat_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the negative log-likelihood of the next steps per number (VRNN: its bound), and the loss beside it.

        That is the likelihood of the flow's Gaussian without its blocks (VRNN: 0).
        """
        settings, model = self.settings, self.model
        noise = torch.randn(flat_BTD.shape, generator=self.noise)
        # Each window has its own noise level, from 0 to the full one: a live stream may be clean or jittery.
        level = torch.rand(len(flat_BTD), 1, 1, generator=self.noise) * settings.input_noise
        noisy = flat_BTD + (noise * level) @ model.unwhiten
        first = settings.warm_up
        if isinstance(model, Vrnn):
            bound = model.elbo(flat_BTD, first, generator=self.noise, read_BTD=noisy)
            return bound, torch.zeros_like(bound)
        h, _ = model.hidden_states(noisy)
        step = model.encode_step(flat_BTD[:, first - 1 : -1], flat_BTD[:, first:]).flatten(0, 1)
        step = step + settings.target_noise * torch.randn(step.shape, generator=self.noise)
        given = model.condition(h[:, first - 1 : -1].flatten(0, 1))
        # The Gaussian alone must explain the steps too: so the flow's y has about unit variance in every context.
        gaussian = given.log_scale.mean() + 0.5 * given.normalise(step).clamp(-10, 10).square().mean()
        return -given.log_prob(step).mean() / step.shape[-1], settings.gaussian_weight * gaussian

    def _rollout_score(self, flat_BTD: Tensor) -> Tensor:
        """Compute the energy score of sampled paths, mean over steps, in standardised units; differentiable.

        A random part at the windows' start is the context. The same score of the paths' first and second differences, in
        units of the data's, is added with `jitter_weight`: the positions alone hardly tell a smooth path from a jittery one.
        """
        settings, model = self.settings, self.model
        k, h = settings.rollout_paths, settings.horizon
        longest = flat_BTD.shape[1] - h
        context = int(torch.randint(min(settings.context, longest), longest + 1, (), generator=self.noise))
        state = model.observe(flat_BTD[:, :context])
        noise = torch.randn(h, len(flat_BTD) * k, model.noise_size, generator=self.noise)
        paths = model.rollout(state.expand(k), noise).unflatten(0, (-1, k)) / model.std
        truth = flat_BTD[:, context : context + h] / model.std
        score, unit = energy_score(paths, truth).mean(), model.step_std / model.std
        for order in (1, 2):
            predicted, true = paths.diff(n=order, dim=2), truth.diff(n=order, dim=1)
            score = score + settings.jitter_weight * energy_score(predicted / unit, true / unit).mean()
        return score


def train_forecaster(
    data: Path,
    out: Path,
    run: Path,
    settings: ForecasterTraining,
    *,
    start_from: Path | None = None,
    progress: TrainingProgress | None = None,
) -> dict[str, Any]:
    """Train a forecaster and write the best weights; return settings, seed, data and metrics, as in `config.json`.

    Args:
        data: folder of `clips.csv` and landmark recordings (see `backend.keypoints.dataset.read_split`).
        out: folder for the weights, e.g. `models/forecaster`.
        run: folder of the run; a run that is there is resumed.
        settings: settings of the run.
        start_from: folder of a forecaster to continue from, with its architecture and statistics.
        progress: called after every update.

    Raises:
        InputError: the data folder is missing or empty, or no motion is long enough.
        ModelError: the weights to start from, or the checkpoint, cannot be read.
    """
    torch.set_num_threads(settings.threads)
    with seeded(settings.seed):
        task = ForecasterTask(data, settings, start_from, out)
        state = train(task, run, progress)
    command = "motionfan train forecaster --data DIR"
    command += f" --kind {settings.kind}" if settings.kind != "gru_nf" else ""
    command += " --likelihood-only" if not settings.augment else ""
    command += " --stage scores --start-from MODEL" if settings.rollout_weight else ""
    metrics = {"held_out_energy_score": state.best, "updates": state.step, "best_update": state.best_step}
    clips, people = {motion.clip for motion in task.motions}, {motion.person for motion in task.motions}
    used = {"layout": task.motions[0].layout, "train_recordings": sorted(Path(clip).stem for clip in clips)}
    report = {
        "kind": settings.kind,
        "training": asdict(settings) | {"architecture": asdict(task.best.config)},
        "data": {"clips": len(clips), "people": len(people), "held_out_windows": len(task.held_out), **used},
        "metrics": metrics,
        "command": command,
    }
    return _finish(task, report)


def average_forecasters(data: Path, models: Sequence[Path], out: Path, settings: ForecasterTraining) -> dict[str, Any]:
    """Average the weights of GRU-NFs that were trained further from the same one, and write the result.

    The average generalises better than each of them (Wortsman et al. 2022, "Model soups", arXiv 2203.05482). Moments and
    quantiles, which do not average, are measured again.

    Args:
        data: folder of the recordings that they were trained on.
        models: their folders.
        out: folder for the weights.
        settings: `seed`, `context` and `horizon` are used.

    Returns:
        The report in `config.json`.

    Raises:
        InputError: as `train_forecaster`; `models_differ`: they do not have one architecture and statistics in common.
        ModelError: a model cannot be read.
    """
    members = [Forecaster.load(folder).state_dict() for folder in models]
    task = ForecasterTask(data, settings, models[0], out)
    fixed = [name for name, _ in task.best.named_buffers() if name.rpartition(".")[2] in FIXED]
    for folder, member in zip(models, members, strict=True):
        alike = member.keys() == members[0].keys() and all(member[name].shape == members[0][name].shape for name in member)
        if not alike or any(not torch.equal(member[name], members[0][name]) for name in fixed):
            message = f"{folder} and {models[0]} were not trained from the same forecaster."
            raise InputError("models_differ", message, "Train both with --start-from the same folder.")
    mean = {name: torch.stack([member[name].double() for member in members]).mean(0) for name in members[0]}
    task.best.load_state_dict({name: value.to(members[0][name]) for name, value in mean.items()})
    futures = JointForecaster(task.best) if isinstance(task.best, Forecaster) and task.best.joint else task.best
    average = task.score_of(futures) | {"models": len(models), "command": "motionfan train average MODEL... --data DIR"}
    report: dict[str, Any] = json.loads((models[0] / CONFIG).read_text()) | {"average": average}
    report.pop("architecture")
    return _finish(task, report)


def _finish(task: ForecasterTask, report: dict[str, Any]) -> dict[str, Any]:
    """Measure what the weights need beyond their training, write all, and return the report."""
    model, motions, seed = task.best, task.motions, task.settings.seed
    if isinstance(model, Forecaster):
        fit_moments(model, MotionSampler(motions, task.settings.windows[0], seed))
        if model.joint is not None:
            fit_joint_moments(model, MotionSampler(motions, task.settings.windows[0], seed))
        model.surprise_quantiles.copy_(surprise_quantiles(model, MotionSampler(motions, 24, seed)))
    model.save(task.out, report)
    if isinstance(model, Forecaster):
        save_bank(task.out, displacements(MotionSampler(motions, STEPS + 1, seed).sample(1024, augment=False)))
    return report


def initial_forecaster(settings: ForecasterTraining, start_from: Path | None) -> Forecaster | Vrnn:
    """Return a model of the wanted kind: with random weights, or a copy of the one in a folder."""
    if start_from is not None:
        loaded = Vrnn.load(start_from) if settings.kind == "vrnn" else Forecaster.load(start_from)
        model = Vrnn(loaded.config) if isinstance(loaded, Vrnn) else Forecaster(loaded.config)
        model.load_state_dict(loaded.state_dict())
        return model
    if settings.kind == "vrnn":
        return Vrnn(VrnnConfig(features=settings.architecture.features))
    blocks = 0 if settings.kind == "gru_gaussian" else settings.architecture.blocks
    return Forecaster(replace(settings.architecture, blocks=blocks))


@torch.no_grad()
def fit_moments(model: Forecaster, sampler: MotionSampler, windows: int = 256) -> None:
    """Measure y behind the blocks while the model samples the next step.

    Args:
        model: its `moments` are set.
        sampler: of training motion.
        windows: whose every frame gives a context.
    """
    if not model.config.blocks:
        return
    h, _ = model.eval().hidden_states(sampler.sample(windows))
    context = h[:, 3:].flatten(0, 1).flatten(1)
    model.moments.fit_samples(context, model.flow(context))


@torch.no_grad()
def surprise_quantiles(model: Forecaster, sampler: MotionSampler) -> Tensor:
    """Compute `[101]` quantiles of -log_prob of the true next frame, from frame 9 of 320 windows on."""
    values = []
    for _ in range(20):
        flat = sampler.sample(16, augment=False)
        state = model.observe(flat[:, :8])
        for frame in flat[:, 8:].unbind(1):
            values.append(-model.log_prob(state, frame))
            state = model.step(state, frame)
    return torch.quantile(torch.cat(values), torch.linspace(0, 1, 101))
