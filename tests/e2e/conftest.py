"""Fixtures that open the page in a real Chromium, from a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.e2e.faces import write_webcam
from tests.e2e.serving import REPOSITORY, Server

FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    # WebGL has the software GPU to itself, which makes the tracker twice as fast.
    "--disable-gpu-compositing",
    "--use-fake-ui-for-media-stream",
    "--host-resolver-rules=MAP demo.test 127.0.0.1",
]
WAIT_MS = 90_000
"""Long enough for a machine that is busy with other work."""

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    index = REPOSITORY / "backend" / "server" / "page" / "index.html"
    assert index.is_file(), "The page is not built: run `npm --prefix frontend run build` (or `make test`)."
    running = Server(tmp_path_factory.mktemp("server") / "server.log")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def launch(playwright: Playwright, *flags: str) -> Browser:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "These tests need Chromium: apt install chromium."
    return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser on a machine without a camera."""
    running = launch(playwright, "--use-fake-device-for-media-stream=device-count=0")
    yield running
    running.close()


@pytest.fixture(scope="session")
def webcam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_webcam(tmp_path_factory.mktemp("webcam") / "face.mjpeg")


@pytest.fixture
def webcam_browser(playwright: Playwright, webcam: Path) -> Iterator[Browser]:
    """A browser whose camera shows a moving face."""
    running = launch(playwright, "--use-fake-device-for-media-stream=fps=15", f"--use-file-for-fake-video-capture={webcam}")
    yield running
    running.close()


@pytest.fixture
def pattern_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser whose camera shows a synthetic pattern without a face."""
    running = launch(playwright, "--use-fake-device-for-media-stream")
    yield running
    running.close()


def new_context(browser: Browser, **options: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1000, "height": 700}, **options)
    context.set_default_timeout(WAIT_MS)
    return context


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = new_context(browser)
    yield opened
    opened.close()


@pytest.fixture
def large(browser: Browser) -> Iterator[BrowserContext]:
    """A context with so many device pixels that tiles are as large as the portrait."""
    context = browser.new_context(viewport={"width": 1000, "height": 700}, device_scale_factor=6)
    context.set_default_timeout(WAIT_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """The page, opened and live; uncaught errors in it fail the test.

    The server draws: whether software graphics are fast enough would depend on the machine.
    """
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(f"{server.url}/?way=pictures")
    wait(opened, "m.connection === 'live'")
    yield opened
    assert errors == []


def wait(page: Page, condition: str, timeout: float = WAIT_MS) -> None:
    """Wait until a condition on the page's debug state `m` holds."""
    page.wait_for_function(f"() => {{ const m = window.motionfan; return m && ({condition}); }}", timeout=timeout)


def debug_state(page: Page) -> dict:
    """Return the page's state: connection, counters, settings."""
    return page.evaluate("window.motionfan")


def wait_for_sheets(page: Page, count: int) -> None:
    """Wait until this many more sheets are shown."""
    shown = debug_state(page)["counters"]["drawn"]
    wait(page, f"m.counters.drawn >= {shown + count}")
