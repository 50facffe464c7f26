"""The HTTP side over a real server."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
import simplejpeg
import skimage.data
from fastapi import Request
from PIL import Image

from backend.core.recording import Recording
from backend.core.types import LANDMARKS
from backend.media.images import MAX_BYTES
from backend.server import protocol
from backend.server.http.address import client_address
from backend.server.http.api import MAX_SESSION_BURST
from backend.server.http.page import HEADERS
from backend.server.live.session import UPLOAD_BURST
from tests.server.conftest import Client, Live, eventually


def _png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def shared():
    server = Live()
    yield server
    server.stop()


def test_the_page_says_how_to_build_it_when_it_is_not_built(tmp_path):
    live = Live(pages=tmp_path)
    try:
        answer = live.http.get("/")
        assert answer.status_code == 503
        assert "npm --prefix frontend run build" in answer.text
    finally:
        live.stop()


def test_the_built_page_is_served_with_its_files_and_a_strict_policy(tmp_path):
    html = '<script type="module" src="/assets/main-1.js"></script><link rel="stylesheet" href="/assets/main-2.css">'
    (tmp_path / "index.html").write_text(html)
    for name in ("assets/main-1.js", "assets/main-2.css", "mediapipe/face_mesh.js", "mediapipe/face_mesh.wasm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    live = Live(pages=tmp_path)
    try:
        answer = live.http.get("/")
        assert answer.status_code == 200
        assert answer.text == html
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "connect-src 'self'" in policy
        assert "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'" in policy
        assert live.http.get("/assets/main-1.js").status_code == 200
        assert live.http.get("/mediapipe/face_mesh.wasm").headers["content-type"] == "application/wasm"
        assert live.http.get("/assets/../index.html").status_code == 404
    finally:
        live.stop()


def test_built_files_are_cached_by_their_hash_and_sent_compressed(tmp_path):
    (tmp_path / "index.html").write_text("page")
    for name, content in {
        "main-1.js": b"plain",
        "main-1.js.br": b"brotli",
        "main-1.js.gz": b"gzip",
        "one.wasm": b"wasm",
    }.items():
        for folder in ("assets", "mediapipe"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(content)
    live = Live(pages=tmp_path)
    try:
        for accepted, coding, content in [
            ("gzip, deflate, br", "br", b"brotli"),
            ("gzip", "gzip", b"gzip"),
            ("", None, b"plain"),
        ]:
            with live.http.stream("GET", "/assets/main-1.js", headers={"accept-encoding": accepted}) as answer:
                assert b"".join(answer.iter_raw()) == content
                assert answer.headers.get("content-encoding") == coding
                assert answer.headers["content-type"].startswith("text/javascript")
                assert answer.headers["vary"] == "accept-encoding" and "immutable" in answer.headers["cache-control"]
        again = live.http.get(
            "/mediapipe/one.wasm", headers={"if-none-match": live.http.get("/mediapipe/one.wasm").headers["etag"]}
        )
        assert again.status_code == 304 and again.headers["cache-control"] == "no-cache"
    finally:
        live.stop()


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/schema", "/api/portraits/oil", "/metrics"])
def test_every_page_can_be_asked_for_its_head(shared, path):
    head, whole = shared.http.head(path), shared.http.get(path)
    assert head.status_code == whole.status_code and head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/api/schema", "/nothing/here", "/assets/none.js", "/metrics"])
def test_every_answer_isolates_the_page_from_other_sites(shared, path):
    headers = shared.http.get(path).headers
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_metrics_are_hidden_from_what_a_proxy_passes_on_unless_they_are_public(shared, header):
    answer = shared.http.get("/metrics", headers={header: "203.0.113.7"})
    assert (answer.status_code, answer.json()["code"]) == (403, "metrics_private")
    live = Live(metrics="all")
    try:
        assert live.http.get("/metrics", headers={header: "203.0.113.7"}).status_code == 200
    finally:
        live.stop()


@pytest.mark.parametrize(
    ("trusted", "address"), [([], "127.0.0.1"), (["127.0.0.0/8"], "203.0.113.7"), (["10.0.0.1"], "127.0.0.1")]
)
def test_only_a_trusted_proxy_names_the_client(trusted, address):
    live = Live(trusted_proxies=trusted)
    seen = []

    @live.app.get("/who")
    async def who(request: Request) -> None:
        seen.append(client_address(request))

    try:
        live.http.get("/who", headers={"x-forwarded-for": "203.0.113.7"})
        assert seen == [address]
    finally:
        live.stop()


def test_the_schema_describes_every_control(shared):
    properties = shared.http.get("/api/schema").json()["properties"]
    assert set(properties) == {
        "method",
        "choose",
        "coupled",
        "sampling",
        "k",
        "horizon",
        "temperature",
        "mcmc_steps",
        "step_size",
        "consistency",
    }
    assert (properties["k"]["minimum"], properties["k"]["maximum"], properties["k"]["default"]) == (1, 16, 4)


def test_the_schema_gives_the_size_limit_of_portraits(shared):
    assert shared.http.get("/api/schema").json()["limits"] == {"portrait_bytes": MAX_BYTES}


def test_every_bundled_recording_can_be_fetched_and_unpacked(shared):
    listed = shared.http.get("/api/recordings").json()
    assert listed and all(set(one) == {"name", "title", "seconds"} for one in listed)
    data = shared.http.get(f"/api/recordings/{listed[0]['name']}").content
    frames, fps = struct.unpack_from("<If", data)
    assert (frames - 1) / fps == pytest.approx(listed[0]["seconds"], abs=0.01)
    points = protocol.dequantise(data[8:]).reshape(frames, LANDMARKS, 3)
    Recording(points, np.arange(frames) / fps)


def test_a_portrait_with_a_face_is_cropped_and_shown(shared):
    session = shared.session()["session"]
    answer = shared.http.put(f"/api/sessions/{session}/portrait", content=_png(skimage.data.astronaut()))
    assert answer.status_code == 200, answer.text
    size = answer.json()
    picture = simplejpeg.decode_jpeg(shared.http.get(f"/api/sessions/{session}/portrait").content)
    assert picture.shape == (size["height"], size["width"], 3)
    assert picture.std() > 20


def test_every_bundled_portrait_has_a_thumbnail_and_can_be_chosen(shared):
    listed = shared.http.get("/api/portraits").json()
    assert len(listed) >= 6 and all(set(one) == {"name", "title"} for one in listed)
    session = shared.session()["session"]
    first = shared.http.get(f"/api/sessions/{session}/portrait").content
    for one in listed:
        answer = shared.http.get(f"/api/portraits/{one['name']}")
        assert answer.headers["content-type"] == "image/jpeg" and len(answer.content) < 20_000
        assert simplejpeg.decode_jpeg(answer.content).shape == (144, 144, 3)
    marble = shared.http.put(f"/api/sessions/{session}/portrait/marble")
    assert marble.json() == {"width": 512, "height": 512}
    assert shared.http.get(f"/api/sessions/{session}/portrait").content != first
    back = shared.http.put(f"/api/sessions/{session}/portrait/{listed[0]['name']}")
    assert back.status_code == 200
    assert shared.http.get(f"/api/sessions/{session}/portrait").content == first


def test_a_session_that_chooses_a_bundled_portrait_sees_it_on_its_next_sheets(shared):
    with Client(shared) as client:
        client.play(2)
        answer = shared.http.put(f"/api/sessions/{client.id}/portrait/poster")
        assert answer.status_code == 200, answer.text
        ready = client.expect(protocol.Ready)
        assert ready.epoch > client.epoch and ready.portrait.width == 512
        client.epoch = ready.epoch
        client.show()
        _, _, tiles = client.sheet()
        # The poster's background is orange; the default portrait of these tests is blue.
        corner = tiles[0][:8, :8].astype(int)
        assert (corner[..., 0] - corner[..., 2]).mean() > 80


NOISE = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "portrait_not_image"),
        (b"GIF89a nonsense", 400, "portrait_not_image"),
        (_png(NOISE), 400, "portrait_no_face"),
        (_png(NOISE[:40, :40]), 400, "portrait_too_small"),
        (bytes(MAX_BYTES + 1), 413, "portrait_too_large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_portrait_is_refused_with_a_hint_and_the_session_continues(shared, data, status, code):
    with Client(shared) as client:
        before = shared.http.get(f"/api/sessions/{client.id}/portrait").content
        answer = shared.http.put(f"/api/sessions/{client.id}/portrait", content=data)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert set(answer.json()) == {"code", "message", "hint"} and answer.json()["hint"]
        assert shared.http.get(f"/api/sessions/{client.id}/portrait").content == before
        assert len(client.play(2)) == 2


def test_an_upload_of_unknown_length_is_cut_off_at_the_limit(shared):
    session = shared.session()["session"]
    parts = (bytes(1_000_000) for _ in range(20))
    answer = shared.http.put(f"/api/sessions/{session}/portrait", content=parts)
    assert (answer.status_code, answer.json()["code"]) == (413, "portrait_too_large")


def test_portrait_uploads_are_limited_in_rate(shared):
    session = shared.session()["session"]
    codes = [shared.http.put(f"/api/sessions/{session}/portrait", content=b"x").json()["code"] for _ in range(UPLOAD_BURST + 1)]
    assert codes == ["portrait_not_image"] * UPLOAD_BURST + ["too_many_portraits"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/assets/none.js", 404, "not_found"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/api/recordings/none", 404, "recording_unknown"),
        ("GET", "/api/portraits/none", 404, "portrait_unknown"),
        ("GET", "/api/portraits/..%2F..%2FREADME", 404, "not_found"),
        ("GET", "/ws", 404, "not_found"),
    ],
)
def test_every_refusal_is_json_with_code_message_and_hint(shared, method, path, status, code):
    answer = shared.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"}


def test_an_unexpected_failure_is_answered_as_json_too(shared, monkeypatch):
    async def fail(data: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(shared.app.state.reader, "read", fail)
    answer = shared.http.put(f"/api/sessions/{shared.session()['session']}/portrait", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert {name.decode(): value.decode() for name, value in HEADERS}.items() <= dict(answer.headers).items()


def test_readiness_counts_places_and_sessions_by_way_and_ends_with_the_models():
    live = Live(max_sessions=5)
    try:
        with Client(live) as client:
            body = live.http.get("/readyz").json()
            capacity, in_use = body.pop("capacity"), body.pop("in_use")
            assert body == {
                "status": "ready",
                "places": 5,
                "free": 4,
                "sessions": 1,
                "queue": 0,
                "ways": {"pictures": 1},
                "kept": 0,
            }
            assert set(capacity) == {"pictures", "layers", "keypoints"} and min(capacity.values()) >= 1
            assert in_use == pytest.approx(1 / capacity["pictures"], abs=0.001)
            client.send(protocol.Drawing("keypoints"))
            client.send(protocol.Ping(1.0))
            client.expect(protocol.Pong)
            answer = live.http.get("/readyz")
            assert answer.status_code == 200 and answer.json()["ways"] == {"keypoints": 1}
        live.worker.stop()
        assert live.http.get("/readyz").status_code == live.http.get("/healthz").status_code == 503
    finally:
        live.stop()


def test_without_a_number_of_places_the_measured_capacity_is_that():
    live = Live()
    try:
        body = live.http.get("/readyz").json()
        assert body["places"] == body["free"] == body["capacity"]["pictures"]
    finally:
        live.stop()


def test_a_full_server_answers_with_the_place_in_the_queue_and_refuses_no_one_who_waits():
    live = Live(max_sessions=1)
    try:
        with Client(live):
            answer = live.http.post("/api/sessions")
            body = answer.json()
            assert (answer.status_code, body["code"], body["place"]) == (503, "sessions_full", 1)
            assert int(answer.headers["retry-after"]) == body["retry_s"] > 0
            headers = {"waiting-ticket": body["waiting"]}
            for _ in range(MAX_SESSION_BURST + 10):
                answer = live.http.post("/api/sessions", headers=headers)
                assert answer.json()["code"] == "sessions_full"
            assert answer.json()["waiting"] == body["waiting"]
            assert live.http.get("/readyz").json()["queue"] == 1
            assert "motionfan_queue 1.0" in live.http.get("/metrics").text
        statuses = [503]

        def comes_in() -> bool:
            if statuses[-1] != 200:
                statuses.append(live.http.post("/api/sessions", headers=headers).status_code)
            return statuses[-1] == 200

        assert eventually(comes_in)
        assert live.http.get("/readyz").json()["queue"] == 0
    finally:
        live.stop()


def test_health_and_metrics_report_the_running_sessions(shared):
    with Client(shared) as client:
        client.play(3)
        assert shared.http.get("/healthz").json()["status"] == "ok"
        until = time.monotonic() + 20
        # The server notices a little later that the clients of earlier tests have left.
        while "motionfan_connections 1.0" not in (text := shared.http.get("/metrics").text) and time.monotonic() < until:
            time.sleep(0.05)
        assert "motionfan_sheets_total" in text
        assert 'motionfan_stage_milliseconds_count{stage="render"}' in text
        assert "motionfan_connections 1.0" in text
