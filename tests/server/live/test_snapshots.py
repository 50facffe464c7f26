"""A session that is saved and restored after every batch sends the same sheets as one that stays."""

from __future__ import annotations

import threading

import pytest

from backend.core.types import ForecastSettings
from backend.keypoints.clock import Tick
from backend.server.live import inference as inference_module
from backend.server.live.governor import Governor
from backend.server.live.inference import Inference
from backend.server.live.mailbox import FrameStamp, Mailbox
from backend.server.live.session_slot import KeptPortrait, SessionPortrait
from backend.server.protocol import decode_server
from tests.server.conftest import face, portrait

STEPS = 40


@pytest.fixture
def inference(pipeline, monkeypatch):
    """One that spares nothing: how often it forecasts and renders would depend on how busy the machine is."""
    monkeypatch.setattr(Governor, "forecast_interval", lambda self, sessions: 1)
    monkeypatch.setattr(Governor, "_interval", lambda self, plan, mine, demands: 1)
    monkeypatch.setattr(Governor, "_cheaper", lambda self, rung, loads: rung)
    monkeypatch.setattr(Governor, "plan", lambda self, mine, demands: self._ladder[self._first])
    return Inference(pipeline, 0, SessionPortrait(portrait()), snapshot_s=0.0)


def _sheets(inference, shown, way, recording, settings, travels):
    mailbox, slot, sheets = Mailbox(threading.Condition()), inference.open("one", shown), []
    inference._opened -= 1  # the next session gets the same noise
    mailbox.configure(settings)
    mailbox.choose_way(way)
    for index in range(STEPS):
        mailbox.put(
            [Tick(recording.landmarks[2 * index], index * 0.08, index, index == 0)], FrameStamp(index * 80.0, index, 0.0)
        )
        report = inference.run({"one": slot}, {"one": mailbox.take()})
        (delivery,) = report.deliveries
        message = decode_server(delivery.data)
        mailbox.acknowledge(message.seq)
        sheets.append((_timeless(message.head), bytes(message.payload)))
        if travels:
            slot = inference.open("one", shown, report.snapshots["one"])
    return sheets


def _timeless(head):
    return [getattr(head, name) for name in head.__struct_fields__ if name not in ("stages",)]


@pytest.mark.parametrize(
    ("way", "method"), [("pictures", "both"), ("layers", "gru_snf"), ("keypoints", "gru_nf"), ("keypoints", "both")]
)
def test_a_session_that_travels_sends_the_same_sheets(inference, recording, way, method):
    shown = KeptPortrait(face()) if way == "keypoints" else SessionPortrait(portrait())
    settings = ForecastSettings(method=method, k=2, horizon=6)
    stays = _sheets(inference, shown, way, recording, settings, travels=False)
    assert _sheets(inference, shown, way, recording, settings, travels=True) == stays
    assert len({payload for _, payload in stays}) > STEPS // 2


def test_snapshots_are_taken_now_and_then_and_stay_small(inference, recording, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(inference_module.time, "monotonic", lambda: now[0])
    inference._snapshot_s = 1.0
    mailbox, slot, sizes = Mailbox(threading.Condition()), inference.open("one", SessionPortrait(portrait())), []
    for index in range(30):
        now[0] += 0.08
        mailbox.put(
            [Tick(recording.landmarks[2 * index], index * 0.08, index, index == 0)], FrameStamp(index * 80.0, index, 0.0)
        )
        work = mailbox.take()
        mailbox.acknowledge(work.seq or 0)
        sizes += [len(data) for data in inference.run({"one": slot}, {"one": work}).snapshots.values()]
    assert len(sizes) == 3 and max(sizes) < 150_000
