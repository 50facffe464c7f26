"""A real uvicorn on loopback around the fake pipeline, and a client that speaks the protocol."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx
import numpy as np
import pytest
import simplejpeg
from websockets.sync.client import ClientConnection, connect

from backend.core.recording import Recording
from backend.core.settings import Settings
from backend.media.images import PortraitImage
from backend.server import protocol
from backend.server.http.page import PAGE
from backend.server.http.recordings import RECORDINGS
from backend.server.live.inference import serve_inference
from backend.server.live.worker import InferenceWorker
from backend.server.protocol import Landmarks, Message
from backend.server.run import DemoServer, address, build, listen
from tests.server.fake_pipeline import FakePipeline

TIMEOUT_S = 20
T = TypeVar("T")


def face() -> np.ndarray:
    return Recording.load(sorted(RECORDINGS.glob("*.npz"))[0]).landmarks[0]


def portrait(colour: tuple[int, int, int] = (90, 120, 150)) -> PortraitImage:
    return PortraitImage(np.full((256, 256, 3), colour, np.uint8), face())


class InferenceThread(threading.Thread):
    """In place of the inference process: tests look into its pipeline."""

    def kill(self) -> None:
        raise AssertionError("The inference thread did not end.")


def launch_thread(connection, *arguments) -> InferenceThread:
    thread = InferenceThread(target=serve_inference, args=(connection, *arguments), name="inference")
    thread.start()
    return thread


def do_nothing(_: object) -> None:
    pass


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until a condition holds; False if it does not within `TIMEOUT_S`."""
    until = time.monotonic() + TIMEOUT_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: in this one, Playwright's loop may be running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(TIMEOUT_S)


class TestingServer(DemoServer):
    __test__ = False

    def __init__(self, app, trusted_proxies=()) -> None:
        super().__init__(app, trusted_proxies)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Live:
    """A running server; `app`, `pipeline`, `worker` and `video_queue` are its parts."""

    def __init__(
        self, pages: Path | None = None, pipeline: object | None = None, launch=launch_thread, directory=None, **settings
    ) -> None:
        self.pipeline = pipeline or FakePipeline()
        self._listener = listen("127.0.0.1", 0)
        self.url = address(self._listener)
        settings = Settings(port=0, **settings)
        self.app, self.worker = build(settings, lambda: self.pipeline, portrait(), pages or PAGE, launch, directory)
        self.video_queue = self.app.state.video_queue
        self.server = TestingServer(self.app, settings.trusted_proxies)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()
        assert self.server.up.wait(TIMEOUT_S)
        # One connection a request: the server closes idle ones, perhaps just when the next request is on its way.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=self.url, timeout=TIMEOUT_S, trust_env=False, limits=limits)

    def stop(self) -> None:
        if isinstance(self.pipeline, FakePipeline):
            self.pipeline.gate.set()
        self.http.close()
        self.server.should_exit = True
        self._thread.join()
        self.worker.stop()
        self._listener.close()

    def wait_until_idle(self) -> None:
        """Wait until the models have finished their current work."""
        worker: InferenceWorker = self.worker
        worker.run(do_nothing).result(TIMEOUT_S)

    def session(self) -> dict:
        return self.http.post("/api/sessions").json()


def dial(live: Live, path: str, origin: str | None = None, host: str | None = None) -> connect:
    """Return a connection, to be used as a context manager; `host` replaces the name that it asks for."""
    where = live.url.removeprefix("http://")
    name, port = where.split(":")
    real = (name, int(port))
    line = socket.create_connection(real, timeout=TIMEOUT_S)
    line.settimeout(None)
    return connect(f"ws://{host or where}{path}", sock=line, origin=origin, compression=None, max_size=None, proxy=None)


class Client:
    """One session's client."""

    def __init__(self, live: Live, invitation: dict | None = None) -> None:
        self.live = live
        self.invitation = invitation or live.session()
        self.id = self.invitation["session"]
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(dial(live, self.invitation["ws"]))
        self.seq = 0
        self.frames = 0
        self.ready = self.expect(protocol.Ready)
        self.epoch = self.ready.epoch

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def send(self, head: object, payload: bytes = b"", *, epoch: int | None = None, seq: int | None = None) -> int:
        self.seq = self.seq + 1 if seq is None else seq
        self.socket.send(protocol.encode(Message(self.epoch if epoch is None else epoch, self.seq, head, payload)))
        return self.seq

    def show(self, landmarks: np.ndarray | None = None, *, t: float | None = None, epoch: int | None = None) -> int:
        """Send one frame, 80 ms after the one before."""
        self.frames += 1
        points = face() if landmarks is None else landmarks
        return self.send(Landmarks(self.frames * 80.0 if t is None else t), protocol.quantise(points), epoch=epoch)

    def receive(self) -> Message:
        return protocol.decode_server(self.socket.recv(TIMEOUT_S))

    def expect(self, kind: type):
        """Return the head of the next message of this kind; others before it are skipped."""
        while not isinstance((message := self.receive()).head, kind):
            pass
        return message.head

    def sheet(self) -> tuple[protocol.SheetHead, np.ndarray, list[np.ndarray]]:
        """Return the next sheet's head, fan and tiles, and acknowledge it."""
        message = self.sheet_message()
        return message.head, *unpack(message)

    def sheet_message(self) -> Message:
        """Return the message of the next sheet, and acknowledge it."""
        while not isinstance((message := self.receive()).head, protocol.SheetHead):
            pass
        self.send(protocol.Ack(message.seq))
        return message

    def until_pong(self) -> list[Message]:
        """Return all messages that the server sends before it answers a ping sent now."""
        self.send(protocol.Ping(float(self.seq)))
        messages = []
        while not isinstance((message := self.receive()).head, protocol.Pong):
            messages.append(message)
        return messages

    def errors(self) -> list[str]:
        return [message.head.code for message in self.until_pong() if isinstance(message.head, protocol.Failure)]

    def play(self, frames: int) -> list[protocol.SheetHead]:
        """Show frames one by one, each after the sheet of the previous one has arrived."""
        heads = []
        for _ in range(frames):
            self.show()
            heads.append(self.sheet()[0])
        return heads


def unpack(message: Message) -> tuple[np.ndarray, list[np.ndarray]]:
    fan, data = protocol.sheet(message)
    head = message.head
    if not head.tiles:
        assert data == b""
        return fan, []
    board = simplejpeg.decode_jpeg(data, colorspace="RGB")
    at = [divmod(i, head.columns) for i in range(head.tiles)]
    return fan, [board[r * head.tile : (r + 1) * head.tile, c * head.tile : (c + 1) * head.tile] for r, c in at]


@pytest.fixture
def live() -> Iterator[Live]:
    server = Live()
    yield server
    server.stop()


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    with Client(live) as one:
        yield one
