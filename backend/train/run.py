"""The training loop of every model: schedule, moving average, validation, best weights, checkpoints, logs and sample sheets.

To train a new model, write a `Task` and pass it to `train`.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.optim import Optimizer

from backend.core.errors import ModelError
from backend.train.log import TrainingLog, load_checkpoint, save_checkpoint
from backend.train.schedule import averaged, cosine_lr
from backend.train.settings import RunSettings

TrainingProgress = Callable[[int, int, dict[str, float]], None]
"""Called with updates done, updates expected in all, and the figures of the last validation."""


Model = TypeVar("Model", bound=nn.Module)
Batch = TypeVar("Batch")


class Task(ABC, Generic[Model, Batch]):
    """What is particular to the training of one model; `train` does the rest. For example:

        class LineTask(Task[nn.Linear, Tensor]):
            score = "error"

            def __init__(self, settings: RunSettings, out: Path) -> None:
                super().__init__(settings, out)
                self.model = nn.Linear(1, 1)
                self.optimiser = torch.optim.Adam(self.model.parameters())

            def batch(self, step: int) -> Tensor:
                return torch.rand(self.settings.batch, 1, generator=torch.Generator().manual_seed(step))

            def losses(self, batch: Tensor, step: int, share: float) -> dict[str, Tensor]:
                return {"total": (self.model(batch) - 2 * batch).square().mean()}

            def validate(self, model: nn.Linear) -> dict[str, float]:
                return {"error": abs(model.weight.item() - 2)}

            def save(self, model: nn.Linear, report: dict[str, Any]) -> None:
                torch.save(model.state_dict(), self.out / "line.pt")

    Attributes:
        score: name of the validation figure by which weights are best; lower is better.
        model: the model; it is only resumed with the same `config`, if it has one (a dataclass).
        optimiser: the optimiser of the parameters that learn.
        settings: length of the run and so on.
        out: folder of the best weights.
        noise: source of the losses' noise; checkpoints hold its state.
        parts: whatever else checkpoints must hold by its `state_dict`, e.g. discriminators and their optimiser.
    """

    score: str
    model: Model
    optimiser: Optimizer

    def __init__(self, settings: RunSettings, out: Path) -> None:
        self.settings, self.out = settings, out
        self.noise = torch.Generator().manual_seed(settings.seed)
        self.parts: dict[str, Any] = {}

    def start(self, step: int) -> None:  # noqa: B027
        """Prepare for update `step`: called once, when the checkpoint, if there is one, has been read."""

    @abstractmethod
    def batch(self, step: int) -> Batch:
        """Load the data of an update; runs in another thread while the update before it is computed."""

    @abstractmethod
    def losses(self, batch: Batch, step: int, share: float) -> dict[str, Tensor]:
        """Compute scalar losses by name; `total` is minimised, all are logged.

        Args:
            batch: what `batch(step)` returned.
            step: updates taken so far.
            share: how much of the training is over, in [0, 1).
        """

    @abstractmethod
    def validate(self, model: Model) -> dict[str, float]:
        """Measure the averaged model on held-out data."""

    def sample_sheet(self, model: Model) -> NDArray[np.uint8] | None:
        """Render outputs of the averaged model for people to look at: `[H, W, 3]`, or None."""
        return None

    def save(self, model: Model, report: dict[str, Any]) -> None:
        """Write the best weights so far, with a report of the run for `config.json`."""
        cast(Any, model).save(self.out, report)


@dataclass
class RunState:
    """How far a run is: updates, time over all resumptions, the best score, the last validation.

    `sums` holds the sum and the number of every loss since then.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def share(self, settings: RunSettings) -> float:
        """How much of the run is over: 0 to 1, or more when a resumed run has been shortened."""
        by_updates = self.step / settings.updates if settings.updates else 0.0
        return max(by_updates, self.seconds / (60 * settings.minutes) if settings.minutes else 0.0)

    def count(self, losses: dict[str, Tensor]) -> None:
        """Add an update's losses."""
        self.step += 1
        for name, loss in losses.items():
            total, number = self.sums.get(name, (0.0, 0))
            self.sums[name] = (total + loss.item(), number + 1)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generator, from which fresh weights and dropout draw, and restore it at the end."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def train(task: Task[Model, Batch], folder: Path, progress: TrainingProgress | None = None) -> RunState:
    """Train until the updates or the minutes of `task.settings` are used up.

    A run whose folder has a checkpoint is resumed. Ctrl-C ends a run after the current update, with a checkpoint; a second
    one ends it at once.

    Args:
        task: the model and its losses.
        folder: where `checkpoint.pt`, `log.jsonl`, TensorBoard events and `samples/` are written.
        progress: called after every update.

    Raises:
        ModelError: the checkpoint cannot be read, or is of another model.
    """
    return _Run(task, folder).train(progress)


class _Run(Generic[Model, Batch]):
    """A task, the moving average of its model, and how far it is: what a checkpoint holds."""

    def __init__(self, task: Task[Model, Batch], folder: Path) -> None:
        self.task, self.settings, self.folder, self.state = task, task.settings, folder, RunState()
        self.parts: dict[str, Any] = {"model": task.model, "optimiser": task.optimiser, **task.parts}
        config: Any = getattr(task.model, "config", None)
        self.architecture = {} if config is None else asdict(config)
        checkpoint = load_checkpoint(folder)
        if checkpoint:
            self._restore(checkpoint)
        task.start(self.state.step)
        self.average = averaged(task.model, self.settings.ema)
        if checkpoint:
            self.average.load_state_dict(checkpoint["average"])
            task.noise.set_state(checkpoint["noise"])
            torch.set_rng_state(checkpoint["rng"])
        self.parts["average"], self.averaged = self.average, cast(Model, self.average.module)

    def train(self, progress: TrainingProgress | None) -> RunState:
        settings, state = self.settings, self.state
        began, share = time.monotonic() - state.seconds, state.share(settings)
        self.log = TrainingLog(self.folder)
        with closing(self.log), _held_interrupt() as interrupted, ThreadPoolExecutor(1) as loader:
            if settings.validate_first:
                self._validate({})
            upcoming = loader.submit(self.task.batch, state.step)
            while share < 1:
                batch, upcoming = upcoming.result(), loader.submit(self.task.batch, state.step + 1)
                state.count(self._update(batch, share))
                state.seconds = time.monotonic() - began
                share = state.share(settings)
                if state.step % settings.validate_every == 0 or share >= 1:
                    self._report()
                if progress:
                    progress(state.step, max(state.step, round(state.step / share)), state.figures)
                if interrupted.is_set():
                    self._save_checkpoint()
                    raise KeyboardInterrupt
        return state

    def _update(self, batch: Batch, share: float) -> dict[str, Tensor]:
        task, settings, step = self.task, self.settings, self.state.step
        cosine_lr(task.optimiser, settings.learning_rate, step, share, settings.warm_up_updates)
        losses = task.losses(batch, step, share)
        task.optimiser.zero_grad()
        losses["total"].backward()
        norm = nn.utils.clip_grad_norm_(task.model.parameters(), settings.max_norm)
        if torch.isfinite(norm):
            task.optimiser.step()
        self.average.update_parameters(task.model)
        return losses

    def _report(self) -> None:
        """Validate, keep the weights if they are the best so far, and write a checkpoint."""
        state, settings = self.state, self.settings
        self._validate({name: total / number for name, (total, number) in state.sums.items()} | {"seconds": state.seconds})
        state.sums = {}
        score = state.figures[self.task.score]
        if score < state.best or settings.keep == "last":
            state.best, state.best_step = score, state.step
            report = {"step": state.step, "validation": state.figures, "seconds": state.seconds}
            self.task.save(self.averaged, {"training": asdict(settings), **report})
        self._save_checkpoint()

    def _validate(self, train_figures: dict[str, float]) -> None:
        state = self.state
        state.figures = self.task.validate(self.averaged)
        self.log.write(state.step, train_figures | state.figures)
        if (sheet := self.task.sample_sheet(self.averaged)) is not None:
            (self.folder / "samples").mkdir(exist_ok=True)
            Image.fromarray(sheet).save(self.folder / "samples" / f"{state.step:06d}.png")

    def _save_checkpoint(self) -> None:
        checkpoint = {name: part.state_dict() for name, part in self.parts.items()}
        checkpoint |= {"state": asdict(self.state), "architecture": self.architecture}
        save_checkpoint(self.folder, checkpoint | {"noise": self.task.noise.get_state(), "rng": torch.get_rng_state()})

    def _restore(self, checkpoint: dict[str, Any]) -> None:
        try:
            if checkpoint["architecture"] != self.architecture:
                raise ValueError
            for name, part in self.parts.items():
                part.load_state_dict(checkpoint[name])
            self.state = RunState(**checkpoint["state"])
        except (KeyError, ValueError, RuntimeError):
            message = f"The run in {self.folder} is of other sizes, of another stage, or of an earlier version."
            raise ModelError("checkpoint_other", message, "Choose another folder, or its settings.") from None


@contextmanager
def _held_interrupt() -> Iterator[threading.Event]:
    """Hold the first Ctrl-C back: it sets the event that is yielded. The second one acts as usual."""
    interrupted = threading.Event()
    usual = signal.getsignal(signal.SIGINT)

    def hold(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, hold)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, usual)
