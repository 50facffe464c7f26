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
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend.animate.compose import FrameLayers, compose, shrink
from backend.server.live.layers import unpack
from backend.server.protocol import SheetHead, decode_server, sheet
from tests.e2e.conftest import WAIT_MS, debug_state, wait, wait_for_sheets
from tests.e2e.pixels import motion, tiles
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
HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
SIDES = """[...document.querySelectorAll('.tile-row:first-child .tile canvas:not(.fan)')].map(
  canvas => [canvas.width, canvas.clientWidth * devicePixelRatio]
)"""
LEAD = """() => {
  const canvas = document.querySelector('.tile.lead canvas');
  const { width, height } = canvas;
  return [width, ...canvas.getContext('2d').getImageData(0, 0, width, height).data];
}"""


def open_drawing(context: BrowserContext, server: Server) -> Page:
    """Open a page whose graphics draw, although the software that emulates them here is slow."""
    page = context.new_page()
    page.add_init_script(KEEP_GRAPHICS)
    page.goto(f"{server.url}/?way=layers")
    return page


@pytest.fixture
def drawing(context: BrowserContext, server: Server) -> Iterator[Page]:
    """A page that draws; uncaught errors in it fail the test."""
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = open_drawing(context, server)
    wait(page, "m.way === 'layers' && m.tiles > 1")
    yield page
    assert errors == []


def settle(page: Page) -> None:
    """Stop the recording and wait until nothing moves."""
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(
        "() => { const m = window.motionfan, before = window.before; window.before = m.counters.sheets;"
        " return before === window.before }",
        polling=1500,
    )


def test_tiles_that_the_browser_draws_move_and_are_as_sharp_as_the_screen(drawing: Page) -> None:
    moved = motion(drawing)
    assert (moved > 0.2).all(), moved
    sides = drawing.evaluate(SIDES)
    assert all(width == round(shown) for width, shown in sides), sides
    expect(drawing.locator("[data-figure=way]")).to_have_text("this browser’s graphics")
    assert debug_state(drawing)["counters"]["broken"] == 0


@pytest.mark.parametrize("scale", [1, 6])
def test_a_frame_of_the_browser_equals_the_one_of_the_server(browser: Browser, server: Server, scale: int) -> None:
    """Where tiles are smaller than the portrait, which both shrink first, and where they are as large."""
    context = browser.new_context(viewport={"width": 1000, "height": 700}, device_scale_factor=scale)
    context.set_default_timeout(WAIT_MS)
    received: list[bytes] = []

    def listen(page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framereceived", keep))

    def keep(data: str | bytes) -> None:
        if isinstance(data, bytes):
            received.append(data)

    context.on("page", listen)
    page = open_drawing(context, server)
    wait(page, "m.way === 'layers'")
    settle(page)
    side, *data = page.evaluate(LEAD)
    shown = np.array(data, np.uint8).reshape(side, side, 4)[..., :3]
    portrait = portrait_of(server, debug_state(page)["session"])
    context.close()
    assert side < portrait.shape[-1] if scale == 1 else side == portrait.shape[-1]
    error = np.abs(shown.astype(float) - compose_present(received, shrink(portrait, side)))
    assert error.mean() <= 1.5, error.mean()
    assert (error <= 8).mean() >= 0.99, (error <= 8).mean()


def portrait_of(server: Server, session: str) -> torch.Tensor:
    """Return the portrait `[1, 3, S, S]` in [0, 1] as the page gets it."""
    with urllib.request.urlopen(f"{server.url}/api/sessions/{session}/portrait.png") as answer:
        picture = np.array(Image.open(io.BytesIO(answer.read())))
    return torch.from_numpy(picture).movedim(-1, 0)[None].float() / 255


def compose_present(received: list[bytes], portrait: torch.Tensor) -> NDArray[np.float64]:
    """Compose the present of the last sheet as the server would: `[S, S, 3]` in [0, 255]."""
    messages = [decode_server(data) for data in received]
    last = [message for message in messages if isinstance(message.head, SheetHead) and message.head.layers][-1]
    found = unpack(last.head, sheet(last)[1])

    def first(values: NDArray[np.generic], scale: float = 1.0) -> torch.Tensor:
        return torch.from_numpy(values[:1].copy()).float() / scale

    layers = FrameLayers(
        fade=first(found.fade),
        centres=first(found.centres),
        axes=first(found.axes),
        offset=first(found.offset),
        alpha=first(found.alpha, 255)[:, None],
        paint=first(found.paint, 255).movedim(-1, 1),
        opacity=first(found.opacity, 255)[:, :, None],
        colour=first(found.colour, 255).movedim(-1, 2),
    )
    frame: NDArray[np.float64] = compose(portrait, layers)[0].movedim(0, -1).double().numpy() * 255
    return frame


def test_the_server_draws_while_the_graphics_are_lost(drawing: Page) -> None:
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
    before = tiles(drawing)
    wait_for_sheets(drawing, 4)
    assert np.abs(tiles(drawing) - before).mean() > 0.1
    assert debug_state(drawing)["counters"]["broken"] == 0


def test_a_hidden_page_has_nothing_rendered_and_is_up_to_date_when_it_is_back(drawing: Page) -> None:
    drawing.evaluate(HIDE, True)
    wait(drawing, "m.way === 'keypoints'")
    hidden = debug_state(drawing)["counters"]
    wait(drawing, f"m.counters.sheets >= {hidden['sheets']} + 10")
    assert debug_state(drawing)["counters"]["drawn"] == hidden["drawn"]
    drawing.evaluate(HIDE, False)
    wait(drawing, "m.way === 'layers'")
    wait_for_sheets(drawing, 4)
    assert debug_state(drawing)["counters"]["broken"] == 0


def test_the_address_can_leave_the_drawing_to_the_server(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/?way=pictures")
    wait(page, "m.counters.drawn >= 20")
    assert debug_state(page)["way"] == "pictures"
    expect(page.locator("[data-figure=way]")).to_have_text("the server")


def test_a_page_that_chooses_for_itself_moves_and_says_who_draws(context: BrowserContext, server: Server) -> None:
    """Whether these graphics are fast enough depends on the machine: either is right, if the page says so."""
    page = context.new_page()
    page.goto(server.url)
    wait(page, "m.way !== 'keypoints' && m.tiles > 1 && m.counters.drawn > 5")
    said = {"layers": "this browser’s graphics", "pictures": "the server"}
    expect(page.locator("[data-figure=way]")).to_have_text(said[debug_state(page)["way"]])
    before = tiles(page)
    wait_for_sheets(page, 3)
    assert (tiles(page) != before).any()
    assert debug_state(page)["counters"]["broken"] == 0
