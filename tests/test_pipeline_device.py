"""The data path on `meta`: a batch sends its landmarks once and reads its results once, however many streams it has."""

import numpy as np
import pytest
import torch

from backend import pipeline as module
from backend.core.types import LANDMARKS, ForecastSettings
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.joint_flow import JointConfig
from backend.keypoints.clock import Tick
from backend.pipeline import CONTEXT, Pipeline, RenderablePortrait

META = torch.device("meta")


class NoEngine:
    """Renders nothing, but keeps where it was to render."""

    def render(self, portrait, driving, size):
        assert driving.value.device == driving.jacobian.device == META
        return tuple(driving.value.shape)


@pytest.fixture
def transfers(monkeypatch):
    """Zeros in the place of values, and a list of how many tensors each transfer read."""
    found = []

    def to_host(*tensors):
        assert all(tensor.device == META for tensor in tensors)
        found.append(len(tensors))
        return [np.zeros(tuple(tensor.shape), np.float32) for tensor in tensors]

    monkeypatch.setattr(module, "to_host", to_host)
    return found


@pytest.fixture(scope="module")
def pipeline():
    forecaster = (
        Forecaster(ForecasterConfig(hidden=16, blocks=2, block_hidden=16, joint=JointConfig(slow=12))).to(META).freeze()
    )
    return Pipeline(forecaster, NoEngine())


def opened(pipeline, count):
    keypoints = pipeline.keypoints(np.zeros((LANDMARKS, 3), np.float32))
    streams = [pipeline.open(RenderablePortrait(keypoints, None, None), seed, track_reference=True) for seed in range(count)]
    ticks = [Tick(np.zeros((LANDMARKS, 3), np.float32), i * 0.08, i, i == 0) for i in range(CONTEXT)]
    return streams, pipeline.observe(streams, [ticks[i:] for i in range(count)])


@pytest.mark.parametrize("streams", [1, 3])
def test_a_batch_reads_its_results_once(pipeline, transfers, streams):
    streams, observations = opened(pipeline, streams)
    assert transfers == [1]
    assert [one.ready for one in observations] == [True, False, False][: len(streams)]
    assert all(one.present_flat.device == META and one.present_flat.shape == (60,) for one in observations)
    settings = ForecastSettings(method="both", k=2, horizon=3, choose="4x")
    for _ in range(2):
        transfers.clear()
        futures = pipeline.forecast(streams, [settings] * len(streams))
        # Positions, shares, acceptance and the effect of MCMC, which is due for the first stream.
        assert transfers == [4]
    for row, one in enumerate(futures):
        assert one.paths.device == META and one.paths.shape == (4, 3, 60)
        assert one.positions.shape == (4, 3, 10, 2)
        assert len(one.shares) == len(one.methods) == 4 and one.drawn == 8
        assert one.acceptance == 0 and (one.refinement_effect is None) == (row > 0)
    plain = pipeline.forecast(streams, [ForecastSettings(method="gru_nf", k=2, horizon=3, choose="off")] * len(streams))
    assert transfers == [4, 2]
    assert plain[0].shares == [] and plain[0].acceptance is None


def test_paths_are_rendered_and_scored_without_a_transfer_of_their_own(pipeline, transfers):
    streams, observations = opened(pipeline, 2)
    futures = pipeline.forecast(streams, [ForecastSettings(k=2, horizon=3, choose="off")] * 2)
    transfers.clear()
    assert pipeline.render([(streams[0], futures[0].paths[0]), (streams[1], observations[1].present_flat[None])], 32) == [
        (3, 10, 2),
        (1, 10, 2),
    ]
    assert transfers == []
    assert pipeline.score(futures[0].paths, futures[0].paths[0]).shape == (2,)
    assert transfers == [1]


def test_a_device_is_taken_by_all_models_of_the_data_path(small_models, monkeypatch):
    monkeypatch.setattr(module, "check_device", lambda _: None)  # `meta` holds no values, so that only this test may take it.
    monkeypatch.setattr(module, "open_engine", lambda folder, network, *, device, **_: (device, NoEngine()))
    pipeline = Pipeline.load(small_models, device="meta")
    assert pipeline.generator[0] == "meta" and pipeline.device == META
    assert pipeline.keypoints(np.zeros((2, LANDMARKS, 3), np.float32)).value.device == META
    weights = pipeline.forecaster.prepare()
    assert {weights.log_volume.device, weights.flow.context_CK.device, weights.gru[0].input_IG.device} == {META}
