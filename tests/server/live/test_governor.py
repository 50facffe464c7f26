from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.types import CLOCK_S, Way
from backend.server.live.governor import MAX_ROUNDS, TILES, Demand, Governor, Plan, ladder


def _k(*futures: int, way: Way = "pictures") -> list[Demand]:
    return [Demand(k, way) for k in futures]


def _governor(tile_ms: dict[int, float], tick_ms: float = 5.0, limit: int = 0) -> Governor:
    governor = Governor(limit)
    governor.record_tick(1, tick_ms)
    for tile, ms in tile_ms.items():
        governor.record_render(tile, 1, ms)
    return governor


def _plan(governor: Governor, demands: list[Demand]) -> Plan:
    """The plan of the first of these sessions."""
    return governor.plan(demands[0], demands)


@pytest.mark.parametrize("futures", [[4], [16], [4] * 8])
def test_it_starts_with_the_default_tile_at_every_step(futures):
    assert _plan(Governor(), _k(*futures)) == Plan(tile=128, stride=1, layer_stride=2, interval=1)


def test_it_renders_fewer_steps_before_smaller_tiles():
    assert [(plan.tile, plan.stride) for plan in ladder(0)] == [(256, 1), (128, 1), (128, 2), (128, 4), (96, 4)]


def test_a_limit_keeps_larger_tiles_out():
    assert {plan.tile for plan in ladder(128)} == {96, 128}
    assert {plan.tile for plan in ladder(64)} == {64}


def test_cheap_tiles_lead_to_the_largest_size_after_a_while():
    governor = _governor({96: 0.5, 128: 1.0, 256: 2.0})
    plans = [_plan(governor, _k(4)) for _ in range(30)]
    assert plans[0].tile == 128
    assert plans[-1].tile == 256


def test_expensive_tiles_raise_the_stride_at_once():
    plan = _plan(_governor({96: 20.0, 128: 25.0, 256: 60.0}), _k(4))
    assert (plan.tile, plan.stride) in {(128, 4), (96, 4)}


def test_smaller_tiles_that_save_little_are_not_chosen():
    plan = _plan(_governor({96: 39.0, 128: 40.0, 256: 45.0}), _k(4))
    assert (plan.tile, plan.stride) == (128, 4)


def test_a_slower_machine_raises_the_cost_of_every_size():
    governor = _governor({96: 0.5, 128: 1.0, 256: 2.0})
    for _ in range(60):
        governor.record_render(128, 1, 10.0)
    assert [round(governor.load(Plan(tile, 1), _k(0)) - 5.0) for tile in TILES] == [5, 10, 20]


def test_too_many_sessions_render_in_rotation():
    governor = _governor({96: 20.0, 128: 25.0, 256: 60.0})
    assert 1 < _plan(governor, _k(*[4] * 8)).interval <= 8
    assert _plan(governor, _k(4)).interval == 1


def test_expensive_forecasts_do_not_reduce_the_tiles():
    assert _plan(_governor({96: 5.0, 128: 6.0, 256: 9.0}, tick_ms=200.0), _k(4)).interval == 1


def test_it_returns_to_the_default_when_the_load_falls():
    governor = _governor({96: 4.0, 128: 5.0, 256: 90.0})
    crowded = _plan(governor, _k(*[8] * 4))
    assert crowded.stride > 1 or crowded.tile < 128
    for _ in range(100):
        plan = _plan(governor, _k(4))
    assert (plan.tile, plan.stride, plan.interval) == (128, 1, 1)


def test_it_does_not_oscillate_between_two_plans():
    governor = _governor({96: 8.0, 128: 12.0, 256: 40.0})
    plans = []
    for _ in range(200):
        plans.append(_plan(governor, _k(4)))
        governor.record_render(plans[-1].tile, 5, 5 * {96: 8.0, 128: 12.0, 256: 40.0}[plans[-1].tile])
    assert len(set(plans[100:])) == 1


def test_layers_are_sent_ahead_by_two_steps_by_four_under_load_and_by_one_at_leisure():
    assert _plan(Governor(), _k(4, way="layers")).layer_stride == 2
    loaded, idle = _governor({}), _governor({})
    loaded.record_layers(1, 25.0)
    idle.record_layers(1, 2.0)
    assert _plan(loaded, _k(4, way="layers")).layer_stride == 4
    assert [_plan(idle, _k(4, way="layers")).layer_stride for _ in range(30)][-1] == 1


def test_layers_and_pictures_are_charged_their_own_costs():
    governor = _governor({128: 10.0})
    governor.record_layers(5, 5 * 3.0)
    plan = Plan(128, 1, 2)
    assert governor.load(plan, _k(4)) == pytest.approx(5 + 5 * 10)
    assert governor.load(plan, _k(4, way="layers")) == pytest.approx(5 + 3 * 3)
    assert governor.load(plan, _k(4) + _k(4, way="layers")) == pytest.approx(2 * 5 + 5 * 10 + 3 * 3)


def test_sessions_that_render_themselves_are_charged_their_forecasts_alone():
    governor = _governor({128: 10.0})
    assert governor.load(Plan(128, 1, 2), _k(*[8] * 3, way="keypoints")) == pytest.approx(3 * 5)
    assert _plan(governor, _k(*[8] * 50, way="keypoints")).interval == 1


def test_futures_in_play_are_forecast_again_less_often_the_more_that_costs():
    governor = Governor()
    assert governor.forecast_interval(100) == 1
    governor.record_forecast(4, 4.0)
    assert governor.forecast_interval(1) == 1
    intervals = [governor.forecast_interval(sessions) for sessions in (10, 50, 100, 10_000)]
    assert intervals == sorted(intervals) and intervals[0] == 1 and intervals[1] == 3 and intervals[-1] == 16


def test_as_many_rounds_begin_at_once_as_are_affordable_and_at_least_one():
    governor = Governor()
    assert governor.rounds_at_once() == MAX_ROUNDS
    governor.record_rounds(2, 10.0)
    assert governor.rounds_at_once() == 5
    for _ in range(100):
        governor.record_rounds(1, 500.0)
    assert governor.rounds_at_once() == 1


@given(
    tiles=st.tuples(*[st.floats(0.1, 100)] * len(TILES)),
    mine=st.integers(0, 8),
    others=st.lists(st.integers(9, 32), min_size=1, max_size=8),
)
def test_a_session_gets_the_plan_that_it_would_get_beside_sessions_like_itself(tiles, mine, others):
    costs = dict(zip(TILES, tiles, strict=True))
    beside, alike = _governor(costs), _governor(costs)
    for _ in range(40):
        assert _plan(beside, _k(mine, *others)) == _plan(alike, _k(mine, *[mine] * len(others)))
        for futures in others:
            beside.plan(Demand(futures), _k(mine, *others))


def test_a_session_with_many_futures_is_served_more_coarsely_than_one_with_few():
    governor = _governor({96: 4.0, 128: 5.0, 256: 20.0})
    light, heavy = (governor.plan(Demand(k), _k(4, 32)) for k in (4, 32))
    assert (light.tile, light.stride, light.interval) == (128, 1, 1)
    assert (heavy.stride, heavy.interval) > (1, 1)


def test_layers_that_were_never_measured_are_taken_to_cost_what_a_tile_does():
    assert _governor({128: 10.0}).load(Plan(128, 1, 2), _k(2, way="layers")) == pytest.approx(5 + 2 * 10)


@given(
    tick=st.floats(0.1, 500),
    tiles=st.tuples(*[st.floats(0.1, 500)] * len(TILES)),
    futures=st.lists(st.integers(0, 32), min_size=1, max_size=16),
)
def test_its_plan_fits_or_is_about_the_cheapest(tick, tiles, futures):
    governor = _governor(dict(zip(TILES, tiles, strict=True)), tick)
    futures.sort(reverse=True)  # the plan of the one that needs most counts all of the others' work
    plan = _plan(governor, _k(*futures))
    assert plan.interval >= 1
    cheapest = min(governor.load(other, _k(*futures)) for other in ladder(0))
    assert governor.load(plan, _k(*futures)) <= max(CLOCK_S * 1000, 1.1 * cheapest)
