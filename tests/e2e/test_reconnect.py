"""The page when the server stops and starts again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import debug_state, wait, wait_for_sheets
from tests.e2e.pixels import redness, tiles
from tests.e2e.serving import Server
from tests.e2e.test_portrait import upload_blue

pytestmark = pytest.mark.e2e


def test_the_page_reports_a_stopped_server_and_continues_when_it_is_back(page: Page, server: Server) -> None:
    """Lost: the session. The page sends portrait and settings again."""
    wait(page, "m.counters.drawn >= 1")
    page.keyboard.press("-")
    wait(page, "m.settings.k === 3")
    upload_blue(page)
    session = debug_state(page)["session"]
    server.stop()
    try:
        wait(page, "m.connection === 'waiting'")
        expect(page.locator(".banner")).to_be_visible()
        expect(page.locator(".banner")).to_contain_text("server")
    finally:
        server.start()
    page.evaluate("document.querySelector('.banner button').click()")
    wait(page, "m.connection === 'live'")
    expect(page.locator(".banner")).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    wait_for_sheets(page, 3)
    # The new server did not have the portrait: the page sent it again.
    assert debug_state(page)["session"] != session
    assert (redness(tiles(page)) < 0).all()
    wait(page, "m.tiles === 4")
    assert debug_state(page)["settings"]["k"] == 3
