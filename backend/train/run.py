"""The training loop of every model: schedule, moving average, validation, best weights, checkpoints, logs and sample sheets.

To train a new model, write a `Task` and pass it to `train`.
"""

from __future__ import annotations

import json
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
from torch.utils.tensorboard import SummaryWriter

from backend.core.errors import ModelError, reason
from backend.core.files import save_whole
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

            def losses(self, batch: Tensor, state: RunState) -> dict[str, Tensor]:
                return {"total": (self.model(batch) - 2 * batch).square().mean()}

            def validate(self, model: nn.Linear) -> dict[str, float]:
                return {"error": abs(model.weight.item() - 2)}

            def save(self, model: nn.Linear, report: dict[str, Any]) -> None:
                save_whole(self.out / "line.pt", lambda file: torch.save(model.state_dict(), file))

    Attributes:
        score: name of the validation figure by which weights are best; lower is better.
        model: if it has a `config` (a dataclass), a run is only resumed with the same one.
        optimiser: of the parameters that learn.
        out: folder of the best weights.
        noise: source of the losses' noise; checkpoints hold its state.
        parts: other objects whose `state_dict` checkpoints must hold, e.g. discriminators and their optimiser.
    """

    score: str
    model: Model
    optimiser: Optimizer

    def __init__(self, settings: RunSettings, out: Path) -> None:
        self.settings, self.out = settings, out
        self.noise = torch.Generator().manual_seed(settings.seed)
        self.parts: dict[str, Any] = {}

    def start(self, step: int) -> None:  # noqa: B027
        """Prepare for update `step`: called once, after a checkpoint has been read."""

    @abstractmethod
    def batch(self, step: int) -> Batch:
        """Load the data of an update, in another thread while the update before it is computed."""

    @abstractmethod
    def losses(self, batch: Batch, state: RunState) -> dict[str, Tensor]:
        """Compute scalar losses by name from what `batch(state.step)` returned; `total` is minimised, all are logged."""

    @abstractmethod
    def validate(self, model: Model) -> dict[str, float]:
        """Measure the averaged model on held-out data."""

    def sample_sheet(self, model: Model) -> NDArray[np.uint8] | None:
        """Render outputs of the averaged model: `[H, W, 3]`, or None."""
        return None

    def save(self, model: Model, report: dict[str, Any]) -> None:
        """Write the best weights so far, with a report of the run for `config.json`."""
        cast(Any, model).save(self.out, report)


@dataclass
class RunState:
    """How far a run is: updates, time over all resumptions, the best score, the last validation's figures.

    `sums` holds the sum and the number of every loss since that validation.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def share(self, settings: RunSettings) -> float:
        """Return the share of the run that is over: 0 to 1, or more when a resumed run has been shortened."""
        by_updates = self.step / settings.updates if settings.updates else 0.0
        return max(by_updates, self.seconds / (60 * settings.minutes) if settings.minutes else 0.0)


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
        self.path = folder / "checkpoint.pt"
        self.parts: dict[str, Any] = {"model": task.model, "optimiser": task.optimiser, **task.parts}
        config: Any = getattr(task.model, "config", None)
        self.architecture = {} if config is None else asdict(config)
        checkpoint = self._restore() if self.path.is_file() else None
        task.start(self.state.step)
        self.average = averaged(task.model, self.settings.ema)
        if checkpoint:
            self.average.load_state_dict(checkpoint["average"])
            task.noise.set_state(checkpoint["noise"])
            torch.set_rng_state(checkpoint["rng"])
        self.parts["average"], self.averaged = self.average, cast(Model, self.average.module)

    def train(self, progress: TrainingProgress | None) -> RunState:
        settings, state = self.settings, self.state
        began = time.monotonic() - state.seconds
        self.folder.mkdir(parents=True, exist_ok=True)
        self.board = SummaryWriter(str(self.folder / "tensorboard"))
        with closing(self.board), _held_interrupt() as interrupted, ThreadPoolExecutor(1) as loader:
            if settings.validate_first:
                self._validate({})
            upcoming = loader.submit(self.task.batch, state.step)
            while state.share(settings) < 1:
                batch, upcoming = upcoming.result(), loader.submit(self.task.batch, state.step + 1)
                self._update(batch)
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

    def _update(self, batch: Batch) -> None:
        task, settings, state = self.task, self.settings, self.state
        cosine_lr(task.optimiser, settings.learning_rate, state.step, state.share(settings), settings.warm_up_updates)
        losses = task.losses(batch, state)
        task.optimiser.zero_grad()
        losses["total"].backward()
        norm = nn.utils.clip_grad_norm_(task.model.parameters(), settings.max_norm)
        if torch.isfinite(norm):
            task.optimiser.step()
        self.average.update_parameters(task.model)
        state.step += 1
        for name, loss in losses.items():
            total, number = state.sums.get(name, (0.0, 0))
            state.sums[name] = (total + loss.item(), number + 1)

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
        figures = train_figures | state.figures
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": state.step, "time": round(time.time(), 1), **figures}) + "\n")
        for name, value in figures.items():
            self.board.add_scalar(name, value, state.step)
        if (sheet := self.task.sample_sheet(self.averaged)) is not None:
            (self.folder / "samples").mkdir(exist_ok=True)
            picture = Image.fromarray(sheet)
            save_whole(self.folder / "samples" / f"{state.step:06d}.png", lambda file: picture.save(file, "PNG"))

    def _save_checkpoint(self) -> None:
        checkpoint = {name: part.state_dict() for name, part in self.parts.items()}
        checkpoint |= {"state": asdict(self.state), "architecture": self.architecture}
        checkpoint |= {"noise": self.task.noise.get_state(), "rng": torch.get_rng_state()}
        save_whole(self.path, lambda file: torch.save(checkpoint, file))

    def _restore(self) -> dict[str, Any]:
        """Read the checkpoint, and load its parts and the state from it."""
        try:
            checkpoint: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:
            message = f"{self.path} cannot be read ({reason(error)})."
            raise ModelError("checkpoint_unusable", message, "Delete it to start from the beginning.") from error
        try:
            if checkpoint["architecture"] != self.architecture:
                raise ValueError
            for name, part in self.parts.items():
                part.load_state_dict(checkpoint[name])
            self.state = RunState(**checkpoint["state"])
        except (KeyError, ValueError, RuntimeError):
            message = f"The run in {self.folder} is of other sizes, of another stage, or of an earlier version."
            raise ModelError("checkpoint_other", message, "Choose another folder, or its settings.") from None
        return checkpoint


@contextmanager
def _held_interrupt() -> Iterator[threading.Event]:
    """Make the first Ctrl-C, or SIGTERM, set the event that is yielded; a second one acts as usual."""
    interrupted = threading.Event()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in usual.items():
            signal.signal(number, handler)

    def hold(*_: object) -> None:
        interrupted.set()
        restore()

    for number in usual:
        signal.signal(number, hold)
    try:
        yield interrupted
    finally:
        restore()
