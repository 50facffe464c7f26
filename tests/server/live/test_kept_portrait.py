"""A portrait whose picture stays in the visitor's browser: the server gets its landmarks, and moves them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from backend.core.errors import InputError
from backend.core.settings import REPOSITORY
from backend.core.types import ForecastSettings
from backend.keypoints.regions import FaceRegions
from backend.pipeline import Pipeline
from backend.server import protocol
from backend.server.http.landmarks import MAX_LANDMARK_BYTES
from backend.server.live.keypoints import unpack_keypoints
from tests.server.conftest import Client, Live, face, portrait


def turned() -> np.ndarray:
    """The bundled face, smaller and to the side, so that it is not the default portrait's."""
    return (face() * 0.8 + np.float32([0.1, -0.05, 0])).astype(np.float32)


def body(landmarks: np.ndarray) -> bytes:
    return json.dumps({"landmarks": landmarks.tolist()}).encode()


def put(live: Live, session: str, data: bytes):
    return live.http.put(f"/api/sessions/{session}/landmarks", content=data, headers={"content-type": "application/json"})


def keep(live: Live, client: Client) -> protocol.Ready:
    answer = put(live, client.id, body(turned()))
    assert answer.status_code == 200, answer.text
    ready = client.expect(protocol.Ready)
    client.epoch = ready.epoch
    return ready


def moved(client: Client) -> tuple[protocol.SheetHead, object]:
    client.show()
    message = client.sheet_message()
    return message.head, unpack_keypoints(message.head, protocol.sheet(message)[1])


def test_a_session_whose_portrait_is_kept_gets_its_keypoints_from_the_landmarks(live, client):
    client.send(ForecastSettings(horizon=8))
    client.play(3)
    ready = keep(live, client)
    assert (ready.portrait.width, ready.portrait.height) == (0, 0)
    source = FaceRegions()(torch.from_numpy(turned())).flat().numpy()
    sheets = [moved(client) for _ in range(10)]
    assert {head.way for head, _ in sheets} == {"keypoints"}
    for _, motion in sheets:
        np.testing.assert_allclose(motion.source, source, atol=2e-3)
    assert any(motion.paths is not None for _, motion in sheets)


def test_the_server_has_no_picture_of_it_to_give(live, client):
    keep(live, client)
    for path in ("portrait", "portrait.png"):
        answer = live.http.get(f"/api/sessions/{client.id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "portrait_kept")
        assert answer.json()["hint"]


@pytest.mark.parametrize("way", ["pictures", "layers"])
def test_ways_that_need_the_picture_are_refused_and_the_session_goes_on(live, client, way):
    keep(live, client)
    moved(client)
    client.send(protocol.Drawing(way))
    assert client.errors() == ["portrait_kept"]
    assert moved(client)[0].way == "keypoints"


def test_landmarks_that_arrive_amid_sheets_of_pictures_interrupt_nothing(live, client):
    client.play(3)
    for _ in range(3):
        client.show()
    keep(live, client)
    assert moved(client)[0].way == "keypoints"
    assert client.errors() == []
    assert "inference_failed" not in live.http.get("/metrics").text


def test_any_way_is_possible_again_once_the_server_has_a_picture(live, client):
    keep(live, client)
    moved(client)
    assert live.http.put(f"/api/sessions/{client.id}/portrait/poster").status_code == 200
    client.epoch = client.expect(protocol.Ready).epoch
    client.send(protocol.Drawing("pictures"))
    client.show()
    head, _, tiles = client.sheet()
    assert head.way == "pictures" and len(tiles) == 1
    assert live.http.get(f"/api/sessions/{client.id}/portrait.png").status_code == 200


POINTS = turned().tolist()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "landmarks_invalid"),
        (b"not json", 400, "landmarks_invalid"),
        (b"\xff\xfe", 400, "landmarks_invalid"),
        (json.dumps(POINTS).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": POINTS[:-1]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [*POINTS, [0, 0, 0]]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [point[:2] for point in POINTS]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": POINTS, "picture": "x"}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [[float("nan")] * 3, *POINTS[1:]]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [["0", 0, 0], *POINTS[1:]]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [[1e300, 0, 0], *POINTS[1:]]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [[2.5, 0, 0], *POINTS[1:]]}).encode(), 400, "landmarks_invalid"),
        (json.dumps({"landmarks": [[0.1, 0.1, 0]] * 478}).encode(), 400, "landmarks_degenerate"),
        (bytes(MAX_LANDMARK_BYTES + 1), 413, "landmarks_too_large"),
    ],
    ids=lambda value: value[:24].decode("latin1") + str(len(value)) if isinstance(value, bytes) else str(value),
)
@pytest.mark.filterwarnings("error")
def test_bad_landmarks_are_refused_and_the_portrait_stays(live, client, data, status, code):
    answer = put(live, client.id, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert live.http.get(f"/api/sessions/{client.id}/portrait.png").status_code == 200
    assert client.play(2)[-1].way == "pictures"


def test_landmarks_of_an_unknown_session_are_refused(live):
    answer = put(live, "of-another", body(turned()))
    assert (answer.status_code, answer.json()["code"]) == (404, "session_unknown")


def test_the_pipeline_moves_a_kept_portrait_as_one_with_its_picture_and_refuses_to_render_it():
    pipeline = Pipeline.load(REPOSITORY / "models", engine="torch")
    image = portrait()
    streams = [pipeline.open(one) for one in (pipeline.kept_portrait(image.landmarks), pipeline.portrait(image))]
    driving = pipeline.keypoints(turned()).flat()
    for stream in streams:
        stream.reference = pipeline.keypoints(face())
    kept, whole = pipeline.move([(stream, driving, driving[None, None]) for stream in streams])
    for name in ("source", "present", "paths"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(whole, name))
    request = streams[0], driving[None]
    for render in (lambda: pipeline.render([request], 128), lambda: pipeline.render_layers([request])):
        with pytest.raises(InputError) as refused:
            render()
        assert refused.value.code == "portrait_kept"
