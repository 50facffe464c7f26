"""A server whose models are replicas: sessions travel with their work, and outlive replicas."""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from backend.core.errors import InputError, ModelError
from backend.core.settings import Settings
from backend.core.types import ForecastSettings
from backend.keypoints.clock import Tick
from backend.server import protocol
from backend.server.cluster.deployment import launch_gateway
from backend.server.cluster.gateway import GatewayThread
from backend.server.cluster.replica import Job, ModelReplica, Visit
from backend.server.live.mailbox import FrameStamp, Mailbox
from backend.server.live.session_slot import SessionPortrait
from backend.server.run import build
from tests.server.cluster.replicas import Ingress
from tests.server.conftest import Client, face, portrait
from tests.server.fake_pipeline import READY_AFTER, FakePipeline

COLOUR = (90, 120, 150)
"""Of the portrait that sessions start with."""


@pytest.fixture
def ingress():
    server = Ingress()
    yield server
    server.stop()


def test_a_session_plays_over_two_replicas_as_over_one(ingress, live):
    with Client(ingress) as spread, Client(live) as local:
        for client in (spread, local):
            client.send(ForecastSettings(k=3))
        for ours, theirs in zip(spread.play(READY_AFTER + 20), local.play(READY_AFTER + 20), strict=True):
            assert (ours.generation, ours.step, ours.paths) == (theirs.generation, theirs.step, theirs.paths)
    assert min(ingress.models.asked) >= 10


def test_a_replica_that_ends_costs_the_session_nothing(ingress):
    """Lost: nothing; the batch is run again elsewhere, from the same snapshot."""
    with Client(ingress) as client:
        before = client.play(READY_AFTER + 3)[-1]
        ingress.models.ending = 2
        after = client.play(1)[-1]
        assert (after.generation, after.step) == (before.generation, before.step + 1)


@pytest.mark.parametrize("fault", ["ending", "busy", "failing"])
def test_frames_that_no_replica_takes_are_dropped_and_the_session_goes_on(ingress, fault):
    """Lost: the sheets of these frames."""
    with Client(ingress) as client:
        before = client.play(READY_AFTER + 1)[-1]
        setattr(ingress.models, fault, 1 if fault == "failing" else 3)
        client.show()
        client.until_pong()
        ingress.wait_until_idle()
        setattr(ingress.models, fault, 0)
        after = client.play(1)[-1]
        assert after.generation == before.generation
        assert after.counts.dropped == before.counts.dropped + 1


def test_another_portrait_reaches_all_replicas_and_begins_a_new_round(ingress):
    with Client(ingress) as client:
        first = client.play(READY_AFTER + 2)[-1]
        name = ingress.http.get("/api/portraits").json()[1]["name"]
        assert ingress.http.put(f"/api/sessions/{client.id}/portrait/{name}").status_code == 200
        client.epoch = client.expect(protocol.Ready).epoch
        sheets = [client.show() and client.sheet() for _ in range(4)]
        assert sheets[0][0].generation == first.generation + 1
        colours = np.stack([tiles[0].mean((0, 1)) for _, _, tiles in sheets if tiles])
        assert len(colours) > 2 and np.ptp(colours, 0).max() < 12
        assert np.abs(colours - COLOUR).max(1).min() > 20


def test_batches_of_several_servers_are_run_as_one_and_each_gets_its_own():
    default = SessionPortrait(portrait())
    replica = ModelReplica(FakePipeline, 0, default, lambda shared: shared)
    jobs = [Job({name: Visit(default.key, None)}, {name: _work()}, time.monotonic()) for name in ("one", "two")]
    reports = replica.step(jobs)
    assert [[each.session for each in report.deliveries] for report in reports] == [["one"], ["two"]]
    assert [list(report.snapshots) for report in reports] == [["one"], ["two"]]
    assert sum(len(report.sheets) for report in reports) == 2


def test_a_session_whose_portrait_cannot_be_had_is_cancelled_and_the_others_are_served():
    def fetch(_):
        raise InputError("portrait_lost", "The portrait is gone.", "Send it again.")

    default = SessionPortrait(portrait())
    replica = ModelReplica(FakePipeline, 0, default, fetch)
    visits = {"one": Visit("unknown", None), "two": Visit(default.key, None)}
    (report,) = replica.step([Job(visits, {"one": _work(), "two": _work()}, time.monotonic())])
    assert report.cancelled == ["one"] and [each.session for each in report.deliveries] == ["two"]


def _work():
    mailbox = Mailbox(threading.Condition())
    mailbox.put([Tick(face(), 0.0, 0, True)], FrameStamp(0.0, 1, time.monotonic()))
    return mailbox.take()


def test_without_ray_the_start_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match="Ray is not installed") as caught:
        build(Settings(), FakePipeline, portrait(), launch=launch_gateway(Settings()))
    assert ".[cluster]" in caught.value.hint


def test_replicas_that_cannot_load_end_the_start_with_their_reason():
    class Broken:
        def loaded(self):
            raise ModelError("model_missing", "There are no weights.", "Copy them.")

        def close(self):
            pass

    def launch(connection, *_):
        thread = GatewayThread(connection, Broken())
        thread.start()
        return thread

    with pytest.raises(ModelError, match="no weights"):
        build(Settings(), partial(FakePipeline), portrait(), launch=launch)
