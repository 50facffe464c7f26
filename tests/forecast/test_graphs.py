"""Graphs forecast as plain calls do. A fake capture runs the captured work again, so no device with graphs is needed."""

import pytest
import torch

from backend.forecast.graphs import BUCKETS, GraphedForecaster, next_bucket
from backend.forecast.gru_nf import Forecaster, ForecasterConfig
from backend.forecast.noise import RolloutNoise
from backend.forecast.refine import Refinement

HOST = torch.device("cpu")


@pytest.fixture(scope="module")
def forecaster():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Forecaster(ForecasterConfig(features=12, hidden=16, layers=2, blocks=3, block_hidden=16)).freeze()


class FakeCapture:
    """Counts captures and replays. Like a graph, a replay writes to the result tensors of the capture."""

    def __init__(self):
        self.captures, self.replays = 0, 0

    def __call__(self, device, work):
        assert device == HOST
        self.captures += 1
        kept = work()

        def replay():
            self.replays += 1
            again = work()
            kept.paths.copy_(again.paths)
            if again.acceptance is not None:
                kept.acceptance.copy_(again.acceptance)
            return kept

        return torch.inference_mode()(replay)


def inputs(forecaster, streams, k=2, horizon=3, refine=None, seed=0):
    random = torch.Generator().manual_seed(seed)
    state = forecaster.observe(torch.randn(streams, 4, 12, generator=random))
    return state, RolloutNoise.draw(forecaster.noise_shape(horizon, refine), streams, k, random, HOST)


@pytest.mark.parametrize(("streams", "bucket"), [(1, 1), (2, 2), (3, 4), (5, 8), (32, 32), (33, 64), (200, 256), (256, 256)])
def test_streams_go_to_the_least_bucket_that_holds_them(streams, bucket):
    assert next_bucket(streams) == bucket
    assert next_bucket(BUCKETS[-1] + 1) is None


@pytest.mark.parametrize("refine", [None, Refinement(2, 0.3)])
@pytest.mark.parametrize("streams", [1, 3, 5])
def test_a_graph_gives_what_a_plain_call_gives(forecaster, streams, refine):
    fake = FakeCapture()
    graphed = GraphedForecaster(forecaster, fake)
    kept = []
    for seed in range(4):
        state, noise = inputs(forecaster, streams, refine=refine, seed=seed)
        found, expected = (model.forecast(state, noise, refine, 0.8) for model in (graphed, forecaster))
        kept.append((found, expected))
    assert (fake.captures, fake.replays) == (1, 3)  # The first call of a key is a plain one.
    for found, expected in kept:  # Compared at the end: no replay writes over an earlier result.
        torch.testing.assert_close(found.paths, expected.paths)
        if refine is None:
            assert found.acceptance is None
        else:
            torch.testing.assert_close(found.acceptance, expected.acceptance)


def test_streams_of_one_bucket_share_a_graph_and_what_other_streams_left_in_it_does_not_matter(forecaster):
    fake, refine = FakeCapture(), Refinement(1, 0.3)
    graphed = GraphedForecaster(forecaster, fake)
    for seed, streams in enumerate((8, 7, 5, 6, 8)):
        state, noise = inputs(forecaster, streams, refine=refine, seed=seed)
        found, expected = (model.forecast(state, noise, refine) for model in (graphed, forecaster))
        assert found.paths.shape == (streams, 2, 3, 12) and found.acceptance.shape == (streams, 2)
        torch.testing.assert_close(found.paths, expected.paths)
        torch.testing.assert_close(found.acceptance, expected.acceptance)
    assert fake.captures == 1


@pytest.mark.parametrize(
    "other",
    [{"k": 3}, {"horizon": 4}, {"streams": 5}, {"refine": Refinement(1, 0.3)}, {"temperature": 0.5}],
    ids=lambda other: next(iter(other)),
)
def test_another_shape_or_setting_has_a_graph_of_its_own(forecaster, other):
    fake = FakeCapture()
    graphed = GraphedForecaster(forecaster, fake)

    def forecast(streams=2, k=2, horizon=3, refine=None, temperature=1.0):
        state, noise = inputs(forecaster, streams, k, horizon, refine)
        found = graphed.forecast(state, noise, refine, temperature)
        torch.testing.assert_close(found.paths, forecaster.forecast(state, noise, refine, temperature).paths)

    for _ in range(2):
        forecast()
        forecast(**other)
    assert fake.captures == 2
    forecast()
    forecast(**other)
    assert fake.captures == 2


def test_the_graph_that_was_not_used_for_longest_is_dropped(forecaster):
    fake = FakeCapture()
    graphed = GraphedForecaster(forecaster, fake, max_graphs=2)

    def forecast(k):
        graphed.forecast(*inputs(forecaster, 1, k))

    for k in (1, 1, 2, 2, 1):
        forecast(k)
    assert fake.captures == 2
    forecast(3)  # Drops K = 2.
    forecast(1)
    assert fake.captures == 2
    for _ in range(2):
        forecast(2)
    assert fake.captures == 3
    assert len(graphed._graphs) == 2


def test_more_streams_than_the_largest_bucket_are_forecast_by_a_plain_call(forecaster):
    fake = FakeCapture()
    graphed = GraphedForecaster(forecaster, fake)
    for _ in range(3):
        state, noise = inputs(forecaster, BUCKETS[-1] + 1, 1, 1)
        assert torch.equal(graphed.forecast(state, noise).paths, forecaster.forecast(state, noise).paths)
    assert fake.captures == 0


def test_a_device_without_graphs_is_called_through(forecaster):
    graphed = GraphedForecaster(forecaster)
    state, noise = inputs(forecaster, 3)
    for _ in range(3):
        assert torch.equal(graphed.forecast(state, noise).paths, forecaster.forecast(state, noise).paths)
    assert not graphed._graphs
