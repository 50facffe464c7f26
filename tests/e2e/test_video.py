"""The video flow on the page: a real drawing process with a tiny untrained model, before the pipeline without weights."""

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

MOMENT, STUDIO = "section[aria-labelledby=flow-title]", "section[aria-labelledby=studio-title]"
CELLS = """tiles => tiles.map(tile => {
  const canvas = tile.querySelector('canvas');
  return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
})"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, tiny_video_flow: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "starflow").symlink_to(tiny_video_flow)
    command = ["env", f"MOTIONFAN_MODELS={folder}", sys.executable, "-m", "tests.server.fake_serve"]
    running = Server(folder / "server.log", command)
    running.start()
    yield running
    running.stop()


Opens = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, studio: Server) -> Iterator[Opens]:
    """Open the page, in a context made with what is given; `before` gets it before it loads."""
    contexts, errors = [], []

    def opens(before: Callable[[Page], None] = lambda page: None, **options: str) -> Page:
        contexts.append(new_context(browser, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        before(page)
        page.goto(studio.url)
        wait(page, "m.connection === 'live'")
        return page

    yield opens
    for context in contexts:
        context.close()
    assert errors == []


def pictures(tiles: Locator) -> np.ndarray:
    """What tiles of one size show: `[tiles, S, S, 3]`."""
    data = np.array(tiles.evaluate_all(CELLS), np.int16)
    side = round((data.shape[1] / 4) ** 0.5)
    return data.reshape(len(data), side, side, 4)[..., :3]


def freeze(page: Page) -> Locator:
    """Freeze a moment as soon as enough of the portrait has been seen, and wait until its futures are drawn."""
    moment = page.locator(MOMENT)
    wait(page, "m.counters.drawn >= 9")
    page.keyboard.press("f")
    while "Too early" in moment.inner_text():
        wait(page, f"m.counters.drawn > {page.evaluate('motionfan.counters.drawn')}")
        page.keyboard.press("f")
    expect(moment.locator(".job")).to_be_hidden()
    expect(moment.locator(".tile.empty")).to_have_count(0)
    return moment


def test_a_frozen_moment_gets_futures_beside_what_happened(visit: Opens) -> None:
    page = visit()
    moment = freeze(page)
    # A machine that stumbles for half a second loses the thread of the motion; then another moment will do.
    while moment.get_by_text("not seen").or_(moment.get_by_text("came closest")).inner_text().startswith("What"):
        moment = freeze(page)
    assert moment.locator(".tile-name").all_inner_texts() == ["What happened", *(f"Future {i}" for i in (1, 2, 3, 4))]
    assert moment.locator(".tile-note").all_inner_texts()[1:] == ["video flow"] * 4
    expect(moment.locator(".tile.winner")).to_have_count(1)
    expect(moment.locator(".chip:visible")).to_have_count(5)
    line = moment.get_by_role("slider", name="Time of the clips")
    expect(line).to_have_attribute("max", "23")
    known = shown_at(moment, 7)
    assert (known == known[0]).all(), "what is known is the same in every tile"
    drawn = shown_at(moment, 8)
    assert (drawn[1:] != known[1:]).any((-1, -2, -3)).all(), "behind the mark, every future goes its own way"
    assert moment.locator(".tile.known").count() == 0


def shown_at(moment: Locator, position: int) -> np.ndarray:
    """Move the clips to a position by hand: that holds them there."""
    line = moment.get_by_role("slider", name="Time of the clips")
    line.evaluate("(input, at) => { input.value = at; input.dispatchEvent(new Event('input')); }", str(position))
    expect(moment.get_by_role("button", name="Play the clips")).to_be_visible()
    return pictures(moment.locator(".tile"))


def test_clips_are_drawn_from_words_and_saved(visit: Opens) -> None:
    page = visit()
    studio = page.locator(STUDIO)
    studio.get_by_text("Words alone", exact=True).click()
    studio.get_by_text("nods", exact=True).click()
    studio.get_by_role("button", name="Draw", exact=True).click()
    expect(studio.locator(".band-note")).to_contain_text("nods: drawn in")
    expect(studio.locator(".tile:not(.empty)")).to_have_count(5)
    with page.expect_download() as download:
        studio.get_by_role("button", name="Save frames").click()
    assert Image.open(io.BytesIO(download.value.path().read_bytes())).size == (16 * 64, 4 * 64)
    with page.expect_download() as download:
        studio.get_by_role("button", name="Save video").click()
    assert download.value.suggested_filename.endswith(".webm")
    assert download.value.path().stat().st_size > 1000


def test_clips_begin_with_the_portrait_and_others_can_be_drawn(visit: Opens) -> None:
    page = visit()
    studio = page.locator(STUDIO)
    wait(page, "m.counters.drawn >= 1")
    studio.get_by_role("button", name="Draw", exact=True).click()
    note = studio.locator(".band-note")
    expect(note).to_contain_text("Drawn in")
    said = note.inner_text()
    expect(studio.get_by_role("slider", name="Time of the clips")).to_have_attribute("max", "16")
    studio.get_by_role("button", name="Draw others").click()
    expect(note).not_to_have_text(said)
    expect(note).to_contain_text("Drawn in")


def test_nothing_moves_unasked_where_people_prefer_that(visit: Opens) -> None:
    page = visit(reduced_motion="reduce")
    studio = page.locator(STUDIO)
    studio.get_by_text("Words alone", exact=True).click()
    studio.get_by_role("button", name="Draw", exact=True).click()
    expect(studio.locator(".tile:not(.empty)")).to_have_count(5)
    line = studio.get_by_role("slider", name="Time of the clips")
    expect(line).to_have_value("15")
    studio.get_by_role("button", name="Play the clips").click()
    expect(studio.get_by_role("button", name="Pause the clips")).to_be_visible()
    expect(line).not_to_have_value("15")


def test_a_refusal_is_told_with_the_way_out_and_can_be_tried_again(visit: Opens) -> None:
    page = visit()
    refused = {"code": "video_busy", "message": "Others are before you.", "hint": "Try again in a minute."}

    def refuse(route: Route) -> None:
        route.fulfill(status=503, json=refused)

    page.route("**/api/video", refuse)
    studio = page.locator(STUDIO)
    studio.get_by_text("Words alone", exact=True).click()
    studio.get_by_role("button", name="Draw", exact=True).click()
    expect(studio.get_by_role("alert")).to_contain_text("Others are before you. Try again in a minute.")
    page.unroute("**/api/video")
    studio.get_by_role("button", name="Try again").click()
    expect(studio.locator(".tile:not(.empty)")).to_have_count(5)
    expect(studio.get_by_role("alert")).to_be_hidden()


def test_without_weights_the_page_says_why_and_offers_nothing(visit: Opens) -> None:
    def without(page: Page) -> None:
        def lacking(route: Route) -> None:
            route.fulfill(json=route.fetch().json() | {"available": False, "why": "The weights are not here."})

        page.route("**/api/video", lacking)

    page = visit(without)
    expect(page.locator(STUDIO)).to_contain_text("Not available here: The weights are not here.")
    expect(page.locator(f"{STUDIO} form")).to_be_hidden()
    expect(page.get_by_role("button", name="Freeze this moment")).to_have_count(0)
