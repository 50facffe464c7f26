import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.errors import ModelError
from backend.forecast.displacement_bank import load_bank
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint_flow import JointConfig
from backend.train.forecaster import average_forecasters, train_forecaster
from backend.train.joint import JointTask, train_joint
from backend.train.run import RunState
from backend.train.settings import ForecasterTraining, JointTraining

BASE = ForecasterTraining(
    updates=1, batch=4, windows=(12,), context=4, horizon=4, validate_every=1,
    architecture=ForecasterConfig(hidden=8, blocks=2, block_hidden=8),
)  # fmt: skip
TINY = JointTraining(
    updates=2, batch=4, windows=(14, 18), context=4, horizon=4, moments=2, paths=2, least=4, validate_every=1,
    joint=JointConfig(steps=6, slow=8, blocks=2, block_hidden=8, context_hidden=8),
)  # fmt: skip


@pytest.fixture(scope="module")
def base(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    train_forecaster(data, folder / "model", folder / "run", BASE)
    return folder / "model"


def test_only_the_joint_flow_learns_and_the_record_of_the_rest_stays(data, base, tmp_path):
    report = train_joint(data, tmp_path / "model", tmp_path / "run", TINY, start_from=base)
    before, after = Forecaster.load(base), Forecaster.load(tmp_path / "model")
    for name, value in before.state_dict().items():
        assert torch.equal(value, after.state_dict()[name]), name
    assert after.config.joint == TINY.joint
    assert after.joint.flow.out_weight.abs().sum() > 0 and (after.joint.moments.second != 1).any()
    kept = json.loads((tmp_path / "model" / "config.json").read_text())
    assert kept["metrics"] == json.loads((base / "config.json").read_text())["metrics"]
    assert kept["joint"]["training"]["seed"] == 0 and "train joint" in kept["joint"]["command"]
    assert np.isfinite(report["joint"]["metrics"]["held_out_energy_score"])
    assert torch.equal(load_bank(tmp_path / "model"), load_bank(base))


def test_training_goes_on_from_its_own_weights_and_runs_are_averaged(data, base, tmp_path):
    train_joint(data, tmp_path / "first", tmp_path / "run", TINY, start_from=base)
    for seed, name in enumerate("ab"):
        train_joint(data, tmp_path / name, tmp_path / f"run {name}", replace(TINY, seed=seed), start_from=tmp_path / "first")
    report = average_forecasters(data, [tmp_path / name for name in "ab"], tmp_path / "mean", BASE)
    a, b, mean = (Forecaster.load(tmp_path / name) for name in ("a", "b", "mean"))
    assert torch.equal(a.joint.slow_ZDT, b.joint.slow_ZDT)
    expected = (a.joint.flow.hidden_weight + b.joint.flow.hidden_weight) / 2
    torch.testing.assert_close(mean.joint.flow.hidden_weight, expected, atol=1e-3, rtol=1e-3)
    assert report["average"]["models"] == 2 and report["joint"]["training"]["seed"] == 0


def test_what_a_window_does_not_show_does_not_count(data, base, tmp_path):
    task = JointTask(data, TINY, base, tmp_path)
    random = torch.Generator().manual_seed(0)
    paths, truth = torch.randn(2, 3, 6, 60, generator=random), torch.randn(2, 6, 60, generator=random)
    shown = torch.tensor([[1.0] * 6, [1.0] * 4 + [0.0] * 2])
    scores = task._scores(paths, truth, shown, torch.ones(2))
    truth[1, 4:] += 100
    for name, score in task._scores(paths, truth, shown, torch.ones(2)).items():
        torch.testing.assert_close(score, scores[name], msg=name)


def test_a_score_is_least_for_the_true_spread(data, base, tmp_path):
    """Paths that are too still or too lively score worse than paths from the truth's own distribution."""
    task = JointTask(data, TINY, base, tmp_path)
    random = torch.Generator().manual_seed(0)
    truth, shown = torch.randn(400, 6, 60, generator=random).cumsum(1) * task.units[0], torch.ones(400, 6)
    drawn = torch.randn(400, 4, 6, 60, generator=random).cumsum(2) * task.units[0]
    right, still, lively = (task._scores(scale * drawn, truth, shown, torch.ones(400)) for scale in (1.0, 0.6, 1.6))
    for name in right:
        assert right[name] < still[name] and right[name] < lively[name], name


def test_losses_of_one_update_are_finite_and_reach_every_part(data, base, tmp_path):
    task = JointTask(data, TINY, base, tmp_path)
    task.start(0)
    losses = task.losses(task.batch(0), RunState())
    losses["total"].backward()
    assert all(torch.isfinite(loss) for loss in losses.values())
    learned = dict(task.model.joint.named_parameters())
    without = {name for name, parameter in learned.items() if parameter.requires_grad and parameter.grad is None}
    assert not without
    others = (parameter for name, parameter in task.model.named_parameters() if not name.startswith("joint."))
    assert not any(parameter.requires_grad for parameter in others)


def test_it_needs_a_forecaster_that_can_be_read(data, tmp_path):
    with pytest.raises(ModelError) as caught:
        train_joint(data, tmp_path / "model", tmp_path / "run", TINY, start_from=tmp_path / "none")
    assert caught.value.code == "forecaster_missing"
