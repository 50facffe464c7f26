from __future__ import annotations

import hashlib
import shutil

import pytest

from backend.core.settings import REPOSITORY
from backend.server.http.networks import FILES, read_networks
from tests.server.conftest import Live

SHIPPED = REPOSITORY / "models" / "generator_slim_128"


@pytest.fixture
def folder(tmp_path):
    for name in ("weights.safetensors", *FILES.values()):
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def shared():
    server = Live()
    yield server
    server.stop()


def test_every_file_has_an_address_with_its_hash_and_may_be_kept_for_ever(shared):
    index = shared.http.get("/api/networks").json()
    assert set(index) == {"encode", "render"}
    for entry in index.values():
        answer = shared.http.get(entry["url"])
        assert entry["sha256"] in entry["url"]
        assert hashlib.sha256(answer.content).hexdigest() == entry["sha256"]
        assert len(answer.content) == entry["bytes"]
        assert "immutable" in answer.headers["cache-control"]


def test_an_unknown_hash_is_not_found(shared):
    answer = shared.http.get("/api/networks/00.onnx")
    assert (answer.status_code, answer.json()["code"]) == (404, "networks_missing")


def test_a_server_without_networks_says_so(tmp_path):
    server = Live(models=tmp_path)
    answer = server.http.get("/api/networks")
    server.stop()
    assert (answer.status_code, answer.json()["code"]) == (404, "networks_missing")


def test_files_of_other_weights_are_not_served(folder):
    assert set(read_networks(folder)) == {"encode", "render"}
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    assert read_networks(folder) == {}


@pytest.mark.parametrize("name", ["render.onnx", "weights.safetensors"])
def test_missing_files_are_not_served(folder, name):
    (folder / name).unlink()
    assert read_networks(folder) == {}
