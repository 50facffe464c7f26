"""The browser renders by itself: it gets keypoints from the server, and runs the generator's networks in WebAssembly here."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from backend.animate.generator import Generator
from backend.core.types import FloatArray, Keypoints, Picture
from backend.runtime.engine import TorchEngine
from backend.server.live.keypoints import unpack_keypoints
from backend.server.protocol import SheetHead, decode_server, sheet
from tests.e2e.conftest import debug_state, wait
from tests.e2e.serving import REPOSITORY, Server
from tests.e2e.test_drawing import portrait_of

pytestmark = pytest.mark.e2e

TILES = """() => [...document.querySelectorAll('section[aria-labelledby=row-now] .tile canvas:not(.fan)')].map(canvas => {
  const { width, height } = canvas;
  return [width, ...canvas.getContext('2d').getImageData(0, 0, width, height).data];
})"""


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


def rendered(picture: Picture, source: FloatArray, driving: FloatArray) -> Picture:
    """Render frames as torch does, at the portrait's own size."""
    import torch

    engine = TorchEngine(Generator.load(REPOSITORY / "models" / "generator_slim_128"), precision="float32")
    moved = Keypoints.from_flat(torch.from_numpy(driving))
    return engine.render(engine.encode(picture, Keypoints.from_flat(torch.from_numpy(source))), moved, len(picture))


def test_frames_that_the_browser_renders_alone_equal_those_of_torch(large: BrowserContext, server: Server) -> None:
    page = large.new_page()
    received = listen(page)
    page.goto(f"{server.url}/?way=keypoints")
    wait(page, "m.settings.k === 4")
    for _ in range(3):
        page.keyboard.press("-")
    wait(page, "m.way === 'keypoints' && m.tiles > 1")
    expect(page.locator("[data-figure=way]")).to_have_text("this browser alone")
    pause(page, received)
    shown = [np.array(data, np.uint8).reshape(side, side, 4)[..., :3] for side, *data in page.evaluate(TILES)]
    state = debug_state(page)
    picture = (portrait_of(server, state["session"])[0].movedim(0, -1).numpy() * 255).round().astype(np.uint8)
    page.close()
    source, driving = sent_frames(received)
    frames = rendered(picture, source, driving)
    pairs = [(tile, frame) for tile, frame in zip(shown, frames, strict=False) if len(tile) == len(frame)]
    assert pairs and state["failures"] == [] and state["counters"]["broken"] == 0
    for tile, frame in pairs:
        error = np.abs(tile.astype(float) - frame)
        assert error.mean() <= 1.5, error.mean()
        assert (error <= 8).mean() >= 0.99, (error <= 8).mean()


def damaged(route: Route) -> None:
    route.fulfill(body=b"not a network", content_type="application/octet-stream")


@pytest.mark.parametrize(
    ("address", "answer"),
    [("**/api/networks", lambda route: route.fulfill(status=404, body="gone")), ("**/api/networks/*.onnx", damaged)],
    ids=["missing", "damaged"],
)
def test_without_usable_networks_the_server_renders_and_the_page_says_so(context, server, address, answer) -> None:
    page = context.new_page()
    page.route(address, answer)
    page.goto(f"{server.url}/?way=keypoints")
    wait(page, "m.way === 'layers' && m.tiles > 1")
    expect(page.locator("[data-figure=networks]")).to_contain_text("networks stopped")
    shown = debug_state(page)["counters"]["drawn"]
    wait(page, f"m.way === 'layers' && m.counters.drawn > {shown} + 3")
    assert debug_state(page)["failures"] == []
