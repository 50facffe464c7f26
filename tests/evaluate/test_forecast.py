import csv
import json

import numpy as np
import pytest
import torch

from backend.evaluate.forecast import ForecastEvaluation, evaluate_forecast, score
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.refine import Refinement
from backend.types import ForecastSettings, Recording


@pytest.fixture
def data(tmp_path):
    random = np.random.default_rng(0)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["clip", "person", "split"])
        for number in range(4):
            face = random.normal(0, 0.3, (1, 478, 3)) + random.normal(0, 0.01, (120, 1, 3)).cumsum(0)
            Recording(face.astype(np.float32), np.arange(120) / 25).save(tmp_path / f"clip{number}.npz")
            table.writerow([f"clip{number}.mp4", f"p{number}", "val" if number > 1 else "train"])
    Forecaster(ForecasterConfig(hidden=8, blocks=2, block_hidden=8)).save(tmp_path / "model")
    return tmp_path


def test_the_report_holds_every_method_with_intervals_and_steps(data):
    report = evaluate_forecast(data / "model", data, ForecastEvaluation(horizon=8, samples=4))
    assert set(report.results) == {"copy_last", "random_walk", "bootstrap", "gru_nf", "gru_nf_t1.2", "gru_snf"}
    for entries in report.results.values():
        crps = entries["crps"]
        assert crps.low <= crps.value <= crps.high and len(crps.per_step) == 8
        assert np.mean(crps.per_step) == pytest.approx(crps.value, rel=1e-4)
    assert report.results["copy_last"]["apd"].value == 0
    assert "nll" in report.results["gru_nf"]
    report.save(data / "report.json")
    assert json.loads((data / "report.json").read_text())["settings"]["people"] == 2


def test_gru_snf_is_evaluated_at_the_demo_s_own_settings():
    shipped = ForecastSettings()
    assert ForecastEvaluation().refinement == Refinement(shipped.mcmc_steps, shipped.step_size, shipped.consistency)


def test_an_oracle_scores_zero_error_and_the_acceleration_of_the_truth():
    generator = torch.Generator().manual_seed(0)
    flat = torch.randn(6, 12, 12, generator=generator)
    evaluation = ForecastEvaluation(context=4, horizon=8, samples=3)
    entries = score(
        lambda context, k, horizon, generator: flat[:, None, 4:].expand(-1, k, -1, -1).clone(),
        flat, ["a", "a", "b", "b", "c", "c"], torch.ones(12), evaluation,
    )  # fmt: skip
    for name in ("crps", "energy_score", "min_ade", "apd"):
        assert entries[name].value == pytest.approx(0, abs=1e-6)
    assert entries["acceleration_ratio"].value == pytest.approx(1)
    assert entries["coverage_80"].value == 1
