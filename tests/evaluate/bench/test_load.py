from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random

import pytest

from backend.core.errors import InputError
from backend.core.types import ForecastSettings
from backend.evaluate.bench.crowd import REFUSALS, _bad_picture
from backend.evaluate.bench.load import PARTS, LoadPlan, SessionLog, figures, load
from backend.evaluate.bench.target import Server, server_figures
from tests.server.conftest import Live, run


@pytest.fixture
def live():
    server = Live(max_sessions=4)
    yield server
    server.stop()


def test_every_session_is_measured_and_so_are_all_together(live):
    report = load(live.url, LoadPlan(2, 1.5))
    assert set(report.results) == {"all", "session_1", "session_2", "machine"}
    everyone = report.results["all"]
    assert everyone["frames_sent"].value == sum(report.results[f"session_{i}"]["frames_sent"].value for i in (1, 2))
    assert everyone["frames_processed"].value > 0
    assert everyone["errors"].value == 0
    assert everyone["capture_to_draw_p50_ms"].value <= everyone["capture_to_draw_p95_ms"].value
    assert 1 <= len(everyone["capture_to_draw_p95_ms"].per_step) <= PARTS


def test_every_session_gets_its_own_sheets_only(live):
    report = load(live.url, LoadPlan(3, 1.5, settings=ForecastSettings(k=2), ramp=0.3))
    assert report.results["all"]["foreign_sheets"].value == 0 < report.results["all"]["frames_processed"].value


def test_slow_and_hostile_clients_are_counted_and_the_measured_ones_go_on(live):
    server = Server(live.url)
    run(server.upload(run(server.open()).session, b"starts the process that reads pictures"))
    report = load(live.url, LoadPlan(1, 3.0, slow=1, hostile=1))
    everyone, crowd = report.results["all"], report.results["crowd"]
    assert crowd["frames_sent"].value > 50
    assert crowd["bad_pictures"].value >= 1 and crowd["bad_pictures_mistaken"].value == 0
    assert everyone["errors"].value == 0 and everyone["frames_processed"].value > 5


def test_layers_are_asked_for_and_their_bytes_are_counted(live):
    everyone = load(live.url, LoadPlan(1, 1.5, "layers")).results["all"]
    assert everyone["errors"].value == 0 and everyone["tile_px"].value < 128
    assert everyone["bytes_per_s"].value > 1000
    assert load(live.url, LoadPlan(1, 1.0)).results["all"]["bytes_per_s"].value > 0


def test_keypoints_cost_a_small_part_of_the_bytes_of_layers(live):
    layers, keypoints = (
        load(live.url, LoadPlan(1, 1.5, way)).results["all"]["bytes_per_s"].value for way in ("layers", "keypoints")
    )
    assert 0 < keypoints < layers / 2


def test_errors_are_counted_by_their_codes(live):
    logs = [SessionLog(errors=["late", "late", "bad_magic"]), SessionLog(errors=["late"])]
    found = figures(logs, 1.0)
    assert {name: found[name].value for name in found if name.startswith("errors")} == {
        "errors": 4, "errors_late": 3, "errors_bad_magic": 1,
    }  # fmt: skip


def test_what_load_and_server_cost_is_measured_too(live):
    machine = load(live.url, LoadPlan(1, 1.5)).results["machine"]
    assert 0 < machine["load_cores"].value < 4 and 0 < machine["server_ms_per_message"].value
    assert machine["server_memory_mb"].value > 10
    assert server_figures("http://127.0.0.1:1") == {}


def test_every_bad_picture_is_refused_as_one(live):
    server, codes = Server(live.url), set()
    session = run(server.open()).session
    for seed in range(5):
        codes.add(run(server.upload(session, _bad_picture(Random(seed)))))
    assert codes and all(code.startswith(REFUSALS) for code in codes), codes


def test_a_server_that_is_full_says_so(live):
    with pytest.raises(InputError) as caught:
        load(live.url, LoadPlan(5, 1.0))
    assert caught.value.code == "sessions_full"


def test_a_server_that_is_not_there_is_said_in_words():
    with pytest.raises(InputError) as caught:
        load("http://127.0.0.1:1", LoadPlan(1, 1.0))
    assert caught.value.code == "server_unreachable"


def test_a_session_that_saw_nothing_has_no_latency():
    found = figures([SessionLog(sent=3)], 10.0)
    assert found["frames_sent"].value == 3
    assert "capture_to_draw_p50_ms" not in found


@pytest.mark.parametrize("url", ["nonsense", "localhost:8000", "http://127.0.0.1:1"])
def test_an_address_without_a_server_is_said_so(url):
    with pytest.raises(InputError) as caught:
        load(url, LoadPlan(1, 1))
    assert caught.value.code == "server_unreachable"


def test_another_program_at_the_address_is_not_taken_for_the_server():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:  # answers every POST with 501 and a page
        answering = threading.Thread(target=other.handle_request)
        answering.start()
        with pytest.raises(InputError) as caught:
            load(f"http://127.0.0.1:{other.server_port}", LoadPlan(1, 1))
        answering.join()
    assert caught.value.code == "server_unreachable"
