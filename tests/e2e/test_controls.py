"""The controls that the page builds from the server's settings schema."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import debug_state, wait

pytestmark = pytest.mark.e2e


def set_slider(page: Page, name: str, value: int) -> None:
    page.locator(f"#setting-{name}").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", str(value)
    )


def test_there_is_a_control_for_every_setting(page: Page) -> None:
    for name in ["method", "k", "horizon", "choose", "temperature", "mcmc_steps", "step_size", "consistency"]:
        expect(page.locator(f"[data-setting={name}]")).to_be_visible()


def test_the_number_of_futures_follows_its_slider_and_is_stored(page: Page) -> None:
    wait(page, "m.futures === 4 && m.counters.finished >= 1")
    set_slider(page, "k", 7)
    wait(page, "m.futures === 7")
    expect(page.locator(".tile-row").first.locator(".tile")).to_have_count(8)
    page.reload()
    wait(page, "m.connection === 'live' && m.futures === 7")
    page.get_by_role("button", name="Defaults").click()
    wait(page, "m.futures === 4")


def test_both_engines_are_shown_side_by_side_with_their_names(page: Page) -> None:
    page.get_by_text("Both", exact=True).click()
    wait(page, "m.futures === 8")
    notes = page.locator(".tile-row").first.locator(".tile-note").all_text_contents()
    assert notes[1:] == ["GRU-NF"] * 4 + ["GRU-SNF"] * 4


def test_shares_of_each_engine_descend_and_sum_to_one_until_choosing_is_off(page: Page) -> None:
    page.get_by_text("Both", exact=True).click()
    wait(page, "m.futures === 8 && m.shares.length === 8 && m.step > 0")
    state = debug_state(page)
    assert state["drawn"] == 32
    for shares in (state["shares"][:4], state["shares"][4:]):
        assert shares == sorted(shares, reverse=True)
        assert abs(sum(shares) - 1) < 1e-4
    row = page.locator(".tile-row").first
    expect(row.locator(".tile-share:visible")).to_have_count(8)
    page.locator("[data-setting=choose]").get_by_text("Off", exact=True).click()
    expect(row.locator(".tile-share:visible")).to_have_count(0)
    wait(page, "m.shares.length === 0 && m.drawn === 0")


def test_keys_add_and_remove_futures(page: Page) -> None:
    wait(page, "m.settings.k === 4")
    page.keyboard.press("-")
    assert debug_state(page)["settings"]["k"] == 3
    wait(page, "m.futures === 3")


def test_a_question_mark_opens_the_explanation_and_keys_can_be_switched_off(page: Page) -> None:
    page.keyboard.press("?")
    keys = page.get_by_label("Keys work without Ctrl or Alt")
    expect(keys).to_be_visible()
    keys.uncheck()
    page.reload()
    wait(page, "m.connection === 'live' && m.settings.k === 4")
    page.keyboard.press("-")
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    assert debug_state(page)["settings"]["k"] == 4
    page.get_by_text("How it works").click()
    keys.check()
    page.keyboard.press("-")
    wait(page, "m.settings.k === 3")


def test_settings_without_effect_are_disabled(page: Page) -> None:
    page.get_by_text("GRU-NF", exact=True).click()
    expect(page.locator("#setting-mcmc_steps")).to_be_disabled()
    page.get_by_text("GRU-SNF", exact=True).click()
    expect(page.locator("#setting-mcmc_steps")).to_be_enabled()
