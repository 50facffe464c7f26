"""The video model on the page: a real video process with a tiny untrained model, and the pipeline without weights."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e.conftest import new_context, wait
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e

MOMENT, FORM = "section[aria-labelledby=flow-title]", "section[aria-labelledby=studio-title]"
CELLS = """tiles => tiles.map(tile => {
  const canvas = tile.querySelector('canvas');
  return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
})"""


@pytest.fixture(scope="module")
def video_server(tmp_path_factory: pytest.TempPathFactory, tiny_video_flow: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "starflow").symlink_to(tiny_video_flow)
    command = ["env", f"MOTIONFAN_MODELS={folder}", sys.executable, "-m", "tests.server.fake_serve"]
    running = Server(folder / "server.log", command)
    running.start()
    yield running
    running.stop()


Opens = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, video_server: Server) -> Iterator[Opens]:
    """Open pages in contexts with the given options; `before` receives a page before it loads."""
    contexts, errors = [], []

    def opens(before: Callable[[Page], None] = lambda page: None, **options: str) -> Page:
        contexts.append(new_context(browser, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        before(page)
        page.goto(video_server.url)
        wait(page, "m.connection === 'live'")
        return page

    yield opens
    for context in contexts:
        context.close()
    assert errors == []


def pictures(tiles: Locator) -> np.ndarray:
    """Return what tiles of one size show, `[tiles, S, S, 3]`."""
    data = np.array(tiles.evaluate_all(CELLS), np.int16)
    side = round((data.shape[1] / 4) ** 0.5)
    return data.reshape(len(data), side, side, 4)[..., :3]


def freeze(page: Page) -> Locator:
    """Freeze a moment as soon as the model has enough pictures, and wait until its futures are shown."""
    moment = page.locator(MOMENT)
    wait(page, "m.counters.drawn >= 9")
    page.keyboard.press("f")
    while "Too early" in moment.inner_text():
        wait(page, f"m.counters.drawn > {page.evaluate('motionfan.counters.drawn')}")
        page.keyboard.press("f")
    expect(moment.locator(".job")).to_be_hidden()
    expect(moment.locator(".tile.empty")).to_have_count(0)
    return moment


def test_a_frozen_moment_shows_futures_beside_what_happened(visit: Opens) -> None:
    page = visit()
    moment = freeze(page)
    # A machine that stops for half a second interrupts the motion; then another moment is frozen.
    while moment.get_by_text("not seen").or_(moment.get_by_text("came closest")).inner_text().startswith("What"):
        moment = freeze(page)
    assert moment.locator(".tile-name").all_inner_texts() == ["What happened", *(f"Future {i}" for i in (1, 2, 3, 4))]
    assert moment.locator(".tile-note").all_inner_texts()[1:] == ["video model"] * 4
    expect(moment.locator(".tile.winner")).to_have_count(1)
    expect(moment.locator(".chip:visible")).to_have_count(5)
    line = moment.get_by_role("slider", name="Time of the clips")
    expect(line).to_have_attribute("max", "23")
    known = shown_at(moment, 7)
    assert (known == known[0]).all(), "known frames are the same in every tile"
    generated = shown_at(moment, 8)
    assert (generated[1:] != known[1:]).any((-1, -2, -3)).all(), "generated frames differ from the known ones"
    assert moment.locator(".tile.known").count() == 0


def shown_at(moment: Locator, position: int) -> np.ndarray:
    """Move the slider of the clips, which stops them there, and return what the tiles show."""
    line = moment.get_by_role("slider", name="Time of the clips")
    line.evaluate("(input, at) => { input.value = at; input.dispatchEvent(new Event('input')); }", str(position))
    expect(moment.get_by_role("button", name="Play the clips")).to_be_visible()
    return pictures(moment.locator(".tile"))


def test_clips_are_generated_from_words_and_saved(visit: Opens) -> None:
    page = visit()
    form = page.locator(FORM)
    form.get_by_text("Words only", exact=True).click()
    form.get_by_text("nods", exact=True).click()
    form.get_by_role("button", name="Generate", exact=True).click()
    expect(form.locator(".row-note")).to_contain_text("nods: generated in")
    expect(form.locator(".tile:not(.empty)")).to_have_count(5)
    with page.expect_download() as download:
        form.get_by_role("button", name="Save frames").click()
    assert Image.open(io.BytesIO(download.value.path().read_bytes())).size == (16 * 64, 4 * 64)
    with page.expect_download() as download:
        form.get_by_role("button", name="Save video").click()
    assert download.value.suggested_filename.endswith(".webm")
    assert download.value.path().stat().st_size > 1000


def test_clips_start_from_the_portrait_and_others_can_be_generated(visit: Opens) -> None:
    page = visit()
    form = page.locator(FORM)
    wait(page, "m.counters.drawn >= 1")
    form.get_by_role("button", name="Generate", exact=True).click()
    note = form.locator(".row-note")
    expect(note).to_contain_text("Generated in")
    first = note.inner_text()
    expect(form.get_by_role("slider", name="Time of the clips")).to_have_attribute("max", "16")
    form.get_by_role("button", name="Generate others").click()
    expect(note).not_to_have_text(first)
    expect(note).to_contain_text("Generated in")


def test_with_reduced_motion_clips_play_only_on_request(visit: Opens) -> None:
    page = visit(reduced_motion="reduce")
    form = page.locator(FORM)
    form.get_by_text("Words only", exact=True).click()
    form.get_by_role("button", name="Generate", exact=True).click()
    expect(form.locator(".tile:not(.empty)")).to_have_count(5)
    line = form.get_by_role("slider", name="Time of the clips")
    expect(line).to_have_value("15")
    form.get_by_role("button", name="Play the clips").click()
    expect(form.get_by_role("button", name="Pause the clips")).to_be_visible()
    expect(line).not_to_have_value("15")


def test_a_refusal_shows_its_hint_and_can_be_tried_again(visit: Opens) -> None:
    page = visit()
    refused = {"code": "video_busy", "message": "Others are waiting.", "hint": "Try again in a minute."}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json=refused)

    page.route("**/api/video", refuse)
    form = page.locator(FORM)
    form.get_by_text("Words only", exact=True).click()
    form.get_by_role("button", name="Generate", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("Others are waiting. Try again in a minute.")
    page.unroute("**/api/video")
    form.get_by_role("button", name="Try again").click()
    expect(form.locator(".tile:not(.empty)")).to_have_count(5)
    expect(form.get_by_role("alert")).to_be_hidden()


def test_without_weights_the_page_says_why_and_offers_no_video(visit: Opens) -> None:
    def without(page: Page) -> None:
        def lacking(route: Route) -> None:
            route.fulfill(json=route.fetch().json() | {"available": False, "why": "The weights are missing."})

        page.route("**/api/video", lacking)

    page = visit(without)
    expect(page.locator(FORM)).to_contain_text("Not available here: The weights are missing.")
    expect(page.locator(f"{FORM} form")).to_be_hidden()
    expect(page.get_by_role("button", name="Freeze")).to_have_count(0)
