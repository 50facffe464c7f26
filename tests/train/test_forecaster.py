import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.forecast.displacement_bank import load_bank
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.vrnn import Vrnn
from backend.keypoints.dataset import read_split
from backend.keypoints.regions import FaceRegions
from backend.train.data.motion import MotionSampler, measure_statistics, transform
from backend.train.forecaster import average_forecasters, train_forecaster
from backend.train.settings import ForecasterTraining

TINY = ForecasterTraining(
    updates=6,
    batch=4,
    rollout_rows=2,
    rollout_paths=2,
    rollout_every=2,
    validate_every=2,
    architecture=ForecasterConfig(hidden=8, blocks=2, block_hidden=8),
)


def test_training_writes_weights_that_forecast_and_a_config_that_tells_how(data, tmp_path):
    report = train_forecaster(data, tmp_path / "model", tmp_path / "run", TINY)
    forecaster = Forecaster.load(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert config["training"]["seed"] == 0 and config["data"]["people"] == 4 == report["data"]["people"]
    assert np.isfinite(config["metrics"]["held_out_energy_score"])
    flat = torch.from_numpy(read_split(data, "val")[0].clocked())[None, :9]
    state = forecaster.observe(flat[:, :8])
    assert torch.isfinite(forecaster.sample(state, 3, 16, torch.Generator().manual_seed(0)).paths).all()
    assert 0 <= forecaster.surprise(state, flat[:, 8]).item() <= 1
    quantiles = forecaster.surprise_quantiles
    assert torch.isfinite(quantiles).all() and (quantiles.diff() >= 0).all() and quantiles[-1] > quantiles[0]


def test_training_lowers_the_likelihood_loss(data, tmp_path):
    training = replace(TINY, updates=60, validate_every=10, learning_rate=5e-3)
    train_forecaster(data, tmp_path / "model", tmp_path / "run", training)
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40, 50, 60]
    assert lines[-1]["nll"] < lines[0]["nll"] - 0.02
    assert any((tmp_path / "run" / "tensorboard").iterdir())


def test_a_cut_run_goes_on_where_it_was(data, tmp_path):
    train_forecaster(data, tmp_path / "model", tmp_path / "run", replace(TINY, updates=4))
    report = train_forecaster(data, tmp_path / "model", tmp_path / "run", TINY)
    steps = [json.loads(line)["step"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert steps == [2, 4, 6] and report["metrics"]["updates"] == 6


def test_training_can_go_on_from_weights_that_are_there(data, tmp_path):
    train_forecaster(data, tmp_path / "model", tmp_path / "run", TINY)
    still = replace(TINY, updates=1, learning_rate=1e-9, architecture=ForecasterConfig())
    train_forecaster(data, tmp_path / "again", tmp_path / "run 2", still, start_from=tmp_path / "model")
    one, two = (Forecaster.load(tmp_path / name) for name in ("model", "again"))
    assert one.config == two.config and torch.equal(one.std, two.std)
    torch.testing.assert_close(one.flow.hidden_weight, two.flow.hidden_weight, atol=1e-3, rtol=1e-3)


def test_forecasters_trained_further_from_one_are_averaged_and_their_moments_measured_again(data, tmp_path):
    train_forecaster(data, tmp_path / "base", tmp_path / "run", TINY)
    further = replace(TINY.with_scores(), updates=2, batch=4, rollout_rows=2, rollout_paths=2, validate_every=1)
    names = ("a", "b")
    for seed, name in enumerate(names):
        settings = replace(further, seed=seed)
        report = train_forecaster(data, tmp_path / name, tmp_path / f"run {name}", settings, start_from=tmp_path / "base")
        assert "--stage scores" in report["command"]
    report = average_forecasters(data, [tmp_path / name for name in names], tmp_path / "mean", TINY)
    a, b, mean = (Forecaster.load(tmp_path / name) for name in (*names, "mean"))
    expected = (a.flow.hidden_weight + b.flow.hidden_weight) / 2
    torch.testing.assert_close(mean.flow.hidden_weight, expected, atol=1e-3, rtol=1e-3)
    assert not torch.equal(a.flow.hidden_weight, b.flow.hidden_weight)
    assert report["average"]["models"] == 2 and np.isfinite(report["average"]["held_out_energy_score"])
    assert (mean.moments.second != 1).all() and (mean.surprise_quantiles.diff() >= 0).all()


def test_forecasters_of_different_starts_are_not_averaged(data, tmp_path):
    train_forecaster(data, tmp_path / "one", tmp_path / "run 1", TINY)
    train_forecaster(data, tmp_path / "two", tmp_path / "run 2", replace(TINY, seed=1))
    with pytest.raises(InputError) as caught:
        average_forecasters(data, [tmp_path / "one", tmp_path / "two"], tmp_path / "mean", TINY)
    assert caught.value.code == "models_differ" and "--start-from" in caught.value.hint


@pytest.mark.parametrize("kind", ["gru_gaussian", "vrnn"])
def test_the_rivals_are_trained_by_the_same_command(data, tmp_path, kind):
    report = train_forecaster(data, tmp_path / "model", tmp_path / "run", replace(TINY, kind=kind))
    model = (Vrnn if kind == "vrnn" else Forecaster).load(tmp_path / "model")
    assert report["kind"] == kind and np.isfinite(report["metrics"]["held_out_energy_score"])
    assert kind == "vrnn" or (model.config.blocks == 0 and len(load_bank(tmp_path / "model")))


def test_keypoints_of_another_detector_train_a_forecaster_too(tmp_path):
    random = np.random.default_rng(0)
    names = [f"walk{number}" for number in range(3)]
    for name in names:
        np.savez(tmp_path / f"{name}.npz", keypoints=random.normal(0, 0.01, (200, 60)).cumsum(0).astype(np.float32), fps=25)
    rows = "".join(f"{name}.npz,{name},{'val' if name == 'walk2' else 'train'}\n" for name in names)
    (tmp_path / "clips.csv").write_text("clip,person,split\n" + rows)
    report = train_forecaster(tmp_path, tmp_path / "model", tmp_path / "run", TINY)
    assert report["data"]["layout"] == "flat" and report["data"]["train_recordings"] == ["walk0", "walk1"]


def test_the_same_seed_trains_the_same_weights(data, tmp_path):
    for name in ("one", "two"):
        train_forecaster(data, tmp_path / name, tmp_path / f"run {name}", TINY)
    one, two = (Forecaster.load(tmp_path / name).state_dict() for name in ("one", "two"))
    for key in one:
        # Matrix products may round differently where memory is aligned differently.
        torch.testing.assert_close(one[key], two[key], atol=2e-3, rtol=2e-3)


def test_data_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(InputError) as caught:
        train_forecaster(tmp_path, tmp_path / "model", tmp_path / "run", TINY)
    assert caught.value.code == "data_missing" and "clips.csv" in caught.value.hint


def test_motions_too_short_for_a_window_are_refused(data):
    with pytest.raises(InputError) as caught:
        MotionSampler(read_split(data, "train"), 200, seed=0)
    assert caught.value.code == "data_short"


def test_the_statistics_whiten_the_steps(data):
    flat = MotionSampler(read_split(data, "train"), 16, seed=0).sample(64)
    statistics = measure_statistics(flat, 8)
    steps = flat.diff(dim=1).flatten(0, 1) / statistics.step_std @ statistics.whiten
    covariance = steps.T @ steps / len(steps)
    # The floor leaves directions of hardly any motion below unit variance.
    assert covariance.diagonal().max() < 1.01
    torch.testing.assert_close(covariance[:4, :4], torch.eye(4), atol=0.02, rtol=0)


def test_moving_keypoints_equals_moving_the_landmarks_they_came_from():
    generator = torch.Generator().manual_seed(0)
    landmarks = torch.randn(4, 3, 478, 2, generator=generator)
    turn, shift = torch.randn(4, 2, 2, generator=generator), torch.randn(4, 2, generator=generator)
    moved = torch.einsum("bij,btpj->btpi", turn, landmarks) + shift[:, None, None]
    convert = FaceRegions()
    torch.testing.assert_close(transform(convert(landmarks).flat(), turn, shift), convert(moved).flat(), rtol=1e-4, atol=1e-4)


def test_windows_are_drawn_from_every_person_and_without_augmentation_are_true_footage(data):
    motions = read_split(data, "train")
    flat = MotionSampler(motions, 10, seed=0).sample(40, augment=False).numpy()
    footage = {motion.person: motion.flat for motion in motions}
    found = set()
    for window in flat:
        distance = {person: np.abs(frames[:, None] - window[None]).mean(-1).min(0).max() for person, frames in footage.items()}
        found.add(min(distance, key=distance.__getitem__))
        assert min(distance.values()) < 0.01
    assert found == set(footage)
