"""The perceptual study in a real browser, with simulated voters whose known preference is recovered."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import new_context
from tests.e2e.serving import Server
from tests.server.study.voters import SCORES, vote_for_all

pytestmark = pytest.mark.e2e

VOTERS = 24
SHOWN = "section.pair-view .pair[aria-busy=false]"
CANVASES = "canvases => canvases.map(each => each.toDataURL())"
MOVED = "before => [...document.querySelectorAll('.pair canvas')].every((each, i) => each.toDataURL() != before[i])"


@pytest.fixture(scope="module")
def study_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("study")
    command = ["env", f"MOTIONFAN_STUDY={folder / 'votes.db'}", sys.executable, "-m", "tests.server.study.directed_serve"]
    running = Server(folder / "server.log", command)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Page]:
    context = new_context(browser)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def api(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=60, trust_env=False)


def agree(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/study")
    expect(page.get_by_text("I agree that my answers are stored")).to_be_visible()
    page.get_by_role("button", name="Agree and begin").click()


def answer(page: Page, key: str, number: int) -> None:
    """Wait until a pair is shown, and press a key."""
    expect(page.get_by_text(f"Pair {number} of 18")).to_be_visible()
    page.wait_for_selector(SHOWN)
    page.keyboard.press(key)


def votes(server: Server) -> list[list[str]]:
    """All votes stored so far, oldest first."""
    with api(server) as http:
        return [row.split(",") for row in http.get("/api/study/votes.csv").text.splitlines()[1:]]


def test_a_visit_is_judged_by_keyboard_and_goes_on_after_a_reload(opened: Page, study_server: Server) -> None:
    others = {row[1] for row in votes(study_server)}  # Another test may have voted before.
    agree(opened, study_server)
    opened.wait_for_selector(SHOWN)
    first = opened.locator(".pair canvas").evaluate_all(CANVASES)
    opened.wait_for_function(MOVED, arg=first)
    for number, key in enumerate(("ArrowLeft", "1", "ArrowRight", "2", "Space", "0"), 1):
        answer(opened, key, number)
    expect(opened.get_by_text("Pair 7 of 18")).to_be_visible()
    opened.reload()
    expect(opened.get_by_text("Pair 7 of 18")).to_be_visible()
    opened.wait_for_selector(SHOWN)
    # With the focus on a button, Space presses that button, and then leaves it.
    opened.get_by_role("button", name="B", exact=True).focus()
    opened.keyboard.press("Space")
    for number in range(8, 13):
        answer(opened, "ArrowLeft", number)
    opened.get_by_role("button", name="Continue").press("Enter")
    expect(opened.get_by_role("heading", name="Which set shows more different movements?")).to_be_visible()
    for number in range(13, 19):
        answer(opened, "ArrowRight", number)
    expect(opened.get_by_text("All 18 answers are stored.")).to_be_visible()
    rows = [row for row in votes(study_server) if row[1] not in others]
    choices = [row[5] for row in rows]
    assert len(rows) == 18 and len({row[1] for row in rows}) == 1
    assert (choices.count("left"), choices.count("none"), choices.count("right")) == (7, 2, 9)


def test_known_preferences_are_recovered_on_the_results_page(opened: Page, study_server: Server) -> None:
    random, seen = Random(0), dict[bytes, str]()
    with api(study_server) as http:
        for _ in range(VOTERS):
            vote_for_all(http, random, seen)
        results = http.get("/api/study/results").json()
    for question in results["questions"]:
        ranks, scores = question["ranks"], SCORES[question["question"]]
        assert [rank["method"] for rank in ranks] == list(scores)
        # Neighbours differ by 0.8 or 1; each interval is nearer to its own score than to the others.
        assert all(abs(rank["score"] - scores[rank["method"]]) < 0.7 for rank in ranks)
        assert all(rank["low"] < rank["score"] < rank["high"] for rank in ranks)
        assert all(above["score"] > below["score"] for above, below in pairwise(ranks))
    opened.goto(f"{study_server.url}/study/results")
    for card, question in enumerate(results["questions"]):
        rows = opened.locator("section.card").nth(card).locator("li")
        expect(rows).to_have_count(len(question["ranks"]))
        assert rows.evaluate_all("rows => rows.map(row => row.dataset.method)") == list(SCORES[question["question"]])
        expect(rows.first).to_contain_text(re.compile(r"\+\d\.\d\d \(.* to \+\d\.\d\d\)"))
    with opened.expect_download() as download:
        opened.get_by_role("link", name="Download all votes (CSV)").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == results["votes"] + 1


def test_without_a_study_the_page_says_how_to_switch_it_on(opened: Page, server: Server) -> None:
    for path in ("/study", "/study/results"):
        opened.goto(server.url + path)
        expect(opened.get_by_role("heading", name="The study is switched off")).to_be_visible()
        expect(opened.get_by_text("MOTIONFAN_STUDY=votes.db")).to_be_visible()
