"""What happens in the house is seen on the pages that are open, without loading them again."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.house import TODAY, House
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser


async def test_a_booking_that_is_read_appears_on_today_and_in_stays(
    browser: Browser, house: House, manager: Window
) -> None:
    async with window(browser, house) as stays, window(browser, house) as channels:
        await manager.open("/")
        await stays.open("/stays")
        await channels.open("/channels")
        house.calendars.book("flat-2", "ada@airbnb.com", "Reserved", TODAY, TODAY + timedelta(days=1), "HMADA12345")
        with manager.staying(), stays.staying(), channels.staying():
            card = channels.page.locator("[data-channel]", has_text="airbnb-flat-2")
            await card.get_by_role("button", name="Read it now").click()
            await expect(channels.page.get_by_role("status").filter(has_text="It is being read now.")).to_be_visible()
            await expect(card).to_contain_text("1 entry")

            arrival = manager.page.locator(".stay-card", has_text="Flat 2")
            await expect(arrival.get_by_text("Code proven")).to_have_count(2)
            row = stays.page.get_by_role("row", name=re.compile("Flat 2.*today 15:00.*Codes proven"))
            await expect(row).to_be_visible()


async def test_a_code_typed_at_the_keypad_appears_in_the_log_under_the_guests_name(
    browser: Browser, house: House, manager: Window
) -> None:
    async with window(browser, house) as log, window(browser, house) as keypad:
        await log.open("/log")
        await manager.open("/stays")
        await manager.page.get_by_role("link", name="Grace Hopper").click()
        await manager.page.get_by_role("button", name="Show code").click()
        digits = await manager.page.locator("#pin-1").inner_text()

        await keypad.open("/rehearsal")
        pad = keypad.page.locator(".lock-card", has=keypad.page.get_by_role("heading", name="Flat 1"))
        with log.staying(), manager.staying(), keypad.staying():
            for key in digits:
                await pad.get_by_role("button", name=key, exact=True).click()
            await pad.get_by_role("button", name="Enter").click()
            await expect(keypad.page.get_by_text("The code is right: the door opened.")).to_be_visible()
            await expect(pad.get_by_text("Unlocked")).to_be_visible()

            entry = log.page.get_by_role("row", name=re.compile("Grace Hopper.*Unlocked.*Flat 1.*code at the keypad"))
            await expect(entry.first).to_be_visible()
            await expect(manager.page.get_by_text("Grace Hopper unlocked Flat 1.").first).to_be_visible()
            await expect(manager.page.get_by_text("Robin looked at the code.").first).to_be_visible()
            await expect(manager.page.get_by_text("Inside", exact=True)).to_be_visible()


async def test_what_is_heard_while_a_fragment_is_on_its_way_is_not_lost(house: House, manager: Window) -> None:
    page = manager.page
    answered, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        if not released.is_set():
            answered.set()
            await released.wait()
        await route.fulfill(response=answer)

    await manager.open("/locks")
    await page.evaluate(_LISTEN)
    quiet = expect(page.locator("html"))
    await quiet.to_have_attribute("data-heard", "nothing for a second")
    await page.route("**/locks/boathouse?part=card", hold)
    card = page.locator("#lock-boathouse")
    with manager.staying():
        house.rehearse("boathouse", act="turn")
        await answered.wait()
        await quiet.to_have_attribute("data-heard", "nothing for a second")
        house.rehearse("boathouse", act="drain")
        await quiet.to_have_attribute("data-heard", "lock-boathouse")
        await quiet.to_have_attribute("data-heard", "nothing for a second")
        released.set()
        await expect(card.get_by_text("Unlocked")).to_be_visible()
        await expect(card.get_by_text("12 %, low")).to_be_visible()
    house.rehearse("boathouse", act="turn")
    house.rehearse("boathouse", act="charge")


_LISTEN = """() => {
  const page = document.documentElement;
  let quiet;
  const listen = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => (page.dataset.heard = "nothing for a second"), 1000);
  };
  document.addEventListener("htmx:sseMessage", ({target}) => { listen(); page.dataset.heard = target.id; });
  listen();
}"""


async def test_what_somebody_has_unfolded_stays_so_when_news_come(house: House, manager: Window) -> None:
    page = manager.page
    house.rehearse("flat-2", act="drain")
    await manager.open("/locks/flat-2")
    await expect(page.get_by_text("12 %, low")).to_be_visible()
    readings = page.locator("#readings")
    await readings.locator("summary").click()
    with manager.staying():
        house.rehearse("flat-2", act="charge")
        await expect(page.get_by_text("12 %, low")).to_have_count(0)
        await expect(readings).to_have_attribute("open", "")
        await readings.locator("summary").click()
        house.rehearse("flat-2", act="drain")
        await expect(page.get_by_text("12 %, low")).to_be_visible()
        await expect(readings).not_to_have_attribute("open", "")
    house.rehearse("flat-2", act="charge")
