import torch

from backend.evaluate.bench.stages import time_sampling
from backend.evaluate.bench.timing import measure
from backend.forecast.gru_nf import Forecaster, ForecasterConfig


def test_a_measurement_calls_the_work_and_lies_in_its_interval():
    calls = []
    metric = measure(lambda: calls.append(1), repeats=5, warm_up=2)
    assert len(calls) == 7
    assert 0 <= metric.low <= metric.value <= metric.high


def test_the_paper_s_loop_is_set_against_ours_in_the_same_run():
    forecaster = Forecaster(ForecasterConfig(features=6, hidden=8, layers=1, blocks=2, block_hidden=8)).freeze()
    results = time_sampling(forecaster, torch.zeros(1, 8, 6), repeats=10, samples=2)
    assert set(results) == {"forecast_window", "paper_loop", "paper_loop_512"}
    ours = results["forecast_window"]["ms"].value
    for name in ("paper_loop", "paper_loop_512"):
        assert results[name]["speedup"].value == results[name]["ms"].value / ours
    assert set(time_sampling(forecaster, torch.zeros(1, 8, 6), repeats=9, samples=2)) == {"forecast_window"}
