"""The browser renders by itself: it gets keypoints from the server, and runs the generator's networks in WebAssembly here."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from backend.animate.generator import Generator
from backend.core.types import FloatArray, Keypoints, Picture
from backend.runtime.engine import TorchEngine
from backend.server.live.keypoints import unpack_keypoints
from backend.server.protocol import SheetHead, decode_server, sheet
from tests.e2e.conftest import WAIT_MS, debug_state, wait
from tests.e2e.faces import DRIVERS, moved_faces
from tests.e2e.relay import Relay
from tests.e2e.serving import REPOSITORY, Server
from tests.e2e.test_drawing import portrait_of

pytestmark = pytest.mark.e2e

PORTRAITS = ("studio", "oil", "poster", "marble", "engraving", "halftone")

TILES = """() => [...document.querySelectorAll('section[aria-labelledby=row-now] .tile canvas:not(.fan)')].map(
  canvas => canvas.toDataURL().split(',')[1]
)"""
STILL = """drawn => {
  const { frames } = window.motionfan, before = window.framesBefore;
  window.framesBefore = frames;
  return frames > drawn && frames === before;
}"""


def listen(page: Page) -> list[bytes]:
    """Return a list that gets all messages of the server."""
    received: list[bytes] = []
    keep = lambda data: received.append(data) if isinstance(data, bytes) else None
    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    return received


def pause(page: Page, received: list[bytes]) -> None:
    """Stop the recording, and wait until the last sheet that was sent is shown."""
    page.get_by_role("button", name="Pause").click()
    before = (-1, 0)
    while True:
        page.wait_for_timeout(1000)
        sent = sum(isinstance(decode_server(data).head, SheetHead) for data in received)
        counters = debug_state(page)["counters"]
        now = sent, counters["sheets"] + counters["stale"]
        # For a second, so that the display has drawn it too.
        if now == before == (sent, sent):
            return
        before = now


def sent_frames(received: list[bytes]) -> tuple[FloatArray, FloatArray]:
    """Return the portrait's keypoints, and those of the frames that the last sheet asks for."""
    sheets = [message for message in map(decode_server, received) if isinstance(message.head, SheetHead)]
    moved = [(message.head, unpack_keypoints(message.head, sheet(message)[1])) for message in sheets if message.head.paths[2]]
    head, last = moved[-1]
    if not head.step:
        return last.source, last.present[None]
    paths = next(motion.paths for sent, motion in reversed(moved) if motion.paths is not None)
    assert head.tiles == 1 + len(paths)
    return last.source, np.concatenate([last.present[None], paths[:, head.step - 1]])


class Shown(NamedTuple):
    """What the page shows: the pictures of the upper row's tiles, the portrait, and flat keypoints of both."""

    tiles: list[Picture]
    picture: Picture
    source: FloatArray
    driving: FloatArray


def shown(page: Page) -> list[Picture]:
    """Return the pictures of the upper row's tiles."""
    read = [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in page.evaluate(TILES)]
    return [np.array(picture) for picture in read]


def stage(page: Page, server: Server, source: FloatArray, driving: FloatArray) -> Shown:
    """Return what the page shows for the portrait's keypoints `[6N]` and those of the frames `[F, 6N]`."""
    portrait = portrait_of(server, debug_state(page)["session"])[0].movedim(0, -1)
    picture = (portrait.numpy() * 255).round().astype(np.uint8)
    return Shown(shown(page), picture, source, driving)


@cache
def torch_engine() -> TorchEngine:
    return TorchEngine(Generator.load(REPOSITORY / "models" / "generator_slim_128"), precision="float32")


def rendered(picture: Picture, source: FloatArray, driving: FloatArray) -> Picture:
    """Render frames as torch does, at the portrait's own size."""
    encoded = torch_engine().encode(picture, Keypoints.from_flat(torch.from_numpy(source)))
    return torch_engine().render(encoded, Keypoints.from_flat(torch.from_numpy(driving)), len(picture))


def check_frames(found: Shown) -> int:
    """Compare tiles with frames that torch renders, and return how many were compared."""
    frames = rendered(found.picture, found.source, found.driving)
    pairs = [(tile, frame) for tile, frame in zip(found.tiles, frames, strict=False) if len(tile) == len(frame)]
    for tile, frame in pairs:
        error = np.abs(tile.astype(float) - frame)
        assert error.mean() <= 1.5, error.mean()
        assert (error <= 8).mean() >= 0.99, (error <= 8).mean()
    return len(pairs)


@pytest.mark.timeout(600)
def test_frames_that_the_browser_renders_alone_equal_those_of_torch(large: BrowserContext, server: Server) -> None:
    faces = {name: moved_faces(name) for name in PORTRAITS}
    page = large.new_page()
    received, relay = listen(page), Relay(page)
    page.goto(f"{server.url}/?way=keypoints")
    wait(page, "m.settings.k === 4")
    for _ in range(3):
        page.keyboard.press("-")
    wait(page, "m.way === 'keypoints' && m.tiles > 1", 3 * WAIT_MS)
    expect(page.locator("[data-figure=way]")).to_have_text("this browser alone")
    pause(page, received)
    sent = stage(page, server, *sent_frames(received))
    relay.quiet = True
    # Frames are compared afterwards: while torch works, the relay passes no message on, and the page would connect again.
    driven = [show_faces(page, server, relay, name, *faces[name]) for name in PORTRAITS]
    state = debug_state(page)
    page.close()
    assert state["failures"] == [] and state["counters"]["broken"] == 0
    assert check_frames(sent) > 0
    assert [check_frames(found) for found in driven] == [len(DRIVERS)] * len(PORTRAITS)


def show_faces(page: Page, server: Server, relay: Relay, name: str, source: FloatArray, frames: FloatArray) -> Shown:
    """Choose a portrait and have the page render it.

    Args:
        page: renders.
        server: has the portraits.
        relay: is quiet.
        name: of a bundled portrait.
        source: its flat keypoints `[6N]`.
        frames: flat keypoints of the tiles `[F, 6N]`.
    """
    relay.asked = None
    page.locator(f".gallery:not([aria-disabled=true]) [data-name={name}]").click()
    while relay.asked != "keypoints":
        page.wait_for_timeout(50)
    drawn = debug_state(page)["frames"]
    number, motion = relay.show(source, frames)
    wait(page, f"m.round === {number} && m.tiles === {len(frames)}")
    page.wait_for_function(STILL, arg=drawn, polling=600)
    assert motion.paths is not None
    return stage(page, server, motion.source, np.concatenate([motion.present[None], motion.paths[:, 0]]))


STARVE = """
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + 65536 * pages > 24e6) throw new RangeError('Maximum memory size exceeded');
  return grow.call(this, pages);
};
"""


def missing(route: Route) -> None:
    route.fulfill(status=404, body="gone")


def damaged(route: Route) -> None:
    route.fulfill(body=b"not a network", content_type="application/octet-stream")


def starved(route: Route) -> None:
    """Give the worker less memory than the networks need."""
    answer = route.fetch()
    route.fulfill(response=answer, body=STARVE + answer.text())


@pytest.mark.parametrize(
    ("address", "answer", "said"),
    [
        ("**/api/networks", missing, "networks stopped"),
        ("**/api/networks/*.onnx", damaged, "A file of the networks is damaged."),
        ("**/networks-worker-*.js", starved, "there is too little memory for them"),
    ],
    ids=["missing", "damaged", "no memory"],
)
def test_without_usable_networks_the_server_renders_and_the_page_says_so(context, server, address, answer, said) -> None:
    page = context.new_page()
    page.route(address, answer)
    page.goto(f"{server.url}/?way=keypoints")
    wait(page, "m.way === 'layers' && m.tiles > 1")
    expect(page.locator("[data-figure=networks]")).to_contain_text("networks stopped")
    expect(page.locator("[data-figure=networks]")).to_contain_text(said)
    shown = debug_state(page)["counters"]["drawn"]
    wait(page, f"m.way === 'layers' && m.counters.drawn > {shown} + 3")
    assert debug_state(page)["failures"] == []
