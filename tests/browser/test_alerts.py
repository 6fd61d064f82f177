"""Alerts in a real browser: looked after by keyboard alone, live, accessible on a desk and in a hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House, until
from tests.browser.lived_in import lived_in
from tests.browser.test_people import add_person, looked_at
from tests.browser.window import window

pytestmark = pytest.mark.browser

WRONG_CODES = "Front door: wrong codes were tried several times."


@pytest.fixture(scope="module")
def busy_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with lived_in(tmp_path_factory.mktemp("alerted")) as house:
        until("the alert", lambda: WRONG_CODES in house.ask("/alerts").body or None)
        yield house


async def test_an_alert_is_looked_after_and_taken_back_by_keyboard_alone(browser: Browser, busy_house: House) -> None:
    async with window(browser, busy_house) as opened:
        page = opened.page
        await opened.open("/")
        await opened.tab_to(page.get_by_role("navigation").get_by_role("link", name="Alerts"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
        wrong = page.get_by_role("listitem").filter(has_text=WRONG_CODES)
        await opened.tab_to(wrong.get_by_role("button", name="I look after it"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("You look after it. Nobody else is told.")).to_be_visible()
        await expect(wrong).to_have_count(0)
        await opened.tab_to(page.get_by_role("link", name="Looked after (1)"))
        await page.keyboard.press("Enter")
        await expect(wrong.get_by_text("looks after it since")).to_be_visible()
        await opened.tab_to(wrong.get_by_role("button", name="Take back"))
        await page.keyboard.press("Space")
        await expect(page.get_by_text("It is open again.")).to_be_visible()
        await expect(wrong).to_have_count(1)


async def test_an_open_page_and_its_navigation_hear_that_somebody_looks_after_it(
    browser: Browser, busy_house: House
) -> None:
    async with window(browser, busy_house) as watching, window(browser, busy_house) as acting:
        await watching.open("/alerts")
        wrong = watching.page.get_by_role("listitem").filter(has_text=WRONG_CODES)
        await expect(wrong).to_have_count(1)
        await acting.open("/alerts")
        with watching.staying():
            there = acting.page.get_by_role("listitem").filter(has_text=WRONG_CODES)
            await there.get_by_role("button", name="I look after it").click()
            await expect(wrong).to_have_count(0)
        await acting.open("/alerts?show=acknowledged")
        await there.get_by_role("button", name="Take back").click()
        await expect(wrong).to_have_count(1)


async def test_who_is_told_is_said_and_tried_out(browser: Browser, busy_house: House) -> None:
    async with window(browser, busy_house, reduced_motion="reduce") as opened:
        page = opened.page
        await add_person(opened, "Ines Duarte")
        await opened.open("/alerts/told")
        await page.get_by_label("from", exact=True).fill("22:00")
        await page.get_by_label("until", exact=True).fill("07:00")
        await page.get_by_label("1. person of").select_option("Ines Duarte")
        await page.get_by_label("1. person by E-mail").uncheck()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("That is how people are told now.")).to_be_visible()
        await expect(page.get_by_label("from", exact=True)).to_have_value("22:00")
        await expect(page.get_by_label("1. person by E-mail")).not_to_be_checked()
        await page.get_by_role("button", name="Send a test message to Ines Duarte").click()
        await expect(page.locator("#trials").get_by_text("test message by SMS")).to_be_visible()
        await looked_at(opened)
        for path in ("/alerts", "/alerts?show=acknowledged", "/alerts?show=over"):
            await opened.open(path)
            for folded in await page.locator("summary").all():
                await folded.click()
            await looked_at(opened)
