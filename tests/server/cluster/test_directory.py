"""Sessions move between the servers of a cluster: whoever is asked for one takes it over."""

from __future__ import annotations

import time

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from backend.core.errors import InputError
from backend.core.settings import Settings
from backend.core.types import ForecastSettings
from backend.server import app, protocol
from backend.server.cluster.directory import Directory
from backend.server.live.inference import SNAPSHOT_S
from backend.server.live.session_record import SessionRecord
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sessions import DETACHED_S
from backend.server.run import build
from tests.server.cluster.replicas import Ingress
from tests.server.conftest import TIMEOUT_S, Client, portrait
from tests.server.fake_pipeline import READY_AFTER, FakePipeline

RECORD = SessionRecord(SessionPortrait(portrait()), ForecastSettings(), "layers", 3, b"motion")
UPDATE = SessionRecord(None, ForecastSettings(k=2), "layers", 4, b"more")


class NearDirectory:
    """A directory in this process, as one server sees it; `away` as if its machine had ended."""

    def __init__(self, shared: Directory, server: str) -> None:
        self._shared, self._server, self.away, self.kept = shared, server, False, 0

    async def keep(self, records, ended):
        self.kept += 1
        return ([], list(records)) if self.away else self._shared.keep(self._server, records, ended)

    async def knows(self, session):
        return not self.away and self._shared.knows(self._server, session)

    async def take(self, session):
        return None if self.away else self._shared.take(self._server, session)


@pytest.fixture
def pair(monkeypatch):
    monkeypatch.setattr(app, "KEEP_PERIOD_S", 0.1)
    shared = Directory()
    servers = [Ingress(directory=NearDirectory(shared, name)) for name in ("a", "b")]
    yield servers
    for server in servers:
        server.stop()


def _keep(server: Ingress) -> None:
    """Wait until the server has kept its records."""
    directory = server.directory
    before, until = directory.kept, time.monotonic() + TIMEOUT_S
    while directory.kept < before + 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert directory.kept >= before + 2


def _heads(client: Client, frames: int) -> list[protocol.SheetHead]:
    return [client.show() and client.sheet_message().head for _ in range(frames)]


def _move(client: Client, to: Ingress) -> Client:
    invitation = to.http.post(f"/api/sessions/{client.id}/ticket")
    assert invitation.status_code == 200, invitation.text
    return Client(to, invitation.json())


def test_a_session_goes_on_at_another_server_with_portrait_settings_and_way(pair):
    """Lost: the round in play, since its clock was the other server's."""
    one, two = pair
    with Client(one) as client:
        name = one.http.get("/api/portraits").json()[1]["name"]
        assert one.http.put(f"/api/sessions/{client.id}/portrait/{name}").status_code == 200
        client.epoch = client.expect(protocol.Ready).epoch
        client.send(ForecastSettings(k=2, horizon=8))
        client.send(protocol.Drawing("layers"))
        before = _heads(client, READY_AFTER + 3)[-1]
        time.sleep(SNAPSHOT_S)
        _heads(client, 1)
        _keep(one)
        picture = one.http.get(f"/api/sessions/{client.id}/portrait.png").content
        with _move(client, two) as there:
            assert (there.id, there.ready.settings) == (client.id, ForecastSettings(k=2, horizon=8))
            assert there.epoch > client.epoch
            assert two.http.get(f"/api/sessions/{client.id}/portrait.png").content == picture
            there.frames, there.seq = client.frames, client.seq
            after = _heads(there, READY_AFTER)[-1]
            assert (after.way, after.generation) == ("layers", before.generation + 1)


def test_the_server_that_lost_a_session_says_so_and_does_not_end_it_for_the_other(pair):
    one, two = pair
    with Client(one) as client:
        client.play(2)
        _keep(one)
        with _move(client, two) as there:
            failure = client.expect(protocol.Failure)
            assert failure.code == "moved" and not failure.fatal
            with pytest.raises(ConnectionClosed):
                while True:
                    client.receive()
            _keep(one)
            assert one.http.get("/readyz").json()["sessions"] == 0
            there.frames = client.frames
            assert there.play(3)


def test_a_server_that_stops_leaves_its_sessions_to_the_others(pair):
    one, two = pair
    with Client(one) as client:
        client.play(READY_AFTER + 2)
        time.sleep(SNAPSHOT_S)
        client.play(1)
    one.server.should_exit = True
    one._thread.join(TIMEOUT_S)
    with _move(client, two) as there:
        there.frames = client.frames
        assert there.play(READY_AFTER)[-1].generation == 2


def test_a_session_that_has_ended_is_nowhere(pair):
    _, two = pair
    brief = Ingress(directory=NearDirectory(two.directory._shared, "c"), session_s=1.0)
    try:
        with Client(brief) as client:
            client.play(1)
            _keep(brief)
            time.sleep(1.0)
            brief.session()  # a newcomer ends those whose time is over
            _keep(brief)
        for server in (two, brief):
            assert server.http.post(f"/api/sessions/{client.id}/ticket").json()["code"] == "session_unknown"
    finally:
        brief.stop()


def test_a_full_server_takes_nothing_over(pair):
    one, _ = pair
    shared = one.directory._shared
    full = Ingress(directory=NearDirectory(shared, "c"), max_sessions=1)
    try:
        with Client(one) as client, Client(full):
            client.play(1)
            _keep(one)
            assert full.http.post(f"/api/sessions/{client.id}/ticket").json()["code"] == "sessions_full"
            assert full.http.post("/api/sessions/none/ticket").json()["code"] == "session_unknown"
            _keep(one)
            assert client.play(1), "it still belongs to its own server"
    finally:
        full.stop()


def test_an_empty_directory_is_filled_again(pair):
    one, two = pair
    with Client(one) as client:
        client.play(1)
        _keep(one)
        one.directory._shared._entries.clear()
        _keep(one)
        _keep(one)
        with _move(client, two) as there:
            assert np.array_equal(there.ready.portrait.width, client.ready.portrait.width)


def test_a_directory_that_was_away_gets_everything_when_it_is_back(pair):
    one, two = pair
    one.directory.away = True
    with Client(one) as client:
        client.play(1)
        _keep(one)
        assert one.http.get("/readyz").json()["kept"] == 0
        assert two.http.post(f"/api/sessions/{client.id}/ticket").json()["code"] == "session_unknown"
        assert client.play(1), "sessions go on without it"
        one.directory.away = False
        _keep(one)
        assert one.http.get("/readyz").json()["kept"] == 1
        with _move(client, two) as there:
            assert there.id == client.id


def test_updates_keep_the_portrait_and_only_the_owner_changes_or_drops_a_record():
    shared = Directory()
    assert shared.keep("a", {"one": UPDATE}) == ([], ["one"]), "its portrait is missing"
    assert shared.keep("a", {"one": RECORD}) == ([], [])
    assert shared.keep("a", {"one": UPDATE}) == ([], [])
    taken = shared.take("b", "one")
    assert (taken.portrait, taken.settings.k, taken.snapshot) == (RECORD.portrait, 2, b"more")
    assert shared.keep("a", {"one": RECORD}) == (["one"], [])
    shared.keep("a", {}, ["one"])
    assert shared.take("c", "one") is not None
    shared.keep("c", {}, ["one"])
    assert shared.take("c", "one") is None


def test_records_of_a_server_that_is_gone_are_forgotten():
    now = [0.0]
    shared = Directory(lambda: now[0])
    shared.keep("a", {"one": RECORD})
    now[0] = DETACHED_S + 1
    assert shared.take("b", "one") is None


def test_the_study_needs_one_machine(tmp_path):
    with pytest.raises(InputError, match="not a cluster"):
        build(Settings(study=str(tmp_path / "votes.db")), FakePipeline, portrait(), directory=NearDirectory(Directory(), "a"))
