"""Figures for Prometheus: real traffic moves them, and the dashboard asks for none that do not exist."""

from __future__ import annotations

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.core.settings import REPOSITORY
from backend.server import protocol
from backend.server.live.mailbox import CREDITS, MAX_PENDING
from backend.server.metrics import Metrics
from tests.server.conftest import Client, Live, face
from tests.server.fake_pipeline import READY_AFTER

DASHBOARD = json.loads((REPOSITORY / "docs" / "grafana.json").read_text())


def _figures(live: Live) -> dict[tuple[str, ...], float]:
    """Return every sample, by its name and the values of its labels."""
    families = text_string_to_metric_families(live.http.get("/metrics").text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_a_session_that_plays_moves_sheets_stages_ways_and_bytes(live):
    with Client(live) as client:
        client.play(READY_AFTER + 2)
        client.until_pong()
        found = _figures(live)
        assert found["motionfan_sheets_total", "pictures"] == READY_AFTER + 2
        assert found["motionfan_frames_total",] == READY_AFTER + 2
        assert found["motionfan_sheet_bytes_total", "pictures"] > 1000
        assert found["motionfan_sessions_by_way", "pictures"] == 1 and found["motionfan_sessions_by_way", "keypoints"] == 0
        for stage in ("wait", "observe", "forecast", "render", "encode"):
            assert found["motionfan_stage_milliseconds_count", stage] == READY_AFTER + 2, stage
        assert found["motionfan_stage_milliseconds_count", "send"] >= READY_AFTER + 2
        client.send(protocol.Drawing("keypoints"))
        client.until_pong()
        assert _figures(live)["motionfan_sessions_by_way", "keypoints"] == 1


def test_every_dropped_frame_has_its_cause(live):
    def dropped(cause: str) -> float:
        return _figures(live)["motionfan_frames_dropped_total", cause]

    with Client(live) as client:
        for _ in range(CREDITS + 1):
            client.show()
            client.until_pong()
            live.wait_until_idle()
        assert dropped("no_credit") == 1, "sheets that were not acknowledged"
        client.send(protocol.Ack(CREDITS))
        client.show(t=1.0)
        client.until_pong()
        assert dropped("late") == 1
        client.show(epoch=client.epoch + 1)
        client.until_pong()
        assert dropped("old_epoch") == 1
        client.show(0.0 * face())
        client.until_pong()
        assert dropped("malformed") == 1


def test_frames_that_wait_too_long_are_counted(live):
    with Client(live) as client:
        client.play(READY_AFTER - 1)
        live.pipeline.gate.clear()
        client.show()
        assert live.pipeline.held.wait(20)
        for _ in range(MAX_PENDING + 3):
            client.show()
        client.until_pong()
        assert _figures(live)["motionfan_frames_dropped_total", "crowded"] == 3
        live.pipeline.gate.set()
        live.wait_until_idle()
        assert _figures(live)["motionfan_frames_dropped_total", "superseded"] == MAX_PENDING - 1


def test_the_memory_of_the_servers_process_is_shown(live):
    found = _figures(live)
    assert found["process_resident_memory_bytes",] > 1e7
    assert found["motionfan_inference_memory_bytes",] == 0, "the tests' inference is a thread"


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_the_dashboard_asks_for_figures_that_exist(panel):
    known = {sample.name for family in text_string_to_metric_families(_all_figures()) for sample in family.samples}
    known |= set(re.findall(r"^# TYPE (\S+)", _all_figures(), re.MULTILINE))
    for target in panel["targets"]:
        for name in re.findall(r"\b(?:motionfan|process)_\w+", target["expr"]):
            assert name in known or name.removesuffix("_bucket") in known, name
    assert panel["type"] == "timeseries" and panel["gridPos"]["w"] <= 24 and panel["fieldConfig"]["defaults"]["unit"]


def _all_figures() -> str:
    metrics = Metrics()
    metrics.watch(lambda way: 0, lambda: 0)
    return metrics.text().decode()


def test_the_dashboard_has_what_an_import_needs():
    assert DASHBOARD["schemaVersion"] >= 36 and DASHBOARD["uid"] and "id" not in DASHBOARD
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids) >= 8
    (source,) = DASHBOARD["templating"]["list"]
    assert source["type"] == "datasource"
    assert all(panel["datasource"]["uid"] == f"${{{source['name']}}}" for panel in DASHBOARD["panels"])
