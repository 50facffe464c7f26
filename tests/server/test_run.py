from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from functools import partial

import psutil
import pytest

from backend.core.errors import InputError, ModelError
from backend.core.settings import Settings
from backend.server.run import address, build, describe_models, listen, load_pipeline, serve
from tests.server.conftest import portrait


def test_a_taken_port_is_named_with_a_free_one():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError) as caught:
            listen("127.0.0.1", port)
        assert caught.value.code == "port_taken"
        assert str(port) in caught.value.message
        offered = int(caught.value.hint.split("=")[1].rstrip("."))
        listen("127.0.0.1", offered).close()


def test_serving_on_a_taken_port_fails_before_anything_is_loaded(tmp_path):
    with listen("127.0.0.1", 0) as taken, pytest.raises(InputError) as caught:
        serve(Settings(port=taken.getsockname()[1], models=tmp_path))
    assert caught.value.code == "port_taken"


def test_an_unusable_host_is_refused_with_a_coded_error():
    with pytest.raises(InputError) as caught:
        listen("192.0.2.1", 0)
    assert caught.value.code == "host_unusable"


def test_the_address_can_be_opened_in_a_browser():
    with listen("0.0.0.0", 0) as everywhere:
        assert address(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"


def test_missing_models_raise_to_the_caller(tmp_path):
    settings = Settings(models=tmp_path)
    with pytest.raises(ModelError):
        build(settings, partial(load_pipeline, settings), portrait())


def test_models_are_described_by_the_first_line_of_their_card(tmp_path):
    for name in ("forecaster", "generator_slim_128", "notes"):
        (tmp_path / name).mkdir()
        if name != "notes":
            (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "forecaster" / "CARD.md").write_text("\n# GRU-NF forecaster\n\nMore.\n")
    assert describe_models(tmp_path) == {"forecaster": "GRU-NF forecaster", "generator_slim_128": ""}


def test_the_server_prints_its_address_and_exits_cleanly_when_terminated(small_models):
    environment = os.environ | {"MOTIONFAN_PORT": "0", "MOTIONFAN_MODELS": str(small_models)}
    command = [sys.executable, "-m", "backend", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
            with urllib.request.urlopen(f"{url}/healthz", timeout=20) as answer:
                assert json.load(answer)["status"] == "ok"
        finally:
            server.send_signal(signal.SIGTERM)
            _, errors = server.communicate(timeout=60)
    assert server.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8])
def test_a_signal_while_the_models_load_ends_the_server_cleanly(small_models, sent, share, loading_s):
    environment = os.environ | {"MOTIONFAN_PORT": "0", "MOTIONFAN_MODELS": str(small_models)}
    command = [sys.executable, "-m", "backend", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            # Sent by the clock, so that it comes at several points of the loading, whatever those are.
            assert "loading" in server.stderr.readline()
            time.sleep(share * loading_s)
            children = psutil.Process(server.pid).children(recursive=True)
            server.send_signal(sent)
            _, errors = server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode == 0 and "Traceback" not in errors and "Abort" not in errors
    assert psutil.wait_procs(children, timeout=20)[1] == []


@pytest.fixture(scope="module")
def loading_s(small_models):
    """Seconds from the command's first word until it prints its address."""
    environment = os.environ | {"MOTIONFAN_PORT": "0", "MOTIONFAN_MODELS": str(small_models)}
    command = [sys.executable, "-m", "backend", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        server.stderr.readline()
        began = time.monotonic()
        server.stdout.readline()
        seconds = time.monotonic() - began
        server.terminate()
        server.communicate(timeout=60)
    return seconds


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MOTIONFAN_PORT", "8123")
    monkeypatch.setenv("MOTIONFAN_MAX_SESSIONS", "3")
    monkeypatch.setenv("MOTIONFAN_TILE", "96")
    settings = Settings()
    assert (settings.port, settings.max_sessions, settings.tile, settings.host) == (8123, 3, 96, "127.0.0.1")
