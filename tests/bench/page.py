"""Measures the page in a headless Chromium with software graphics: `python -m tests.bench.page`.

For each way of drawing it prints how many frames and sheets the page shows a second, and how long after its capture a face is
drawn. Server and browser share the machine.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import get_args

from playwright.sync_api import Browser, Page, sync_playwright

from backend.core.types import Way
from tests.e2e.conftest import WAIT_MS, debug_state, launch, wait
from tests.e2e.serving import Server

VIEWPORT = {"width": 1000, "height": 700}
SETTLE_MS = 12_000
"""Longer than what the page's delays are measured over."""

SIDES = "[...document.querySelectorAll('.tile-row:first-child .tile canvas:not(.fan)')].map(canvas => canvas.width)"


def measure(browser: Browser, server: Server, way: Way, scale: float, seconds: float) -> str:
    """Return a row of the table.

    Args:
        browser: opens the page.
        server: serves it.
        way: what the server sends.
        scale: device pixels of a CSS pixel.
        seconds: how long to measure.
    """
    page = browser.new_page(viewport=VIEWPORT, device_scale_factor=scale)
    page.goto(f"{server.url}/?way={way}")
    wait(page, f"m.way === '{way}' && m.tiles > 1", 3 * WAIT_MS)
    page.wait_for_timeout(SETTLE_MS)
    before, began = debug_state(page), clock(page)
    page.wait_for_timeout(1000 * seconds)
    after, took = debug_state(page), clock(page) - began
    sides = "/".join(str(side) for side in sorted(set(page.evaluate(SIDES))))
    page.close()
    frames = (after["frames"] - before["frames"]) / took
    sheets = (after["counters"]["drawn"] - before["counters"]["drawn"]) / took
    return f"| {way} | {sides} | {frames:.1f} | {sheets:.1f} | {after['delay']['p50']:.0f} | {after['delay']['p95']:.0f} |"


def clock(page: Page) -> float:
    """Return the page's time in seconds."""
    return float(page.evaluate("performance.now()")) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="duration of each measurement")
    parser.add_argument("--scale", type=float, default=2, help="device pixels of a CSS pixel")
    arguments = parser.parse_args()
    print("| way | side of the tiles | frames/s | sheets/s | delay, median (ms) | 95th percentile |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "server.log")
        server.start()
        browser = launch(playwright)
        try:
            for way in get_args(Way):
                print(measure(browser, server, way, arguments.scale, arguments.seconds), flush=True)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
