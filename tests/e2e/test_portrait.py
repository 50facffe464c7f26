"""Portraits, good and bad, and that everyone keeps their own."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import figures, wait, wait_for_sheets
from tests.e2e.faces import blue_portrait, faceless, tiny_face
from tests.e2e.pixels import redness, tiles
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e


def upload(page: Page, name: str, kind: str, data: bytes) -> None:
    page.locator(".portrait input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def upload_blue(page: Page) -> None:
    upload(page, "blue.jpg", "image/jpeg", blue_portrait())
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_a_persons_own_portrait_moves_and_can_be_undone(page: Page) -> None:
    wait(page, "m.counters.finished >= 1")
    assert (redness(tiles(page)) > 0).all()
    upload_blue(page)
    wait(page, "m.counters.finished >= 2")
    wait_for_sheets(page, 4)
    assert (redness(tiles(page)) < 0).all()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    finished = figures(page)["counters"]["finished"]
    wait(page, f"m.counters.finished > {finished}")
    assert (redness(tiles(page)) > 0).all()


@pytest.mark.parametrize(
    ("name", "kind", "data", "code"),
    [
        ("noise.jpg", "image/jpeg", faceless, "portrait_no_face"),
        ("notes.txt", "text/plain", lambda: b"this is no picture", "portrait_not_image"),
        ("tiny.png", "image/png", tiny_face, "portrait_too_small"),
        ("huge.jpg", "image/jpeg", lambda: b"\xff" * (12 * 1024 * 1024 + 1), "portrait_too_large"),
    ],
)
def test_an_unusable_portrait_is_refused_in_words_and_the_show_goes_on(page: Page, name: str, kind: str, data, code) -> None:
    upload(page, name, kind, data())
    error = page.locator(".portrait .notice.error")
    expect(error).to_be_visible()
    expect(error).to_have_attribute("data-code", code)
    assert len(error.inner_text()) > 15
    wait_for_sheets(page, 3)
    assert (redness(tiles(page)) > 0).all()


def test_two_tabs_never_mix(page: Page, context: BrowserContext, server: Server) -> None:
    other = context.new_page()
    other.goto(server.url)
    wait(other, "m.counters.finished >= 1")
    upload_blue(other)
    finished = figures(other)["counters"]["finished"]
    wait(other, f"m.counters.finished > {finished}")
    assert figures(page)["session"] != figures(other)["session"]
    for _ in range(4):
        wait_for_sheets(other, 2)
        wait_for_sheets(page, 2)
        assert (redness(tiles(page)) > 0).all()
        assert (redness(tiles(other)) < 0).all()
