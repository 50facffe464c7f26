"""A real Ray cluster with two model replicas and two servers: killed under load, the sessions go on."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backend.core.settings import REPOSITORY
from backend.core.types import ForecastSettings
from backend.server import protocol
from tests.server.conftest import Client
from tests.server.fake_pipeline import READY_AFTER

pytest.importorskip("ray")

START_S, GOES_ON_S = 150, 60
CLIENTS = 3
REPLICA = "ServeReplica:motionfan"


@dataclass
class Server:
    """One `motionfan serve --cluster`, as a client sees it."""

    process: subprocess.Popen
    url: str
    http: httpx.Client

    def session(self) -> dict:
        return self.http.post("/api/sessions").json()


@dataclass
class Cluster:
    servers: list[Server]
    environment: dict[str, str]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _serve(environment: dict[str, str], opened: ExitStack) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-m", "backend", "serve", "--cluster", "--port", "0"],
        cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    opened.callback(_end, process)
    line = process.stdout.readline()
    assert "MotionFan is up" in line, f"{line!r}, status {process.poll()}"
    url = line.split(": ")[1].split()[0]
    limits = httpx.Limits(max_keepalive_connections=0)
    return Server(process, url, opened.enter_context(httpx.Client(base_url=url, timeout=20, trust_env=False, limits=limits)))


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_all(head: subprocess.Popen) -> None:
    """End a cluster by the processes that its head has started; by itself it takes half a minute."""
    for process in [*psutil.Process(head.pid).children(recursive=True), head]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    head.wait()


@pytest.fixture(scope="module")
def cluster(small_models: Path) -> Iterator[Cluster]:
    port, folder = _free_port(), tempfile.mkdtemp(prefix="ray")
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "RAY_ADDRESS": f"127.0.0.1:{port}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "MOTIONFAN_MODELS": str(small_models),
        "MOTIONFAN_REPLICAS": "2",
        "MOTIONFAN_MAX_SESSIONS": "32",
        "MOTIONFAN_THREADS": "1",
    }
    ray = Path(sys.executable).with_name("ray")
    options = ["--num-cpus=4", "--include-dashboard=false", "--disable-usage-stats", "--object-store-memory=100000000"]
    head = subprocess.Popen(
        [ray, "start", "--head", "--block", f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}", *options],
        env={name: value for name, value in environment.items() if name != "RAY_ADDRESS"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with ExitStack() as opened:
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
        opened.callback(_end_all, head)
        until = time.monotonic() + START_S
        while subprocess.run([ray, "status"], env=environment, capture_output=True).returncode != 0:
            assert head.poll() is None and time.monotonic() < until, "The cluster did not start."
            time.sleep(0.5)
        yield Cluster([_serve(environment, opened) for _ in range(2)], environment)


class Visitor(threading.Thread):
    """A client that plays until it is stopped, and comes back to the next server when it loses the line, as a page does.

    `sheets` gets when each sheet came, and its head; `names` holds the session of every connection.
    """

    def __init__(self, servers: list[Server], first: int) -> None:
        super().__init__(daemon=True)
        self.servers, self.at = servers, first
        self.sheets: queue.Queue[tuple[float, protocol.SheetHead]] = queue.Queue()
        self.names: list[str] = []
        self.settings: list[ForecastSettings] = []
        self.stopping = threading.Event()
        self.start()

    def run(self) -> None:
        invitation = self.servers[self.at].session()
        frames = 0
        while not self.stopping.is_set():
            try:
                with Client(self.servers[self.at], invitation) as client:
                    if not self.names:
                        client.send(ForecastSettings(k=2, horizon=6))
                        client.send(protocol.Drawing("keypoints"))
                    self.names.append(client.id)
                    self.settings.append(client.ready.settings)
                    client.frames = frames
                    while not self.stopping.is_set():
                        client.show()
                        frames = client.frames
                        self.sheets.put((time.monotonic(), client.sheet_message().head))
                        time.sleep(0.02)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError):
                invitation = self._come_back()

    def _come_back(self) -> dict:
        while not self.stopping.is_set():
            self.at = (self.at + 1) % len(self.servers)
            try:
                answer = self.servers[self.at].http.post(f"/api/sessions/{self.names[-1]}/ticket")
                if answer.status_code == 200:
                    return answer.json()
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        return {}

    def next_sheets(self, count: int, after: float = 0.0) -> list[protocol.SheetHead]:
        """Return the next sheets that came after a time."""
        heads = []
        while len(heads) < count:
            came, head = self.sheets.get(timeout=GOES_ON_S)
            if came >= after:
                heads.append(head)
        return heads


@contextlib.contextmanager
def _visitors(servers: list[Server]) -> Iterator[list[Visitor]]:
    """Visitors of each server in turn, for whom futures play."""
    some = [Visitor(servers, index % len(servers)) for index in range(CLIENTS)]
    for visitor in some:
        visitor.next_sheets(READY_AFTER + 4)
    yield some
    for visitor in some:
        visitor.stopping.set()
    for visitor in some:
        visitor.join(30)


def _replicas(cluster: Cluster) -> list[int]:
    token = cluster.environment["RAY_AUTH_TOKEN"]
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if REPLICA in " ".join(process.info["cmdline"] or []) and process.environ().get("RAY_AUTH_TOKEN") == token
    ]


def test_a_killed_replica_costs_no_session_and_no_round(cluster):
    """Lost: frames that were in its batch and grew stale; another replica takes its place."""
    with _visitors(cluster.servers) as visitors:
        before = _replicas(cluster)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        killed = time.monotonic()
        for visitor in visitors:
            heads = visitor.next_sheets(30, after=killed)
            assert [head.tick for head in heads] == sorted(head.tick for head in heads)
            assert len(visitor.names) == 1, "the line was never lost"
            rounds = [head.generation for head in heads]
            assert rounds[0] >= 1 and rounds == sorted(rounds), "its rounds went on"
        until = time.monotonic() + START_S
        while len(after := _replicas(cluster)) < 2:
            assert time.monotonic() < until, "The replica was not replaced."
            time.sleep(0.2)
        assert before[1] in after and before[0] not in after


def test_sessions_of_a_killed_server_go_on_at_the_other(cluster):
    """Lost: the second in which their clients found the other server, and the rounds in play."""
    with ExitStack() as opened:
        lost = _serve(cluster.environment, opened)
        visitors = opened.enter_context(_visitors([lost, cluster.servers[0]]))
        until = time.monotonic() + GOES_ON_S
        while (ready := lost.http.get("/readyz").json())["kept"] < ready["sessions"]:
            assert time.monotonic() < until, "The sessions were not kept."
            time.sleep(0.1)
        there = [visitor for visitor in visitors if visitor.at == 0]
        lost.process.kill()
        killed = time.monotonic()
        for visitor in there:
            heads = visitor.next_sheets(READY_AFTER + 4, after=killed)
            assert len(visitor.names) == 2 and visitor.names[0] == visitor.names[1]
            assert visitor.settings[1] == ForecastSettings(k=2, horizon=6)
            assert heads[-1].way == "keypoints" and heads[-1].generation >= 1 and len(heads[-1].methods) == 2
        for visitor in visitors:
            visitor.next_sheets(5, after=killed)
