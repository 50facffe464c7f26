"""Turns in simulated time: one machine, sessions whose sheets cost known seconds, and a frame of each in every clock period."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.types import CLOCK_S, ForecastSettings
from backend.keypoints.clock import Tick
from backend.server.live import batch
from backend.server.live.batch import BatchRunner
from backend.server.live.governor import Governor
from backend.server.live.mailbox import FrameStamp, Work
from backend.server.live.session_slot import BatchItem, SessionSlot
from backend.server.live.turns import ALIKE, BUDGET_S, Turns
from backend.server.protocol import Counts
from tests.server.conftest import face, portrait
from tests.server.fake_pipeline import READY_AFTER, FakePipeline

SECONDS = 60.0
WORK = Work([], FrameStamp(0.0, 0, 0.0), ForecastSettings(), 1, "pictures", False, False, False, 1, Counts(0, 0, 0))


def _sheets_per_s(costs: list[float], seconds: float = SECONDS, drift: float = 0.0) -> list[float]:
    """Return the sheets a second that each session gets. With `drift`, no two clocks run alike, as those of cameras."""
    turns, now = Turns(), 0.0
    sheets, waiting = [0] * len(costs), dict[str, float]()
    frames = [i * CLOCK_S / len(costs) for i in range(len(costs))]
    while now < seconds:
        for i in range(len(costs)):
            while frames[i] <= now:
                waiting.setdefault(str(i), frames[i])
                frames[i] += CLOCK_S * (1 + i * drift)
        chosen = turns.choose(waiting, now)
        if not chosen:
            rest = turns.rest(now)
            now = min([*frames, now + rest if rest is not None else frames[0]])
            continue
        for session in chosen:
            del waiting[session]
            sheets[int(session)] += 1
            now += costs[int(session)]
        turns.record({session: costs[int(session)] for session in chosen})
    return [count / seconds for count in sheets]


def test_a_session_alone_gets_every_sheet_that_the_machine_can_make():
    assert _sheets_per_s([0.01]) == pytest.approx([12.5], rel=0.01)
    assert _sheets_per_s([0.4]) == pytest.approx([2.5], rel=0.02)


def test_sessions_that_all_fit_into_a_clock_period_get_every_tick():
    assert _sheets_per_s([0.01, 0.02, 0.04]) == pytest.approx([12.5] * 3, rel=0.01)


def test_equal_sessions_beyond_the_capacity_share_it_equally_and_leave_none_of_it():
    rates = _sheets_per_s([0.03] * 8)
    assert rates == pytest.approx([1 / 0.24] * 8, rel=0.05)


@pytest.mark.parametrize("heavy", [0.1, 0.3, 1.0])
def test_a_heavy_session_leaves_a_light_one_more_than_half_of_its_ticks(heavy):
    light, other = _sheets_per_s([0.02, heavy])
    assert light > 12.5 / 2
    assert 0.25 < other * heavy <= 0.75, "the heavy one has its share of the time, and no more"


def test_a_light_session_comes_between_any_two_of_many_heavy_ones():
    light, *others = _sheets_per_s([0.03, *[0.3] * 7])
    assert light >= 0.95 * sum(others)
    assert max(others) <= 1.1 * min(others)


@given(st.lists(st.floats(0.005, 0.5), min_size=2, max_size=6))
def test_no_session_waits_for_ever_and_no_heavy_one_gets_more_sheets(costs):
    costs = sorted(costs)
    # Clocks that run alike would let a session's frames come whenever another is served, or never.
    rates = _sheets_per_s(costs, 120.0, drift=0.0037)
    assert min(rates) > 0
    alike = [rate for cost, rate in zip(costs, rates, strict=True) if cost <= ALIKE * costs[0]]
    assert max(alike) <= 1.5 * min(alike)
    for i in range(len(alike), len(costs)):
        assert rates[i] <= 1.25 * max(rates[:i]) + 0.1


def test_among_equal_heavy_sessions_the_oldest_frame_goes_first():
    turns = Turns()
    turns.choose({"new": 0.3, "old": 0.1, "middle": 0.2}, 0.3)
    turns.record(dict.fromkeys(("new", "old", "middle"), 0.9 * BUDGET_S))
    turns.choose({"light": 4.9}, 4.9)
    turns.record({"light": 0.1 * BUDGET_S})
    waiting = {"new": 3.3, "old": 3.1, "middle": 3.2}
    order = []
    while waiting:
        (name,) = turns.choose(waiting, 5.0)
        order.append(name)
        del waiting[name]
    assert order == ["old", "middle", "new"]


def test_a_session_that_is_gone_takes_no_part():
    turns = Turns()
    turns.choose({"one": 0.0, "two": 0.0}, 0.0)
    turns.record({"one": 0.05, "two": 0.05})
    turns.forget("two")
    assert turns.choose({"one": 0.08}, 0.08) == {"one"}


class CostlyPipeline(FakePipeline):
    """A fake pipeline in whose time a forecast takes 10 ms for each future, and a frame 1 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def forecast(self, streams, settings):
        self.now += sum(0.01 * each.k for each in settings)
        return super().forecast(streams, settings)

    def render(self, requests, size):
        self.now += sum(0.001 * len(flats) for _, flats in requests)
        return super().render(requests, size)


def test_a_batch_says_what_each_session_cost(monkeypatch):
    pipeline = CostlyPipeline()
    monkeypatch.setattr(batch, "time", pipeline)
    runner = BatchRunner(pipeline, Governor(128))
    shown = pipeline.portrait(portrait())
    slots = {k: SessionSlot(str(k), k, shown, pipeline.open(shown)) for k in (2, 8)}
    for index in range(READY_AFTER):
        frame = FrameStamp(0.0, index, 0.0)
        ticks = [Tick(face(), index * CLOCK_S, index, index == 0)]
        works = {k: replace(WORK, ticks=ticks, frame=frame, settings=ForecastSettings(k=k), seq=index + 1) for k in slots}
        report = runner.step([BatchItem(slots[k], work, pipeline.now) for k, work in works.items()])
    assert report.costs == pytest.approx({"2": 0.021, "8": 0.081}, abs=1e-6)
