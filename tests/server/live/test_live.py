"""The live protocol over a real server: sheets for frames."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from backend.core.types import ForecastSettings
from backend.forecast.diagnostics.refinement_flags import MIN_MEASUREMENTS
from backend.server import protocol
from backend.server.live.governor import Governor
from backend.server.live.mailbox import CREDITS
from backend.server.live.session_slot import BatchItem
from tests.server.conftest import Client, face, portrait, unpack

READY = 8


def test_ready_is_the_first_message_and_describes_the_session(live):
    with Client(live) as client:
        assert client.ready.session == client.id
        assert client.ready.keypoints == 10
        assert client.ready.settings == ForecastSettings()
        assert (client.ready.portrait.width, client.ready.portrait.height) == (256, 256)


def test_the_first_sheets_hold_the_present_only_and_then_the_fan_comes(client):
    heads = client.play(READY)
    assert [head.flags for head in heads[:-1]] == [["warming"]] * (READY - 1)
    assert all(head.tiles == 1 and head.fan == (0, 0, 0) for head in heads[:-1])
    assert heads[-1].fan == (4, 16, 10)
    assert heads[-1].methods == ["gru_snf"] * 4
    assert (heads[-1].generation, heads[-1].step) == (1, 0)


def test_a_sheet_echoes_its_source_frame(client):
    seq = client.show(t=4321.25)
    head, _, _ = client.sheet()
    assert (head.source, head.t) == (seq, 4321.25)


def test_futures_play_step_by_step_and_the_verdict_comes_at_the_end(client):
    heads = client.play(READY + 17)
    start = heads[READY - 1]
    first = [head for head in heads[READY:] if head.generation == 1]
    assert len(first) == 15
    assert (start.age, [head.age for head in first]) == (0, list(range(1, 16)))
    assert all(head.tick - head.age == start.tick and head.step in (0, head.age) for head in first)
    rendered = [head for head in first if head.step]
    assert rendered and all(head.tiles == 5 for head in rendered)
    last = heads[READY - 1 + 16]
    assert last.generation == 2 and last.step == 0
    assert last.verdict is not None and last.verdict.generation == 1
    assert len(last.verdict.errors) == 4
    assert last.verdict.errors[last.verdict.best] == min(last.verdict.errors)
    assert last.verdict.copy_last == pytest.approx(0, abs=1e-6)  # the face does not move
    assert heads[READY + 16].verdict is None


def test_the_futures_of_a_sheet_differ_from_each_other(client):
    client.send(ForecastSettings(temperature=2.0))
    client.play(READY)
    while True:
        client.show()
        head, fan, tiles = client.sheet()
        if head.step >= 8:
            break
    assert len(tiles) == 5
    ends = fan[:, -1].mean(axis=1)
    assert np.ptp(ends, axis=0).max() > 0.01
    futures = np.stack(tiles[1:]).astype(int)
    assert np.abs(futures - futures[:1]).max() > 50


def test_controls_change_the_next_forecast_and_start_a_new_round(client):
    client.play(READY + 3)
    client.send(ForecastSettings(method="both", k=3, horizon=6))
    (head,) = client.play(1)
    assert head.fan == (6, 6, 10)
    assert head.methods == ["gru_nf"] * 3 + ["gru_snf"] * 3
    assert (head.generation, head.step) == (2, 0)
    assert head.verdict is None


def test_a_sheet_holds_the_shares_of_the_round_that_its_tiles_show(client):
    assert all((head.shares, head.drawn) == ([], 0) for head in client.play(READY - 1))
    (head,) = client.play(1)
    assert head.shares == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert head.drawn == 32
    client.send(ForecastSettings(method="both", k=2, choose="16x"))
    (head,) = client.play(1)
    assert head.shares == pytest.approx([2 / 3, 1 / 3] * 2)
    assert head.drawn == 32
    client.send(ForecastSettings(choose="off"))
    (head,) = client.play(1)
    assert (head.shares, head.drawn) == ([], 0)


def test_without_acknowledgements_only_the_credits_are_sent(live, client):
    for _ in range(10):
        client.show()
    live.pipeline.wait_until_seen(live.pipeline.streams[-1], 10)
    live.wait_until_idle()
    sheets = [message for message in client.until_pong() if isinstance(message.head, protocol.SheetHead)]
    assert 1 <= len(sheets) <= CREDITS
    client.send(protocol.Ack(sheets[-1].seq))
    (head,) = client.play(1)
    assert head.counts.received == 11
    assert head.counts.processed == len(sheets) + 1
    assert head.counts.processed + head.counts.dropped == 11


def test_under_overload_only_the_latest_frame_becomes_a_sheet(live, client):
    client.play(READY)
    live.pipeline.gate.clear()
    held = client.show()
    assert live.pipeline.held.wait(20)
    shown = [client.show() for _ in range(6)]
    client.until_pong()
    live.pipeline.gate.set()
    first, _, _ = client.sheet()
    second, _, _ = client.sheet()
    assert first.source == held
    assert second.source == shown[-1]
    assert second.counts.dropped == 5
    assert second.tick == first.tick + 6
    assert len(live.pipeline.streams[-1].history) == READY + 7  # every tick was observed all the same


def test_waiting_sessions_are_forecast_as_one_batch(live, monkeypatch):
    # The forecast that is held would count as a slow one, after which not every tick is forecast.
    monkeypatch.setattr(Governor, "forecast_interval", lambda self, sessions: 1)
    with Client(live) as one, Client(live) as two, Client(live) as three:
        for client in (one, two, three):
            client.play(READY)
        live.pipeline.gate.clear()
        one.show()
        assert live.pipeline.held.wait(20)
        two.show()
        three.show()
        two.until_pong()
        three.until_pong()
        live.pipeline.gate.set()
        for client in (one, two, three):
            client.sheet()
        assert live.pipeline.forecasts[-2:] == [1, 2]


def _show_in_one_batch(live, holder: Client, clients: list[Client]) -> list[protocol.SheetHead]:
    """Show each client one frame, all in the same batch, and return their sheets' heads."""
    live.pipeline.held.clear()
    live.pipeline.gate.clear()
    holder.show()
    assert live.pipeline.held.wait(20)
    for client in clients:
        client.show()
        client.until_pong()
    live.pipeline.gate.set()
    holder.sheet()
    return [client.sheet()[0] for client in clients]


def test_rounds_that_would_begin_together_begin_in_turn(live, monkeypatch):
    with Client(live) as holder, Client(live) as one, Client(live) as two:
        holder.play(READY)
        for client in (one, two):
            client.play(READY - 1)
        monkeypatch.setattr(Governor, "rounds_at_once", lambda self: 1)
        monkeypatch.setattr(Governor, "forecast_interval", lambda self, sessions: 1)
        assert sorted(head.generation for head in _show_in_one_batch(live, holder, [one, two])) == [0, 1]
        assert [head.generation for head in _show_in_one_batch(live, holder, [one, two])] == [1, 1]


def test_a_round_whose_successor_waits_stays_until_then(live, client, monkeypatch):
    begins = BatchItem.begins
    client.play(READY + 15)
    monkeypatch.setattr(BatchItem, "begins", property(lambda self: False))
    monkeypatch.setattr(BatchItem, "is_due", lambda self, interval: False)
    waiting = client.play(2)
    monkeypatch.setattr(BatchItem, "begins", begins)
    (after,) = client.play(1)
    assert [head.generation for head in waiting] == [1, 1] and after.generation == 2
    assert waiting[0].verdict is not None and waiting[1].verdict is None
    assert all(len(head.methods) == 4 and head.step in (0, 16) for head in waiting)


def reading(read):
    """Read uploads in this way instead of in a process."""

    async def call(data):
        return read(data)

    return call


def test_two_sessions_do_not_mix(live, monkeypatch):
    colours = {b"red": (200, 20, 20), b"blue": (20, 20, 200)}
    monkeypatch.setattr(live.app.state.reader, "read", reading(lambda data: portrait(colours[data])))
    failures = []

    def visit(name: bytes, shift: float) -> None:
        try:
            with Client(live) as client:
                assert live.http.put(f"/api/sessions/{client.id}/portrait", content=name).status_code == 200
                client.epoch = client.expect(protocol.Ready).epoch
                for _ in range(30):
                    client.show(face() + np.float32(shift))
                    head, fan, tiles = client.sheet()
                    for tile in tiles:
                        np.testing.assert_allclose(np.median(tile, axis=(0, 1)), colours[name], atol=12)
                    if fan.size:
                        assert np.sign(fan[:, 0, :, 0].mean() - face()[:, 0].mean()) == np.sign(shift)
                    assert head.t == client.frames * 80.0
        except BaseException as error:
            failures.append(error)

    visits = [threading.Thread(target=visit, args=args) for args in [(b"red", 0.3), (b"blue", -0.3)]]
    for thread in visits:
        thread.start()
    for thread in visits:
        thread.join()
    assert not failures, failures[0]


def test_a_session_outlives_its_connection(live):
    with Client(live) as client:
        client.send(ForecastSettings(k=2))
        before = client.play(READY)[-1]
    again = live.http.post(f"/api/sessions/{client.id}/ticket").json()
    with Client(live, again) as back:
        assert back.id == client.id
        assert back.ready.settings.k == 2
        back.frames = client.frames
        (head,) = back.play(1)
        assert head.tick == before.tick + 1
        assert head.fan[0] == 2
        assert (head.generation, head.age) == (1, 1), "a client that comes back is given the round's age"


def test_a_second_connection_replaces_the_first(live, client):
    with Client(live, live.http.post(f"/api/sessions/{client.id}/ticket").json()) as second:
        failure = client.expect(protocol.Failure)
        assert (failure.code, failure.fatal) == ("replaced", True)
        assert len(second.play(2)) == 2


def test_a_new_source_raises_the_epoch_and_forgets_the_motion(live, client):
    client.play(READY + 2)
    client.send(protocol.Source("camera"))
    ready = client.expect(protocol.Ready)
    assert ready.epoch == client.epoch + 1
    client.show(epoch=client.epoch)
    assert client.errors() == []
    client.epoch = ready.epoch
    (head,) = client.play(1)
    assert head.flags == ["warming"]
    assert head.counts.dropped >= 1
    assert head.counts.received == READY + 4


def test_a_new_portrait_raises_the_epoch_and_keeps_the_motion(live, client, monkeypatch):
    monkeypatch.setattr(live.app.state.reader, "read", reading(lambda data: portrait((10, 200, 10))))
    client.play(READY)
    answer = live.http.put(f"/api/sessions/{client.id}/portrait", content=b"any")
    assert answer.json() == {"width": 256, "height": 256}
    client.epoch = client.expect(protocol.Ready).epoch
    client.show()
    head, fan, tiles = client.sheet()
    assert fan.size and head.generation == 2
    np.testing.assert_allclose(np.median(tiles[0], axis=(0, 1)), (10, 200, 10), atol=12)
    assert live.http.delete(f"/api/sessions/{client.id}/portrait").status_code == 200
    assert client.expect(protocol.Ready).epoch == client.epoch + 1


def test_sheets_sent_before_an_epoch_need_no_acknowledgement_after_it(live, client):
    for _ in range(5):
        client.show()
    live.pipeline.wait_until_seen(live.pipeline.streams[-1], 5)
    live.wait_until_idle()
    client.send(protocol.Source("camera"))
    client.epoch = client.expect(protocol.Ready).epoch
    assert len(client.play(3)) == 3


def test_the_neutral_face_can_be_replaced(live, client):
    client.play(2)
    client.send(protocol.Reference())
    client.play(2)
    assert live.pipeline.streams[-1].references == 1


def test_a_gap_in_the_capture_times_restarts_the_motion(client):
    client.play(READY)
    client.frames += 50
    (head,) = client.play(1)
    assert head.flags == ["warming"]


def test_frames_without_a_face_are_counted_and_get_no_sheet(client):
    client.play(1)
    client.send(protocol.Landmarks(85.0))
    assert client.until_pong() == []
    (head,) = client.play(1)
    assert head.counts.received == 3


def test_every_tile_of_a_sheet_lies_where_the_head_says(client):
    client.play(READY)
    client.show()
    message = client.receive()
    fan, tiles = unpack(message)
    assert fan.shape == (4, 16, 10, 2)
    assert all(tile.shape == (message.head.tile, message.head.tile, 3) for tile in tiles)
    assert len(tiles) == message.head.tiles


def test_refinement_that_fails_is_flagged_after_a_while_until_the_settings_change(client):
    client.play(READY)
    client.send(ForecastSettings(step_size=0.05))
    assert [head.flags for head in client.play(MIN_MEASUREMENTS)] == [[]] * (MIN_MEASUREMENTS - 1) + [["under_refined"]]
    client.send(ForecastSettings(step_size=1.0))
    assert [head.flags for head in client.play(MIN_MEASUREMENTS)] == [[]] * (MIN_MEASUREMENTS - 1) + [["over_refined"]]
    client.send(ForecastSettings(step_size=1.0, method="gru_nf"))
    assert all(head.flags == [] for head in client.play(MIN_MEASUREMENTS + 2))


def test_moderate_refinement_is_not_flagged(client):
    assert all(head.flags == [] for head in client.play(READY + 2 * MIN_MEASUREMENTS)[READY:])
