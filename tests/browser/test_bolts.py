"""Lock and unlock from the page: progress, outcome, and what is said when the lock keeps silent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.house import Calendars, Door, House, Plan, Unit, running, until
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser


async def test_a_bolt_is_moved_with_its_progress_and_its_outcome_in_sight(
    browser: Browser, house: House, manager: Window
) -> None:
    async with window(browser, house) as today:
        await today.open("/")
        await manager.open("/locks/flat-2")
        door = today.page.get_by_role("link", name=re.compile("Flat 2 (Unl|L)ocked"))
        with manager.staying(), today.staying():
            for verb, reached in (("Unlock", "unlocked"), ("Lock", "locked")):
                button = manager.page.get_by_role("button", name=verb, exact=True)
                await button.click()
                await expect(button).to_be_disabled()
                await expect(button.locator(".busy")).to_be_visible()
                said = manager.page.get_by_role("status").filter(has_text=f"Flat 2 is {reached}.")
                await expect(said).to_be_visible()
                await expect(manager.page.locator(".bolt-row .strong")).to_have_text(reached.capitalize())
                await expect(manager.page.get_by_text(f"Robin pressed {verb}.").first).to_be_visible()
                await expect(door).to_contain_text(reached.capitalize())


async def test_a_press_goes_before_a_fragment_that_is_on_its_way(house: House, manager: Window) -> None:
    page = manager.page
    asked, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await released.wait()
        await route.fulfill(response=answer)

    await manager.open("/locks/flat-2")
    await page.route("**/locks/flat-2?part=main", hold)
    with manager.staying():
        house.rehearse("flat-2", act="drain")
        await asked.wait()
        await page.get_by_role("button", name="Unlock").click()
        released.set()
        await expect(page.get_by_role("status").filter(has_text="Flat 2 is unlocked.")).to_be_visible()
        await expect(page.get_by_text("12 %, low")).to_be_visible()
        await page.get_by_role("button", name="Lock", exact=True).click()
        await expect(page.locator(".bolt-row .strong")).to_have_text("Locked")
    house.rehearse("flat-2", act="charge")


async def test_a_press_is_not_lost_when_news_come_before_the_finger_is_lifted(house: House, manager: Window) -> None:
    page = manager.page
    await manager.open("/locks/flat-2")
    with manager.staying():
        await page.get_by_role("button", name="Unlock").hover()
        await page.mouse.down()
        async with page.expect_response("**/locks/flat-2?part=main"):
            house.rehearse("flat-2", act="drain")
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        await page.mouse.up()
        await expect(page.get_by_role("status").filter(has_text="Flat 2 is unlocked.")).to_be_visible()
        await expect(page.get_by_text("12 %, low")).to_be_visible()
        async with page.expect_response("**/locks/flat-2?part=main"):
            await page.get_by_role("button", name="Lock", exact=True).hover()
            await page.mouse.down()
            house.rehearse("flat-2", act="charge")
        await page.mouse.move(0, 0)
        await page.mouse.up()
        await expect(page.get_by_text("12 %, low")).to_have_count(0)
        await page.get_by_role("button", name="Lock", exact=True).click()
        await expect(page.locator(".bolt-row .strong")).to_have_text("Locked")


async def test_a_lock_that_takes_the_command_and_says_no_more_is_unknown_after_ten_seconds(
    browser: Browser, tmp_path: Path
) -> None:
    deaf = Door("attic", "Attic", quirks='only = ["6202", "6203", "71"], lose_answers = 1.0, lose_events = 1.0')
    plan = Plan((deaf,), (Unit("attic", "Attic", ("attic",)),))
    with running(tmp_path, plan, calendars=Calendars()) as house:
        house.furnish_account()
        until("the lock", lambda: "Unlock" in house.ask("/locks").body or None)
        async with window(browser, house) as opened:
            await opened.open("/locks/attic")
            with opened.staying():
                button = opened.page.get_by_role("button", name="Unlock")
                await button.click()
                await expect(button).to_be_disabled()
                said = opened.page.get_by_role("status").filter(has_text="Attic did not answer")
                await expect(said).to_contain_text("Look at the door before trying again.", timeout=15_000)
                await expect(opened.page.get_by_role("button", name="Unlock")).to_be_enabled()


async def test_a_lock_that_keeps_silent_is_said_to_be_unknown_within_ten_seconds(house: House, manager: Window) -> None:
    house.rehearse("boathouse", act="silence")
    try:
        await manager.open("/locks")
        card = manager.page.locator("[data-lock]", has=manager.page.get_by_role("heading", name="Boathouse"))
        with manager.staying():
            await card.get_by_role("button", name="Unlock").click()
            said = manager.page.get_by_role("status").filter(has_text="Boathouse did not answer")
            await expect(said).to_contain_text("Look at the door before trying again.", timeout=15_000)
            await expect(card.get_by_role("button", name="Unlock")).to_be_enabled()
        await card.get_by_role("link", name="Boathouse").click()
        story = manager.page.get_by_text("Robin pressed Unlock; nobody knows whether the lock obeyed.")
        await expect(story.first).to_be_visible()
    finally:
        house.rehearse("boathouse", act="answer")
