"""The browser's graphics compose the tiles from layers, and the server draws where they cannot."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, Page, WebSocket, expect

from backend.animate.compose import FrameLayers, compose
from backend.server.live.layers import unpack
from backend.server.protocol import SheetHead, decode_server, sheet
from tests.e2e.conftest import debug_state, wait, wait_for_sheets
from tests.e2e.pixels import tiles
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e

KEEP_GRAPHICS = """
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, settings) {
  const context = getContext.call(this, kind, settings);
  // The page asks for these graphics without depth, Face Mesh with it.
  if (kind === 'webgl2' && settings?.depth === false) window.graphics = context?.getExtension('WEBGL_lose_context');
  return context;
};
"""
LEAD = """() => {
  const canvas = document.querySelector('.tile.lead canvas');
  const { width, height } = canvas;
  return [width, ...canvas.getContext('2d').getImageData(0, 0, width, height).data];
}"""


@pytest.fixture
def received() -> list[bytes]:
    """Messages of the server, oldest first."""
    return []


@pytest.fixture
def drawing(context: BrowserContext, server: Server, received: list[bytes]) -> Iterator[Page]:
    """A page whose graphics draw, although the software that emulates them here is slow."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.append(data) if isinstance(data, bytes) else None)

    page.on("websocket", listen)
    page.add_init_script(KEEP_GRAPHICS)
    page.goto(f"{server.url}/?way=layers")
    wait(page, "m.way === 'layers' && m.tiles > 1")
    yield page
    assert errors == []


def settled(page: Page) -> None:
    """Stop the recording and wait until nothing moves."""
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(
        "() => { const m = window.motionfan, before = window.before; window.before = m.counters.sheets;"
        " return before === window.before }",
        polling=1500,
    )


def test_tiles_that_the_browser_draws_move_and_are_as_sharp_as_the_screen(drawing: Page) -> None:
    wait(drawing, "m.counters.finished >= 1 && m.step >= 2")
    seen = []
    for _ in range(4):
        wait_for_sheets(drawing, 2)
        seen.append(tiles(drawing))
    assert (np.stack(seen).astype(float).std(0).mean((-1, -2, -3)) > 0.2).all()
    sides = drawing.evaluate(
        "[...document.querySelectorAll('.tile-row .tile canvas:not(.fan)')].map(c => [c.width, c.clientWidth * devicePixelRatio])"
    )
    assert all(width == round(shown) for width, shown in sides), sides
    expect(drawing.locator("[data-figure=way]")).to_have_text("this browser’s graphics")
    assert debug_state(drawing)["counters"]["broken"] == 0


def test_a_frame_of_the_browser_equals_the_one_of_the_server(drawing: Page, server: Server, received: list[bytes]) -> None:
    settled(drawing)
    side, *data = drawing.evaluate(LEAD)
    shown = np.array(data, np.uint8).reshape(side, side, 4)[..., :3]
    error = np.abs(shown.astype(float) - frame_of_server(received, server.url, debug_state(drawing)["session"], side))
    assert error.mean() <= 1.5, error.mean()
    assert (error <= 8).mean() >= 0.99, (error <= 8).mean()


def frame_of_server(received: list[bytes], url: str, session: str, side: int) -> NDArray[np.float64]:
    """Compose the present of the last sheet `[side, side, 3]` as the server would, with the session's portrait."""
    messages = [decode_server(data) for data in received]
    last = [message for message in messages if isinstance(message.head, SheetHead) and message.head.layers][-1]
    found = unpack(last.head, sheet(last)[1])
    pictures = [torch.from_numpy(part[:1]).float() / 255 for part in (found.alpha, found.paint, found.opacity, found.colour)]
    alpha, paint, opacity, colour = pictures
    fade, centres, axes, offset = (torch.from_numpy(part[:1]) for part in (found.fade, found.centres, found.axes, found.offset))
    layers = FrameLayers(
        fade, centres, axes, offset, alpha[:, None], paint.movedim(-1, 1), opacity[:, :, None], colour.movedim(-1, 2)
    )
    with urllib.request.urlopen(f"{url}/api/sessions/{session}/portrait.png") as answer:
        portrait = Image.open(io.BytesIO(answer.read())).resize((side, side), Image.Resampling.BILINEAR)
    picture = torch.from_numpy(np.asarray(portrait)).movedim(-1, 0)[None].float() / 255
    frame: NDArray[np.float64] = compose(picture, layers)[0].movedim(0, -1).double().numpy() * 255
    return frame


def test_the_server_draws_while_the_graphics_are_lost(drawing: Page) -> None:
    wait(drawing, "m.counters.finished >= 1")
    drawing.evaluate("window.graphics.loseContext()")
    wait(drawing, "m.way === 'pictures'")
    wait_for_sheets(drawing, 3)
    before = tiles(drawing)
    assert len(before) == 5
    wait_for_sheets(drawing, 4)
    assert np.abs(tiles(drawing) - before).mean() > 0.1
    expect(drawing.locator("[data-figure=way]")).to_have_text("the server")
    drawing.evaluate("window.graphics.restoreContext()")
    wait(drawing, "m.way === 'layers'")
    judged = debug_state(drawing)["counters"]["finished"]
    wait(drawing, f"m.counters.finished > {judged}")
    assert debug_state(drawing)["counters"]["broken"] == 0


def test_the_address_can_leave_the_drawing_to_the_server(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/?way=pictures")
    wait(page, "m.counters.drawn >= 20")
    assert debug_state(page)["way"] == "pictures"
    expect(page.locator("[data-figure=way]")).to_have_text("the server")
