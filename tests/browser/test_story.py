"""The main job as a manager sees it: a booking comes, its code goes in, opens, and is gone after check-out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import HARBOUR, TODAY, Calendars, House, running
from tests.browser.window import window

pytestmark = pytest.mark.browser

MORNING = "2027-03-05T09:00:00Z"
SPEED = 2000
"""From ten in the morning to check-out on the next day, 25 hours, in 45 seconds."""
NO_BACKUPS = replace(HARBOUR, backups=0)
"""The two minutes that a code is given before a backup code takes its place are a twentieth of a second here."""


@pytest.fixture
def hasty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("hasty")
    with running(folder, NO_BACKUPS, calendars=Calendars(), clock=MORNING, speed=SPEED) as house:
        house.furnish_account()
        yield house


async def test_a_booking_becomes_a_code_that_opens_and_is_gone_after_check_out_while_one_looks(
    browser: Browser, hasty_house: House
) -> None:
    house = hasty_house
    async with (
        window(browser, house) as today,
        window(browser, house) as lock,
        window(browser, house) as log,
        window(browser, house) as stay,
    ):
        await today.open("/")
        await lock.open("/locks/flat-1")
        await log.open("/log")
        with ExitStack() as staying:
            for each in (today, lock, log):
                staying.enter_context(each.staying())
            await expect(today.page.get_by_text("Nobody arrives today")).to_be_visible()
            house.calendars.book("flat-1", "g@vrbo.com", "Reserved - Grace Hopper", TODAY, TODAY + timedelta(days=1))
            await stay.open("/channels")
            await stay.page.locator("[data-channel]", has_text="vrbo").get_by_role("button").click()

            guest = today.page.get_by_role("link", name="Grace Hopper")
            await expect(guest).to_be_visible()
            await expect(today.page.locator(".stay-card").get_by_text("Code proven")).to_have_count(2)
            await expect(lock.page.locator(".rows > li", has_text="Grace Hopper")).to_contain_text("Proven, read back")

            await stay.open(str(await guest.get_attribute("href")))
            await stay.page.get_by_role("button", name="Show code").click()
            house.rehearse("flat-1", digits=await stay.page.locator("#pin-1").inner_text())
            entry = log.page.get_by_role("row", name=re.compile("Grace Hopper.*Unlocked.*Flat 1.*code at the keypad"))
            await expect(entry).to_be_visible()
            await expect(today.page.get_by_text("In since")).to_be_visible()

            gone = lock.page.locator(".rows > li", has_text="Grace Hopper")
            await expect(gone).to_have_count(0, timeout=60_000)
            await expect(log.page.get_by_role("row", name=re.compile("Code removed.*Flat 1"))).to_be_visible()
            await expect(today.page.get_by_role("heading", level=1)).to_have_text("Saturday 6 March")
            await expect(stay.page.get_by_text("The stay is over. Its codes are gone from the locks.")).to_be_visible()
