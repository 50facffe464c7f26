"""The visitor's portrait stays in the browser that draws it, until the visitor sends it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from playwright.sync_api import BrowserContext, Request, expect

from backend.keypoints.regions import FaceRegions
from backend.media.portraits import load_portrait
from tests.e2e.conftest import WAIT_MS, debug_state, wait
from tests.e2e.faces import blue_portrait
from tests.e2e.pixels import redness, tiles
from tests.e2e.serving import Server
from tests.e2e.test_drawing import KEEP_GRAPHICS
from tests.e2e.test_networks import listen, pause, rendered, sent_frames, shown
from tests.e2e.test_portrait import upload

pytestmark = pytest.mark.e2e

MAX_SENT = 4096
"""Bytes of a WebSocket message: a frame of landmarks takes less than 3 KB."""


def test_a_kept_portrait_is_drawn_here_and_sent_only_when_the_visitor_says_so(large: BrowserContext, server: Server) -> None:
    page = large.new_page()
    page.add_init_script(KEEP_GRAPHICS)
    received, sent, frames = listen(page), list[Request](), list[int]()
    page.on("request", lambda request: sent.append(request) if request.method == "PUT" or request.post_data else None)
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: frames.append(len(data))))
    page.goto(f"{server.url}/?way=keypoints")
    wait(page, "m.settings.k === 4")
    for _ in range(3):
        page.keyboard.press("-")
    keep = page.get_by_role("switch", name="Keep my picture here")
    expect(keep).to_be_checked()
    wait(page, "m.way === 'keypoints'")
    # Face Mesh has the processor to itself.
    page.get_by_role("button", name="Pause").click()

    file = blue_portrait()
    upload(page, "me.jpg", "image/jpeg", file)
    # The first calls of Face Mesh are slow on software graphics.
    expect(page.get_by_text("Only this browser has it.")).to_be_visible(timeout=2 * WAIT_MS)
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "m.way === 'keypoints' && m.tiles > 1")
    pause(page, received)

    usual = load_portrait(file)
    source, driving = sent_frames(received)
    own = FaceRegions()(torch.from_numpy(usual.landmarks)).flat().numpy()
    assert np.abs(source - own).max() <= 0.03, np.abs(source - own).max()
    pairs = [(tile, frame) for tile, frame in zip(shown(page), rendered(usual.picture, source, driving), strict=False)]
    assert pairs and all(tile.shape == frame.shape for tile, frame in pairs)
    for tile, frame in pairs:
        error = np.abs(tile.astype(float) - frame)
        assert error.mean() <= 2, error.mean()
        assert (error <= 12).mean() >= 0.98, (error <= 12).mean()

    (landmarks,) = sent
    assert landmarks.headers["content-type"] == "application/json"
    assert landmarks.url.endswith("/landmarks")
    points = json.loads(landmarks.post_data or "")
    assert set(points) == {"landmarks"} and np.shape(points["landmarks"]) == (478, 3)
    assert max(frames) <= MAX_SENT

    page.evaluate("window.graphics.loseContext()")
    question = page.locator(".question:visible")
    expect(question).to_contain_text("Your picture is still only here.")
    page.wait_for_timeout(500)
    assert len(sent) == 1, "nothing is sent before the answer"
    question.get_by_role("button", name="Send my picture to the server").click()
    expect(page.get_by_text("The server keeps it in memory only")).to_be_visible()
    expect(question).to_be_hidden()
    assert [request.headers["content-type"] for request in sent] == ["application/json", "image/png"]
    expect(keep).not_to_be_checked()
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "m.way === 'pictures' && m.tiles > 0")
    assert (redness(tiles(page)) < 0).all(), "the server draws the picture that it got"
    state = debug_state(page)
    assert state["failures"] == [] and state["counters"]["broken"] == 0
