"""The camera: driving the portrait, and everything that can prevent it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import debug_state, new_context, wait, wait_for_sheets
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e


def open_page(browser: Browser, url: str) -> Page:
    page = new_context(browser).new_page()
    page.goto(url)
    wait(page, "m.counters.drawn >= 1")
    return page


def test_a_webcam_drives_the_portrait(webcam_browser: Browser, server: Server) -> None:
    page = open_page(webcam_browser, server.url)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.get_by_role("button", name="Use my camera").click()
    wait(page, "m.source === 'camera' && m.counters.cameraFaces >= 5")
    expect(page.locator("video")).to_be_visible()
    # A slow machine tracks few frames a second, so the test waits for few sheets.
    wait_for_sheets(page, 3)
    wait(page, "m.tiles > 1")
    page.get_by_role("button", name="Set neutral face").click()
    wait_for_sheets(page, 3)
    assert debug_state(page)["failures"] == []
    assert [a for a in addresses if not a.startswith((server.url + "/", "blob:", "data:"))] == []
    page.get_by_role("button", name="Stop the camera").click()
    wait(page, "m.source !== 'camera'")
    wait_for_sheets(page, 3)


def test_without_a_camera_the_page_says_so_and_the_recording_goes_on(page: Page) -> None:
    page.get_by_role("button", name="Use my camera").click()
    notice = page.locator(".camera-error")
    expect(notice).to_have_attribute("data-code", "NotFoundError")
    expect(notice).to_contain_text("No camera was found.")
    wait_for_sheets(page, 4)
    page.get_by_role("button", name="Dismiss").click()
    expect(notice).to_be_hidden()


def test_a_camera_without_a_face_gives_a_hint(pattern_browser: Browser, server: Server) -> None:
    page = open_page(pattern_browser, server.url)
    page.get_by_role("button", name="Use my camera").click()
    expect(page.get_by_text("No face found.")).to_be_visible()
    assert debug_state(page)["source"] != "camera"
    wait_for_sheets(page, 3)


def test_an_insecure_page_explains_why_there_is_no_camera(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    page.goto(f"http://demo.test:{server.port}")
    page.get_by_role("button", name="Use my camera").click()
    expect(page.locator(".camera-error")).to_have_attribute("data-code", "insecure")
    expect(page.locator(".camera-error")).to_contain_text("https")
