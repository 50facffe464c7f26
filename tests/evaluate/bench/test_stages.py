import torch

from backend.core.recording import Recording
from backend.evaluate.bench import timing
from backend.evaluate.bench.stages import _started, time_forecasts, time_sampling
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


def test_a_timed_call_ends_when_the_device_has_done_it(monkeypatch):
    done = []
    monkeypatch.setattr(timing, "synchronise", lambda place: done.append((place, len(done))))
    measure(lambda: done.append("call"), repeats=2, warm_up=1, device="meta")
    meta = torch.device("meta")
    assert done == ["call", (meta, 1), "call", (meta, 3), "call", (meta, 5)]


def test_one_stream_and_every_batch_are_observed_forecast_and_chosen_from(pipeline, recording):
    short = Recording(recording.landmarks[:9], recording.timestamps[:9])
    streams = _started(pipeline, short, 3)
    results = time_forecasts(pipeline, streams, repeats=1, counts=(2, 3))
    stages = {"forecast_chosen", "choose", "observe"}
    batches = {f"{stage}_batch_{count}" for stage in {*stages, "forecast"} for count in (2, 3)}
    assert set(results) == {"forecast_step", "forecast_step_nf", "forecast_by_step", *stages, *batches}
    assert all(found["ms"].value > 0 for found in results.values())
