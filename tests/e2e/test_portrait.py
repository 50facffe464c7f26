"""Portraits: uploading, choosing and undoing, refusals, and one portrait per session."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import debug_state, wait, wait_for_sheets
from tests.e2e.faces import blue_portrait, faceless, tiny_face
from tests.e2e.pixels import redness, tiles
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e


def upload(page: Page, name: str, kind: str, data: bytes) -> None:
    page.locator(".portrait input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def upload_blue(page: Page) -> None:
    upload(page, "blue.jpg", "image/jpeg", blue_portrait())
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def background_blueness(page: Page) -> NDArray[np.float64]:
    """Return blue minus red in a corner of every tile."""
    corners = tiles(page)[:, :4, :4].astype(np.float64)
    return corners[..., 2] - corners[..., 0]


def test_a_persons_own_portrait_moves_and_can_be_undone(page: Page) -> None:
    wait(page, "m.tiles > 1")
    assert (redness(tiles(page)) > 0).all()
    upload_blue(page)
    wait_for_sheets(page, 2)
    wait(page, "m.tiles > 1")
    assert (redness(tiles(page)) < 0).all()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    wait_for_sheets(page, 2)
    assert (redness(tiles(page)) > 0).all()


def test_a_bundled_portrait_is_chosen_with_the_keyboard_and_undone(page: Page) -> None:
    wait(page, "m.tiles > 1")
    before = background_blueness(page)
    gallery = page.get_by_role("group", name="Example portraits")
    expect(gallery.get_by_role("button", name="Photograph")).to_have_attribute("aria-pressed", "true")
    gallery.get_by_role("button", name="Photograph").focus()
    page.keyboard.press("End")
    expect(gallery.get_by_role("button", name="Pop art")).to_be_focused()
    page.keyboard.press("Enter")
    expect(gallery.get_by_role("button", name="Pop art")).to_have_attribute("aria-pressed", "true")
    wait_for_sheets(page, 2)
    wait(page, "m.tiles > 1")
    # Its background is turquoise, that of the photograph pale grey.
    assert (background_blueness(page) > 60).all()
    assert page.evaluate("[...document.querySelectorAll('.gallery img')].every(i => i.complete && i.naturalWidth > 0)")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    wait_for_sheets(page, 2)
    expect(gallery.get_by_role("button", name="Photograph")).to_have_attribute("aria-pressed", "true")
    # The face has moved in the meantime; the background has not.
    assert abs(background_blueness(page).mean() - before.mean()) < 15


@pytest.mark.parametrize(
    ("name", "kind", "data", "code"),
    [
        ("noise.jpg", "image/jpeg", faceless, "portrait_no_face"),
        ("notes.txt", "text/plain", lambda: b"this is not a picture", "portrait_not_image"),
        ("tiny.png", "image/png", tiny_face, "portrait_too_small"),
    ],
)
def test_an_unusable_portrait_is_refused_and_the_stage_goes_on(page: Page, name: str, kind: str, data, code) -> None:
    upload(page, name, kind, data())
    error = page.locator(".portrait .notice.error")
    expect(error).to_be_visible()
    expect(error).to_have_attribute("data-code", code)
    assert len(error.inner_text()) > 15
    wait_for_sheets(page, 3)
    assert (redness(tiles(page)) > 0).all()


def test_a_dropped_file_that_is_too_large_is_refused_before_it_is_sent(page: Page) -> None:
    page.evaluate(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File([new Uint8Array(13e6)], 'huge.jpg', { type: 'image/jpeg' }));"
        " dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true })); }"
    )
    expect(page.locator(".portrait .notice.error")).to_have_attribute("data-code", "portrait_too_large")


def test_two_tabs_keep_their_own_portraits(page: Page, context: BrowserContext, server: Server) -> None:
    other = context.new_page()
    other.goto(server.url)
    wait(other, "m.connection === 'live'")
    upload_blue(other)
    assert debug_state(page)["session"] != debug_state(other)["session"]
    for _ in range(3):
        for tab, sign in ((page, 1), (other, -1)):
            wait_for_sheets(tab, 2)
            assert (sign * redness(tiles(tab)) > 0).all()
