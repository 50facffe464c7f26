"""Two pages and a server with one place."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import new_context, wait
from tests.e2e.serving import Server

pytestmark = pytest.mark.e2e


def test_a_page_waits_in_the_queue_and_goes_in_when_the_other_one_closes(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTIONFAN_MAX_SESSIONS", "1")
    server = Server(tmp_path / "server.log")
    server.start()
    contexts = [new_context(browser) for _ in range(2)]
    try:
        first, second = (context.new_page() for context in contexts)
        first.goto(f"{server.url}/?way=pictures")
        wait(first, "m.connection === 'live'")
        second.goto(f"{server.url}/?way=pictures")
        wait(second, "m.connection === 'queued'")
        expect(second.locator(".banner")).to_contain_text("You are next.")
        first.close()
        wait(second, "m.connection === 'live' && m.counters.drawn >= 1")
        expect(second.locator(".banner")).to_be_hidden()
    finally:
        for context in contexts:
            context.close()
        server.stop()
