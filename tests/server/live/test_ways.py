"""A session chooses in which way its sheets are sent, over a real server."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.core.types import ForecastSettings, PortraitMotion
from backend.server import protocol
from backend.server.live.governor import Governor
from backend.server.live.keypoints import unpack_keypoints
from backend.server.live.layers import unpack
from tests.server.conftest import Client, portrait

READY = 8


def layered(client: Client, frames: int) -> list[tuple[protocol.SheetHead, object]]:
    """Show frames, and return each sheet's head and layers (None where the sheet has none)."""
    sheets = []
    for _ in range(frames):
        client.show()
        message = client.sheet_message()
        _, payload = protocol.sheet(message)
        sheets.append((message.head, unpack(message.head, payload) if message.head.layers else None))
    return sheets


def test_sessions_start_with_pictures(client):
    assert [head.way for head in client.play(2)] == ["pictures"] * 2


def test_a_session_that_asks_for_layers_gets_them_from_the_next_tick_on(client):
    client.send(protocol.Drawing("layers"))
    for head, layers in layered(client, 2):
        assert (head.way, head.tiles, head.tile, head.columns) == ("layers", 1, 0, 1)
        assert layers.offset.shape == (1, 2, 64, 64)
        assert layers.paint.std() < 3
    client.send(protocol.Drawing("pictures"))
    client.show()
    head, _, (tile,) = client.sheet()
    assert head.way == "pictures" and head.layers is None and tile.shape == (head.tile, head.tile, 3)


def test_futures_are_sent_ahead_so_that_the_page_can_move_to_them(client):
    client.send(protocol.Drawing("layers"))
    client.send(ForecastSettings(horizon=8))
    sheets = layered(client, READY + 16)
    steps = {head.age: (head.step, head.tiles) for head, _ in sheets if head.generation == 1}
    sent = {at: step for at, (step, _) in steps.items() if step}
    assert sent[0] >= 1
    due = 0
    for at, step in sorted(sent.items()):
        assert at == due, "futures come when the ones before are due"
        assert step > at
        due = step
    assert due == 8
    assert all(tiles == (5 if step else 1) for step, tiles in steps.values())


def test_a_round_goes_on_where_its_futures_are_not_forecast_again_at_every_tick(client, monkeypatch):
    monkeypatch.setattr(Governor, "forecast_interval", lambda self, sessions: 4)
    client.send(ForecastSettings(horizon=8))
    heads = client.play(READY + 18)
    begun = [head for head in heads if head.generation]
    assert begun[0].fan == (4, 8, 10), "a round begins with a forecast"
    again = [head.tick for head in begun if head.fan[0]]
    assert 0 < len(again) < 0.7 * len(begun)
    for head in begun:
        assert len(head.methods) == 4 and head.horizon == 8 and "warming" not in head.flags
        assert head.fan in ((4, 8, 10), (0, 0, 0))
    assert [head.verdict.generation for head in heads if head.verdict] == [1, 2]


def test_layers_show_the_futures_of_the_step_that_the_head_says(client):
    client.send(protocol.Drawing("layers"))
    client.send(ForecastSettings(temperature=2.0))
    for _ in range(READY + 6):
        client.show()
        message = client.sheet_message()
        fan, payload = protocol.sheet(message)
        if message.head.step and message.head.tick == READY - 1:
            layers = unpack(message.head, payload)
            np.testing.assert_allclose(layers.centres[1:], fan[:, message.head.step - 1, :3], atol=1e-3)
            return
    pytest.fail("no futures came with the first forecast")


def test_two_sessions_of_different_ways_are_served_side_by_side(live):
    with Client(live) as one, Client(live) as other:
        other.send(protocol.Drawing("layers"))
        assert {head.way for head in one.play(3)} == {"pictures"}
        assert {head.way for head, _ in layered(other, 3)} == {"layers"}
        text = live.http.get("/metrics").text
        assert 'motionfan_sheets_total{way="layers"}' in text
        assert 'motionfan_sheet_bytes_total{way="pictures"}' in text


def moved(client: Client, frames: int) -> list[tuple[protocol.SheetHead, PortraitMotion]]:
    """Show frames, and return each sheet's head and keypoints."""
    sheets = []
    for _ in range(frames):
        client.show()
        message = client.sheet_message()
        sheets.append((message.head, unpack_keypoints(message.head, protocol.sheet(message)[1])))
    return sheets


def test_a_session_that_renders_itself_gets_keypoints_and_the_futures_of_a_round_once(live, client):
    client.send(protocol.Drawing("keypoints"))
    client.send(ForecastSettings(horizon=8, k=3))
    sheets = moved(client, READY + 12)
    assert {(head.way, head.tile, head.columns) for head, _ in sheets} == {("keypoints", 0, 0)}
    source = live.pipeline.streams[-1].portrait.keypoints.flat().numpy()
    for head, motion in sheets:
        np.testing.assert_allclose(motion.source, source, atol=1e-3)
        np.testing.assert_allclose(motion.present, source, atol=0.2)
        assert head.tiles == (4 if head.step else 1)
    rounds = [head.generation for head, motion in sheets if motion.paths is not None]
    assert rounds == [1, 2]
    assert {head.paths for head, _ in sheets} == {(0, 0, 60), (3, 8, 60)}
    steps = [(head.age, head.step) for head, _ in sheets if head.generation == 1 and head.step]
    assert steps == [(at, at + 1) for at in range(8)], "each step is rendered before it is due"
    text = live.http.get("/metrics").text
    assert 'motionfan_sheets_total{way="keypoints"}' in text


def test_the_paths_are_the_fan_and_come_again_when_they_are_asked_for(client):
    client.send(protocol.Drawing("keypoints"))
    moved(client, READY - 1)
    client.show()
    message = client.sheet_message()
    fan, payload = protocol.sheet(message)
    paths = unpack_keypoints(message.head, payload).paths
    np.testing.assert_allclose(paths.reshape(*fan.shape[:3], 6)[..., :2], fan, atol=2e-3)
    assert [motion.paths for _, motion in moved(client, 2)] == [None, None]
    client.send(protocol.Drawing("pictures"))
    assert client.play(1)[0].way == "pictures"
    client.send(protocol.Drawing("keypoints"))
    again = [motion.paths for _, motion in moved(client, 2)]
    np.testing.assert_array_equal(again[0], paths)
    assert again[1] is None


@pytest.mark.parametrize(("way", "receive"), [("layers", layered), ("keypoints", moved)])
def test_a_failing_session_fails_alone_in_every_way(live, way, receive):
    with Client(live) as other, Client(live) as one:
        for client in (one, other):
            client.send(protocol.Drawing(way))
            receive(client, 1)
        live.pipeline.failing = live.pipeline.streams[-1]
        one.show()
        assert one.expect(protocol.Failure).code == "inference_failed"
        assert receive(other, 1)[0][1] is not None


def test_the_portrait_is_served_without_loss_to_its_session_only(live, client):
    answer = live.http.get(f"/api/sessions/{client.id}/portrait.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), portrait().picture)
    refused = live.http.get("/api/sessions/of-another/portrait.png")
    assert (refused.status_code, refused.json()["code"]) == (404, "session_unknown")
