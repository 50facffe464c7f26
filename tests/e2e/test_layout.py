"""The page at every width, in both schemes and in forced colours: nothing is cut off, and axe finds no barrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.conftest import wait
from tests.e2e.serving import REPOSITORY, Server

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

CUT_OFF = """() => [...document.querySelectorAll('button, select, input, h2, p')].filter((element) => {
  if (element.closest('.visually-hidden') || !element.checkVisibility()) return false;
  const { left, right } = element.getBoundingClientRect();
  return right > left && (left < 0 || right > document.documentElement.clientWidth + 0.5);
}).map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def opened(browser: Browser, server: Server) -> Iterator:
    contexts: list[BrowserContext] = []

    def show(width: int, height: int = 900, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{server.url}/?way=pictures")
        wait(page, "m.counters.finished >= 1")
        return page

    yield show
    for context in contexts:
        context.close()


def test_nothing_is_cut_off_at_any_width(opened) -> None:
    page = opened(360)
    for width, height in ((360, 780), (480, 900), (760, 900), (768, 1024), (844, 390), (940, 700), (1280, 800), (2560, 1300)):
        page.set_viewport_size({"width": width, "height": height})
        # Tiles take their new size with the next frame.
        page.wait_for_function(f"document.documentElement.scrollWidth <= {width} && ({CUT_OFF})().length === 0")


def test_header_and_page_stand_one_above_the_other_on_a_wide_screen(opened) -> None:
    page = opened(2560, 1300)
    left = [page.locator(selector).first.bounding_box()["x"] for selector in (".brand", ".tile-row h2", "footer")]
    assert left[0] == pytest.approx(left[1], abs=1)


def test_on_a_phone_driver_and_portrait_come_before_the_video_model(opened) -> None:
    page = opened(360, 780)
    tops = [page.locator(selector).first.bounding_box()["y"] for selector in (".stage", ".driver", ".portrait", ".video-form")]
    assert tops == sorted(tops)


@pytest.mark.parametrize(
    "options",
    [
        {"width": 1280, "color_scheme": "dark"},
        {"width": 1280, "color_scheme": "light"},
        {"width": 360, "height": 780, "color_scheme": "light"},
    ],
    ids=["dark", "light", "phone"],
)
def test_axe_finds_no_barrier(opened, options) -> None:
    page = opened(**options)
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [(each["id"], [node["html"][:100] for node in each["nodes"]]) for each in found] == []


def test_the_light_scheme_is_light_and_forced_colours_keep_sliders_and_choices(opened) -> None:
    page = opened(1280, color_scheme="light", forced_colors="none")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(245, 245, 249)"
    page.emulate_media(forced_colors="active")
    look = "(selector) => { const s = getComputedStyle(document.querySelector(selector)); "
    look += "return [s.appearance, s.backgroundColor] }"
    assert page.evaluate(look, "input[type=range]")[0] == "auto"
    chosen, other = (page.evaluate(look, f".segments input{state} + span")[1] for state in (":checked", ":not(:checked)"))
    assert chosen != other
