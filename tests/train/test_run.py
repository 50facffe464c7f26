"""The training loop, with a model of one number: resumption, interruption, budgets, best weights, the moving average."""

import json
import signal
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from backend.core.errors import ModelError
from backend.train import run
from backend.train.run import Task, seeded, train
from backend.train.schedule import averaged
from backend.train.settings import RunSettings

QUICK = RunSettings(updates=12, batch=4, learning_rate=0.1, warm_up_updates=2, validate_every=5)


@dataclass(frozen=True)
class LineConfig:
    inputs: int = 1


class Line(nn.Linear):
    def __init__(self, config):
        super().__init__(config.inputs, 1, bias=False)
        self.config = config


class LineTask(Task[Line, torch.Tensor]):
    """Fits y = 2 x, with noise on x and dropout."""

    score = "error"

    def __init__(self, settings=QUICK, config=LineConfig()):  # noqa: B008
        super().__init__(settings, None)
        self.model, self.saved = Line(config), []
        self.optimiser = torch.optim.Adam(self.model.parameters())

    def batch(self, step):
        return torch.rand(self.settings.batch, self.model.config.inputs, generator=torch.Generator().manual_seed(step))

    def losses(self, batch, state):
        noisy = batch + 0.1 * torch.randn(batch.shape, generator=self.noise)
        x = nn.functional.dropout(noisy, 0.1)
        return {"total": (self.model(x) - 2 * batch.sum(-1, keepdim=True)).square().mean()}

    def validate(self, model):
        return {"error": (model.weight - 2).abs().mean().item()}

    def sample_sheet(self, model):
        return np.zeros((4, 4, 3), np.uint8)

    def save(self, model, report):
        self.saved.append((model.weight.clone(), report))


def trained(folder, settings=QUICK, **options):
    with seeded(settings.seed):
        task = LineTask(settings)
        return task, train(task, folder, **options)


def logged(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def python_handles_interrupts():
    """As in a terminal; a process that was started in the background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt():
    """Call the handler that Ctrl-C would call. A real signal ends a process in which OpenVINO has freed a graph."""
    signal.getsignal(signal.SIGINT)(signal.SIGINT, None)


def interrupt_at(step):
    return lambda done, total, figures: done == step and interrupt()


def test_a_run_reports_at_its_end_too_and_learns(tmp_path):
    progress = []
    _, state = trained(tmp_path, progress=lambda done, total, figures: progress.append((done, total)))
    assert [line["step"] for line in logged(tmp_path)] == [5, 10, 12]
    assert progress == [(step, 12) for step in range(1, 13)]
    assert len(list((tmp_path / "samples").glob("*.png"))) == 3
    assert logged(tmp_path)[-1]["error"] == state.figures["error"] < logged(tmp_path)[0]["error"]


def test_an_interrupted_and_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(tmp_path):
    whole, _ = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", progress=interrupt_at(7))
    assert torch.load(tmp_path / "cut/checkpoint.pt", weights_only=True)["state"]["step"] == 7
    resumed, state = trained(tmp_path / "cut")
    assert state.step == 12 and torch.equal(whole.model.weight, resumed.model.weight)
    assert torch.equal(whole.saved[-1][0], resumed.saved[-1][0])
    lines = [
        [{name: line[name] for name in ("step", "total", "error")} for line in logged(tmp_path / name)]
        for name in ("whole", "cut")
    ]
    assert lines[0] == lines[1]


def test_a_second_interrupt_acts_at_once(tmp_path):
    handler = signal.getsignal(signal.SIGINT)

    def interrupt_twice(*_):
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, progress=interrupt_twice)
    assert not (tmp_path / "checkpoint.pt").exists() and signal.getsignal(signal.SIGINT) is handler


def test_the_best_weights_are_kept_or_the_last(tmp_path):
    errors = iter([3.0, 1.0, 2.0] * 2)
    for keep, steps in (("best", [5, 10]), ("last", [5, 10, 12])):
        task = LineTask(replace(QUICK, keep=keep))
        task.validate = lambda model: {"error": next(errors)}
        state = train(task, tmp_path / keep)
        assert [report["step"] for _, report in task.saved] == steps
        assert (state.best, state.best_step) == ((1.0, 10) if keep == "best" else (2.0, 12))


def test_minutes_end_a_run_too(tmp_path, monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: float(next(ticks)), time=lambda: 0.0))
    _, state = trained(tmp_path, replace(QUICK, updates=1000, minutes=0.1))
    assert state.step == 6 and state.seconds == 6


def test_an_update_whose_gradients_are_not_finite_is_skipped(tmp_path):
    task = LineTask(replace(QUICK, updates=1))
    before = task.model.weight.clone()
    task.batch = lambda step: torch.full((4, 1), torch.inf)
    train(task, tmp_path)
    assert torch.equal(task.model.weight, before)


def test_a_checkpoint_of_another_model_or_format_is_refused(tmp_path):
    trained(tmp_path)
    with pytest.raises(ModelError) as caught:
        train(LineTask(config=LineConfig(inputs=2)), tmp_path)
    assert caught.value.code == "checkpoint_other"
    torch.save({"model": LineTask().model.state_dict(), "step": 3}, tmp_path / "checkpoint.pt")
    with pytest.raises(ModelError) as caught:
        trained(tmp_path)
    assert caught.value.code == "checkpoint_other"
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(ModelError) as caught:
        trained(tmp_path)
    assert caught.value.code == "checkpoint_unusable"


def test_the_moving_average_forgets_fast_at_first_and_averages_buffers_too():
    model = nn.BatchNorm1d(1)
    average = averaged(model, 0.5)
    weight, mean = 1.0, 0.0
    for update in range(1, 20):
        model.weight.data.fill_(update)
        model.running_mean.fill_(2 * update)
        model.num_batches_tracked += 1
        average.update_parameters(model)
        decay = min(0.5, update / (update + 10))
        weight, mean = decay * weight + (1 - decay) * update, decay * mean + (1 - decay) * 2 * update
    assert average.module.weight.item() == pytest.approx(weight) and average.module.running_mean.item() == pytest.approx(mean)
    assert average.module.num_batches_tracked == 19 and not average.module.training
    exact = averaged(model, 0.0)
    model.weight.data.fill_(0.1)
    exact.update_parameters(model)
    assert torch.equal(exact.module.weight, model.weight)
