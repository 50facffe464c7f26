from __future__ import annotations

import pytest

from backend.core.types import ForecastSettings
from backend.server.live.capacity import MAX_CAPACITY, SessionCosts, capacity_of, measure_costs
from backend.server.live.inference import Inference
from backend.server.live.session_slot import SessionPortrait
from tests.server.conftest import portrait
from tests.server.fake_pipeline import FakePipeline


def _costs(observed: float = 0.0, forecast: float = 0.0, **frame: float) -> SessionCosts:
    return SessionCosts(observed, forecast, {"pictures": 0.0, "layers": 0.0, "keypoints": 0.0} | frame)


def test_frames_of_ten_milliseconds_are_refreshed_twice_a_second_for_nine_sessions():
    # 950 ms of a second are filled; five frames twice are 100 ms.
    assert capacity_of(_costs(pictures=10.0))["pictures"] == 9
    assert capacity_of(_costs(layers=20.0))["layers"] == 4


def test_keypoints_are_moved_at_every_tick():
    assert capacity_of(_costs(keypoints=0.8))["keypoints"] == 19  # 12.5 times five of them are 50 ms


def test_observing_and_forecasting_cost_every_way():
    capacity = capacity_of(_costs(observed=0.8, forecast=6.4))  # 12.5 times 0.8, and 12.5 / 16 rounds twice 6.4: 20 ms
    assert capacity == {"pictures": 47, "layers": 47, "keypoints": 47}


def test_the_capacity_has_bounds():
    assert set(capacity_of(_costs(observed=1e6)).values()) == {1}
    assert set(capacity_of(_costs()).values()) == {MAX_CAPACITY}


class CountingPipeline(FakePipeline):
    """Counts the frames that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.rendered = self.composed = self.moved = 0

    def render(self, requests, size):
        self.rendered += sum(len(flats) for _, flats in requests)
        return super().render(requests, size)

    def render_layers(self, requests):
        self.composed += sum(len(flats) for _, flats in requests)
        return super().render_layers(requests)

    def move(self, requests):
        self.moved += len(requests)
        return super().move(requests)


def test_every_way_is_timed_with_default_sessions_and_leaves_no_session_behind():
    pipeline, default = CountingPipeline(), SessionPortrait(portrait())
    inference = Inference(pipeline, 0, default)
    before = pipeline.rendered, pipeline.composed, pipeline.moved
    costs = measure_costs(inference, default, 0)
    assert all(now > was for now, was in zip((pipeline.rendered, pipeline.composed, pipeline.moved), before, strict=True))
    assert min(costs.observed, costs.forecast, *costs.frame.values()) > 0
    assert inference._slots == {}


def test_a_first_session_is_the_first_one_after_the_measurement_too():
    inference, default = Inference(FakePipeline(), 0, SessionPortrait(portrait())), SessionPortrait(portrait())
    measure_costs(inference, default, 0)
    assert inference.open("x", default).number == 1


@pytest.mark.parametrize("way", ["pictures", "layers", "keypoints"])
def test_a_default_session_is_what_is_counted(way):
    assert (ForecastSettings().k, ForecastSettings().horizon) == (4, 16)
    assert capacity_of(_costs(**{way: 19.0}))[way] == {"pictures": 5, "layers": 5, "keypoints": 1}[way]
